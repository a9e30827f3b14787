//  /session and the sign-in page: exchange a token for a cookie, show its scopes, end it.
//
//  The cookie holds the token itself, so it is good at every gateway with this token file, and ends
//  when the token does. A page of another site gets nothing from it (SameSite), and no script can
//  read it (HttpOnly).
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "gateway/access/credentials.h"
#include "gateway/pages/handle_pages.h"
#include "gateway/pages/page_file.h"
#include "http/answers.h"

#define COOKIE_SECONDS "43200"
#define COOKIE_ENDED "0"

static const page_file_t s_files[] = {
    {"/sign-in.css", "text/css; charset=utf-8", embedded_sign_in_style},
    {"/sign-in.js", "text/javascript; charset=utf-8", embedded_sign_in_script},
};

static const page_file_t *
s_find (const char *path)
{
    return page_file_find (s_files, G_N_ELEMENTS (s_files), path);
}

bool
handle_is_sign_in (const char *path)
{
    return s_find (path) != NULL;
}

void
handle_get_sign_in (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) parts;
    page_file_answer (request, s_find (target->path));
}

void
answer_sign_in (http_request_t *request)
{
    http_answer (request,
        &(http_response_t){.status = 401,
            .content_type = "text/html; charset=utf-8",
            .body = embedded_sign_in_page (),
            .is_static = true,
            .problem = "token-missing",
            .fields = {{"WWW-Authenticate", ACCESS_CHALLENGE}, {"Cache-Control", "no-store"},
                {"Content-Security-Policy", PAGE_POLICY}, {"X-Content-Type-Options", "nosniff"},
                {"Referrer-Policy", "same-origin"}}});
}

//  Return true if the page came over TLS, from the gateway or from a proxy before it. Then the
//  browser must send the cookie only over TLS. Origin shows the TLS of a proxy that the gateway
//  does not know.
static bool
s_is_secure (const parts_t *parts, const http_request_t *request)
{
    const char *origin = http_request_field (request, HTTP_FIELD_ORIGIN);
    return caller_find (parts->proxies, request).is_secure ||
           (origin && g_str_has_prefix (origin, "https://"));
}

static void
s_answer_cookie (const parts_t *parts, http_request_t *request, text_t token, const char *seconds)
{
    char *cookie = g_strdup_printf (CREDENTIALS_COOKIE
        "=%.*s; Path=/; Max-Age=%s; HttpOnly; SameSite=Strict%s",
        (int) token.size, token.data, seconds, s_is_secure (parts, request) ? "; Secure" : "");
    http_answer (request, &(http_response_t){.status = 204,
                              .fields = {{"Set-Cookie", cookie}, {"Cache-Control", "no-store"}}});
    g_free (cookie);
}

//  Write the scopes of a token as an array; all of them without tokens.
static void
s_write_scopes (json_writer_t *json, const token_t *token)
{
    static const unsigned scopes[] = {TOKEN_WRITE, TOKEN_READ, TOKEN_STATS, TOKEN_ADMIN};
    json_key (json, "scopes");
    json_begin_array (json);
    for (size_t index = 0; index < G_N_ELEMENTS (scopes); index++)
        if (!token || (token->line.scopes & scopes[index]))
            json_string (json, token_scopes_names (scopes[index]));
    json_end_array (json);
}

void
handle_get_session (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) target;
    const token_t *token = access_token (parts->access, request);
    json_writer_t *json = parts->json;
    json_writer_reset (json);
    json_begin_object (json);
    json_key (json, "isSignedIn");
    json_bool (json, token && !http_request_field (request, HTTP_FIELD_AUTHORIZATION));
    json_key (json, "name");
    json_string (json, token ? token->line.name : NULL);
    s_write_scopes (json, token);
    json_end_object (json);
    http_answer (request, &(http_response_t){.status = 200,
                              .content_type = "application/json",
                              .body = json_writer_line (json),
                              .fields = {{"Cache-Control", "no-store"}}});
}

void
handle_session (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) target;
    if (!parts->access->keeper) {
        answer_problem (
            request, 404, "not-found", "this gateway has no token file, so nobody signs in");
        return;
    }
    if (strcmp (http_request_method (request), "DELETE") == 0) {
        s_answer_cookie (parts, request, text_from (""), COOKIE_ENDED);
        return;
    }
    access_verdict_t verdict = access_judge (parts->access, request, TOKEN_READ);
    text_t token = {0};
    const char *authorization = http_request_field (request, HTTP_FIELD_AUTHORIZATION);
    if (verdict == ACCESS_ALLOWED && !authorization)
        verdict = ACCESS_NO_TOKEN;
    if (verdict != ACCESS_ALLOWED)
        access_refuse (request, verdict, TOKEN_READ);
    else if (credentials_of_field (&token, authorization) == CREDENTIALS_BEARER)
        s_answer_cookie (parts, request, token, COOKIE_SECONDS);
}
