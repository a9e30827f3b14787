//  One table of paths and methods. A known path with another method gets 405, an unknown path 404.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/routes.h"

#include <glib.h>
#include <string.h>

#include "common/process/clock.h"
#include "gateway/events/handle_get_events.h"
#include "gateway/intake/intake.h"
#include "gateway/pages/handle_pages.h"
#include "gateway/queries/handle_delete_rocket.h"
#include "gateway/queries/handle_get_rockets.h"
#include "gateway/state/handle_state.h"
#include "http/answers.h"

#define CORS_MAX_AGE_SECONDS "600"

typedef enum { METHOD_GET, METHOD_POST, METHOD_SESSION, METHOD_ROCKET } method_t;

//  The method names of a request that each row method covers.
static const struct {
    const char *names[4];
    const char *allow;
} s_methods[] = {
    [METHOD_GET] = {{"GET", "HEAD"}, "GET, HEAD, OPTIONS"},
    [METHOD_POST] = {{"POST", "POST"}, "POST, OPTIONS"},
    [METHOD_SESSION] = {{"GET", "HEAD", "POST", "DELETE"}, "GET, HEAD, POST, DELETE, OPTIONS"},
    [METHOD_ROCKET] = {{"GET", "HEAD", "DELETE"}, "GET, HEAD, DELETE, OPTIONS"},
};

typedef struct {
    const char *path;
    method_t method;
    route_t route;   //  the name in metrics
    unsigned scope;  //  that a token must have (token_scope_t); 0: everybody may call
    handler_fn *handler;
} row_t;

#define EVERYBODY 0

//  Rows of the first kind match whole paths.
static const row_t s_rows[] = {
    {"/messages", METHOD_POST, ROUTE_MESSAGES, TOKEN_WRITE, handle_post_messages},
    {"/rockets", METHOD_GET, ROUTE_ROCKETS, TOKEN_READ, handle_get_rockets},
    {"/events", METHOD_GET, ROUTE_EVENTS, TOKEN_READ, handle_get_events},
    {"/session", METHOD_SESSION, ROUTE_SESSION, EVERYBODY, handle_session},
    {"/openapi.json", METHOD_GET, ROUTE_OPENAPI, TOKEN_READ, handle_get_openapi},
    {"/livez", METHOD_GET, ROUTE_LIVE, EVERYBODY, handle_live},
    {"/healthz", METHOD_GET, ROUTE_LIVE, EVERYBODY, handle_live},
    {"/readyz", METHOD_GET, ROUTE_READY, EVERYBODY, handle_ready},
    {"/stats", METHOD_GET, ROUTE_STATS, TOKEN_STATS, handle_stats},
    {"/metrics", METHOD_GET, ROUTE_METRICS, TOKEN_STATS, handle_metrics},
};

//  These match many paths, or one method of a path.
static const row_t s_rocket = {
    ROCKET_PATH, METHOD_ROCKET, ROUTE_ROCKET, TOKEN_READ, handle_get_rocket};
static const row_t s_removal = {
    ROCKET_PATH, METHOD_ROCKET, ROUTE_REMOVAL, TOKEN_ADMIN, handle_delete_rocket};
static const row_t s_session_view = {
    "/session", METHOD_SESSION, ROUTE_SESSION_VIEW, TOKEN_READ, handle_get_session};
static const row_t s_dashboard = {
    "/", METHOD_GET, ROUTE_DASHBOARD, TOKEN_READ, handle_get_dashboard};
static const row_t s_sign_in = {"", METHOD_GET, ROUTE_DASHBOARD, EVERYBODY, handle_get_sign_in};

static bool
s_is_look (const char *method)
{
    return strcmp (method, "GET") == 0 || strcmp (method, "HEAD") == 0;
}

//  Return the row of a path, or NULL.
static const row_t *
s_find (const char *path, const char *method)
{
    if (strncmp (path, ROCKET_PATH, strlen (ROCKET_PATH)) == 0) {
        const char *id = path + strlen (ROCKET_PATH);
        bool is_removal = strcmp (method, "DELETE") == 0;
        return !*id || strchr (id, '/') ? NULL : is_removal ? &s_removal : &s_rocket;
    }
    if (strcmp (path, s_session_view.path) == 0 && s_is_look (method))
        return &s_session_view;
    for (size_t index = 0; index < G_N_ELEMENTS (s_rows); index++)
        if (strcmp (path, s_rows[index].path) == 0)
            return &s_rows[index];
    if (handle_is_sign_in (path))
        return &s_sign_in;
    return handle_is_dashboard (path) ? &s_dashboard : NULL;
}

static bool
s_is_allowed (const row_t *row, const char *method)
{
    const char *const *names = s_methods[row->method].names;
    for (size_t index = 0; index < G_N_ELEMENTS (s_methods[0].names) && names[index]; index++)
        if (strcmp (method, names[index]) == 0)
            return true;
    return false;
}

