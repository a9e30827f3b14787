//  The handlers of the pages: the dashboard, the sign-in, and the description of all calls.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HANDLE_PAGES_H
#define DOWNLINK_HANDLE_PAGES_H

#include "gateway/handler/handler.h"

//  Handle GET / and GET of the files that the dashboard loads.
void handle_get_dashboard (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Return true if the path is the dashboard's, or that of a file that it loads.
bool handle_is_dashboard (const char *path);

//  Handle GET /session: show whether a cookie lets the caller in, and the scopes of its token.
void handle_get_session (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Handle POST /session: exchange a token for a cookie. Handle DELETE /session: end the cookie.
void handle_session (const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Answer GET / of a browser without a token with the page that asks for one.
void answer_sign_in (http_request_t *request);

//  Handle GET of a file that this page loads.
void handle_get_sign_in (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

//  Return true if the path is that of a file of the sign-in page.
bool handle_is_sign_in (const char *path);

//  Handle GET /openapi.json.
void handle_get_openapi (
    const parts_t *parts, http_request_t *request, const http_target_t *target);

#endif
