//  The handlers of the files in the program: the dashboard, the sign-in, the description of all calls.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HANDLE_PAGES_H
#define DOWNLINK_HANDLE_PAGES_H

#include "gateway/handler/handler.h"

//  GET / and the files that the page loads.
void handle_get_dashboard (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Return true if the path is the dashboard's, or that of a file that it loads.
bool handle_is_dashboard (const char *path);

//  GET /session: tell whether a cookie lets the caller in, and what the caller may do.
void handle_get_session (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

//  POST /session: exchange a token for a cookie. DELETE /session: end the cookie.
void handle_session (const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Answer GET / of a browser without a token: the page that asks for one.
void answer_sign_in (http_request_t *request);

//  Handle GET of a file that this page loads.
void handle_get_sign_in (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Return true if the path is that of such a file.
bool handle_is_sign_in (const char *path);

//  GET /openapi.json.
void handle_get_openapi (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

#endif
