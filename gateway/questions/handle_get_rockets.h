//  The handlers of GET /rockets and GET /rockets/{id}.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HANDLE_GET_ROCKETS_H
#define DOWNLINK_HANDLE_GET_ROCKETS_H

#include "gateway/handler/handler.h"

#define ROCKET_PATH "/rockets/"  //  and the id, which may have percent escapes

//  Read the id in the path of a request for one rocket. Return NULL if it is no id: then the request is
//  answered. Free the id with g_free.
char *rocket_path_read_id (http_request_t *request, const http_target_t *target);

//  Answer that no owner answers, or that the owners are busy.
void answer_no_owner (const parts_t *parts, http_request_t *request, bool is_busy);

void handle_get_rocket (const parts_t *parts, http_request_t *request, const http_target_t *target);

void handle_get_rockets (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

#endif
