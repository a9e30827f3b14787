//  The handler of GET /events.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HANDLE_GET_EVENTS_H
#define DOWNLINK_HANDLE_GET_EVENTS_H

#include "gateway/handler/handler.h"

void handle_get_events (const parts_t *parts, http_request_t *request, const http_target_t *target);

#endif
