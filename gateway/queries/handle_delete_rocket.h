//  The handler of DELETE /rockets/{id}: the owner forgets the rocket, and 204 says that this is
//  saved.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HANDLE_DELETE_ROCKET_H
#define DOWNLINK_HANDLE_DELETE_ROCKET_H

#include "gateway/handler/handler.h"

void handle_delete_rocket (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

#endif
