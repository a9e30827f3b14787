//  The handlers of GET /rockets and GET /rockets/{id}.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HANDLE_GET_ROCKETS_H
#define DOWNLINK_HANDLE_GET_ROCKETS_H

#include "gateway/handler/handler.h"

#define ROCKET_PATH "/rockets/"  //  and the id, which may have percent escapes

//  Return the id in the path of a request for one rocket, which the caller frees with g_free. If it
//  is no valid id, answer the request and return NULL.
char *rocket_path_read_id (http_request_t *request, const http_target_t *target);

//  Answer 503: no owner replies, or the owners are busy.
void answer_no_owner (const parts_t *parts, http_request_t *request, bool is_busy);

void handle_get_rocket (const parts_t *parts, http_request_t *request, const http_target_t *target);

void handle_get_rockets (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

#endif
