//  The handlers of GET /rockets and GET /rockets/{id}.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HANDLE_GET_ROCKETS_H
#define DOWNLINK_HANDLE_GET_ROCKETS_H

#include "gateway/handler/handler.h"

#define ROCKET_PATH "/rockets/"  //  and the id, which may have percent escapes

void handle_get_rocket (const parts_t *parts, http_request_t *request, const http_target_t *target);

void handle_get_rockets (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

#endif