static bool
s_may_deliver (const char *allowed, const char *origin)
{
    bool found = strcmp (allowed, "*") == 0;
    char **origins = g_strsplit (allowed, ",", -1);
    for (char **one = origins; *one && !found; one++)
        found = g_ascii_strcasecmp (g_strstrip (*one), origin) == 0;
    g_strfreev (origins);
    return found;
}

//  Allow a sender of CloudEvents that asks before it delivers to a webhook: its origin, at any
//  rate.
static void
s_allow_webhook (const routes_t *self, http_request_t *request, http_response_t *response)
{
    const char *origin = http_request_field (request, HTTP_FIELD_WEBHOOK_REQUEST_ORIGIN);
    size_t index = 0;
    if (!self->webhook || !origin || !s_may_deliver (self->webhook, origin))
        return;
    while (response->fields[index].name)
        index++;
    response->fields[index].name = "WebHook-Allowed-Origin";
    response->fields[index].value = origin;
    response->fields[index + 1].name = "WebHook-Allowed-Rate";
    response->fields[index + 1].value = "*";
    response->status = 200;
}

//  Answer the preflight request of a browser, for a page of another origin. Allow every field that
//  the page wants to send: a page that knows a token may use it. No browser sends the cookie of the
//  dashboard from such a page.
static void
s_answer_options (
    const routes_t *self, http_request_t *request, const char *allow, bool is_delivery)
{
    http_response_t response = {.status = 204, .fields = {{"Allow", allow}}};
    const char *wanted = http_request_field (request, HTTP_FIELD_ACCESS_CONTROL_REQUEST_HEADERS);
    if (self->browser.cors) {
        response.fields[1].name = "Access-Control-Allow-Methods";
        response.fields[1].value = allow;
        response.fields[2].name = "Access-Control-Max-Age";
        response.fields[2].value = CORS_MAX_AGE_SECONDS;
    }
    if (self->browser.cors && wanted && *wanted) {
        response.fields[3].name = "Access-Control-Allow-Headers";
        response.fields[3].value = wanted;
    }
    if (is_delivery)
        s_allow_webhook (self, request, &response);
    http_answer (request, &response);
}

//  Refuse a request without the token that its path needs. Return false if it is allowed.
static bool
s_refuse_stranger (
    const routes_t *self, http_request_t *request, const row_t *row, const http_target_t *target)
{
    if (http_request_is_admitted (request))
        return false;
    access_verdict_t verdict = access_judge (self->parts.access, request, row->scope);
    if (verdict == ACCESS_ALLOWED)
        return false;
    bool is_page = row == &s_dashboard && strcmp (target->path, "/") == 0;
    if (is_page && !http_request_field (request, HTTP_FIELD_AUTHORIZATION))
        answer_sign_in (request);
    else
        access_refuse (request, verdict, row->scope);
    return true;
}

//  Return true if the handler of a row may get the request. Otherwise answer the request.
static bool
s_may_call (
    const routes_t *self, http_request_t *request, const row_t *row, const http_target_t *target)
{
    const char *method = http_request_method (request);
    const char *allow = s_methods[row->method].allow;
    if (strcmp (method, "OPTIONS") == 0) {
        s_answer_options (self, request, allow, row->route == ROUTE_MESSAGES);
        return false;
    }
    if (!s_is_allowed (row, method)) {
        answer_problem_with (request, &(problem_t){.status = 405,
                                          .name = "method-not-allowed",
                                          .detail = "this path does not know that method",
                                          .allow = allow});
        return false;
    }
    http_request_set_route (request, row->route);
    return !s_refuse_stranger (self, request, row, target);
}

//  Return true for OPTIONS *, which asks about the server.
static bool
s_is_about_server (const http_request_t *request, const http_target_t *target)
{
    return strcmp (http_request_method (request), "OPTIONS") == 0 && target->path &&
           strcmp (target->path, "*") == 0;
}

//  Return a field that browsers send once; if it is given several times, the value of a request that
//  no page of this gateway sends.
static const char *
s_single (const http_request_t *request, http_field_t field, const char *foreign)
{
    return http_request_count (request, field) > 1 ? foreign : http_request_field (request, field);
}

static browser_verdict_t
s_judge (const routes_t *self, const http_request_t *request)
{
    return browser_rules_judge (&self->browser,
        &(browser_head_t){.method = http_request_method (request),
            .host = http_request_field (request, HTTP_FIELD_HOST),
            .origin = s_single (request, HTTP_FIELD_ORIGIN, "null"),
            .fetch_site = s_single (request, HTTP_FIELD_SEC_FETCH_SITE, "cross-site")});
}

//  Refuse a request that a browser sends for a page of another site. Return false if it is allowed.
static bool
s_refuse_browser (const routes_t *self, http_request_t *request)
{
    switch (s_judge (self, request)) {
    case BROWSER_ALLOWED:
        return false;
    case BROWSER_UNKNOWN_HOST:
        answer_problem (request, 421, "unknown-host",
            "the Host of this request is not a name of this gateway: localhost, a loopback "
            "address, "
            "or a name of its flag --host");
        return true;
    case BROWSER_CROSS_SITE:
        answer_problem (request, 403, "cross-site",
            "a page of another origin may not change anything here, unless --cors allows its "
            "origin");
        return true;
    }
    return false;
}

//  Return the hash of the client that a request counts for: its token, or else its address.
static uint64_t
s_client (const routes_t *self, const http_request_t *request)
{
    const token_t *token = access_token (self->parts.access, request);
    uint64_t client = 0;
    if (token) {
        memcpy (&client, token->line.digest, sizeof client);
        return client;
    }
    client_address_t address = caller_find (self->parts.proxies, request).address;
    return client_address_hash (&address, 0);
}

//  Refuse a request beyond the rate of its client. Probes have none. Return false if it is allowed.
static bool
s_refuse_haste (const routes_t *self, http_request_t *request, const row_t *row)
{
    bool is_probe = row && (row->route == ROUTE_LIVE || row->route == ROUTE_READY);
    char policy[64];
    if (!self->rates || is_probe || http_request_is_admitted (request) ||
        rates_take (self->rates, s_client (self, request), clock_us ()))
        return false;
    g_snprintf (policy, sizeof policy, "\"client\";q=%llu;w=1",
        (unsigned long long) rates_per_second (self->rates));
    if (row)
        http_request_set_route (request, row->route);
    answer_problem_with (request,
        &(problem_t){.status = 429,
            .name = "rate-limited",
            .detail = "this client has sent as many requests as it may in a second; please "
                      "wait a second",
            .rate_policy = policy});
    return true;
}

//  Return the row whose handler may get a request. Otherwise answer the request and return NULL.
//  The caller frees the target.
static const row_t *
s_choose (const routes_t *self, http_request_t *request, http_target_t *target)
{
    const char *fault = http_target_read (target, http_request_target (request));
    const row_t *row =
        fault || !target->path ? NULL : s_find (target->path, http_request_method (request));
    //  Every request counts for the rate, even a refused one.
    if (s_refuse_haste (self, request, row) ||
        (!http_request_is_admitted (request) && s_refuse_browser (self, request)))
        return NULL;
    if (row)
        return s_may_call (self, request, row, target) ? row : NULL;
    if (fault)
        answer_problem (request, 400, "bad-request", fault);
    else if (s_is_about_server (request, target))
        s_answer_options (self, request, "GET, HEAD, POST, DELETE, OPTIONS", false);
    else
        answer_problem (request, 404, "not-found", "there is nothing at this path");
    return NULL;
}

void
routes_handle (void *context, http_request_t *request)
{
    routes_t *self = context;
    http_target_t target;
    const row_t *row = s_choose (self, request, &target);
    if (row)
        row->handler (&self->parts, request, &target);
    http_target_free (&target);
}

client_address_t
routes_caller (void *context, const http_request_t *request)
{
    const routes_t *self = context;
    return caller_find (self->parts.proxies, request).address;
}

bool
routes_admit (void *context, http_request_t *request)
{
    http_target_t target;
    const row_t *row = s_choose (context, request, &target);
    http_target_free (&target);
    return row != NULL;
}

bool
routes_take_pieces (void *context, http_request_t *request)
{
    http_target_t target;
    const char *fault = http_target_read (&target, http_request_target (request));
    const row_t *row =
        fault || !target.path ? NULL : s_find (target.path, http_request_method (request));
    bool is_post =
        row && row->route == ROUTE_MESSAGES && s_is_allowed (row, http_request_method (request));
    http_target_free (&target);
    return is_post && intake_takes_pieces (((const routes_t *) context)->parts.intake, request) &&
           s_judge (context, request) == BROWSER_ALLOWED;
}

bool
routes_piece (void *context, http_request_t *request, text_t lines)
{
    return intake_piece (((const routes_t *) context)->parts.intake, request, lines);
}

void
routes_answered (
    void *context, http_request_t *request, unsigned status, const char *problem, int64_t us)
{
    routes_t *self = context;
    route_t route = (route_t) http_request_route (request);
    //  503 is a normal answer to a probe, not a refusal.
    bool is_probe = problem && strcmp (problem, "not-ready") == 0;
    worker_metrics_answered (self->metrics, route, status, is_probe ? NULL : problem, us);
    answer_log (&self->log, self->parts.proxies, request, status, problem, us);
}
