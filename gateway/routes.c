//  One table; a path that is in it but not with that method gets 405, any other 404.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/routes.h"

#include "http/problem.h"

#define GET "GET"
#define POST "POST"
#define ROCKET_PATH "/rockets/"  //  and the id
#define CORS_MAX_AGE_SECONDS "600"

static const struct {
    const char *path;
    route_t route;
} s_paths[] = {
    {"/messages", ROUTE_MESSAGES},
    {"/rockets", ROUTE_ROCKETS},
    {"/events", ROUTE_EVENTS},
    {"/", ROUTE_DASHBOARD},
    {"/openapi.json", ROUTE_OPENAPI},
    {"/livez", ROUTE_LIVE},
    {"/healthz", ROUTE_LIVE},
    {"/readyz", ROUTE_READY},
    {"/stats", ROUTE_STATS},
    {"/metrics", ROUTE_METRICS},
};

static route_t
s_find (const char *path)
{
    if (strncmp (path, ROCKET_PATH, strlen (ROCKET_PATH)) == 0) {
        const char *id = path + strlen (ROCKET_PATH);
        return *id && !strchr (id, '/') ? ROUTE_ROCKET : ROUTE_NONE;
    }
    for (size_t index = 0; index < G_N_ELEMENTS (s_paths); index++)
        if (strcmp (path, s_paths[index].path) == 0)
            return s_paths[index].route;
    return is_dashboard (path) ? ROUTE_DASHBOARD : ROUTE_NONE;
}

static void
s_answer_rocket (worker_t *worker, http_request_t *request, const http_target_t *target)
{
    text_t raw = text_from (target->path + strlen (ROCKET_PATH));
    bool is_plain = !memchr (raw.data, '%', raw.size);
    char *decoded = is_plain ? NULL : http_target_decode (raw.data, raw.size, false);
    if (!is_plain && !decoded)
        answer_problem (request, 400, "bad-request", "the rocket's id has a broken percent escape");
    else if (target->count)
        answer_problem (request, 400, "bad-parameter", "this call takes no parameters");
    else
        handle_get_rocket (worker, request, is_plain ? raw : text_from (decoded));
    g_free (decoded);
}

static void
s_dispatch (worker_t *worker, http_request_t *request, route_t route, const http_target_t *target)
{
    http_request_set_route (request, route);
    switch (route) {
    case ROUTE_MESSAGES:
        handle_post_messages (worker, request);
        break;
    case ROUTE_ROCKETS:
        handle_get_rockets (worker, request, target);
        break;
    case ROUTE_ROCKET:
        s_answer_rocket (worker, request, target);
        break;
    case ROUTE_EVENTS:
        handle_get_events (worker, request, target);
        break;
    case ROUTE_OPENAPI:
        handle_get_openapi (worker, request);
        break;
    case ROUTE_DASHBOARD:
        handle_get_dashboard (request, target->path);
        break;
    case ROUTE_LIVE:
        handle_live (worker, request);
        break;
    case ROUTE_READY:
        handle_ready (worker, request);
        break;
    case ROUTE_STATS:
        handle_stats (worker, request);
        break;
    case ROUTE_METRICS:
        handle_metrics (worker, request);
        break;
    case ROUTE_NONE:
    case ROUTES_COUNT:
        answer_problem (request, 404, "not-found", "there is nothing at this path");
        break;
    }
}

//  A browser asks so before a page of another origin may send JSON or a field of its own. What it
//  wants to send is no secret of ours, so all of it is allowed.
static void
s_answer_options (const worker_t *worker, http_request_t *request, const char *allow)
{
    http_response_t response = {.status = 204, .fields = {{"Allow", allow}}};
    const char *wanted = http_request_field (request, "Access-Control-Request-Headers");
    if (worker->config.cors) {
        response.fields[1].name = "Access-Control-Allow-Methods";
        response.fields[1].value = allow;
        response.fields[2].name = "Access-Control-Max-Age";
        response.fields[2].value = CORS_MAX_AGE_SECONDS;
    }
    if (worker->config.cors && wanted && *wanted) {
        response.fields[3].name = "Access-Control-Allow-Headers";
        response.fields[3].value = wanted;
    }
    http_answer (request, &response);
}

void
routes_handle (void *context, http_request_t *request)
{
    worker_t *worker = context;
    const char *method = http_request_method (request);
    http_target_t target;
    const char *fault = http_target_read (&target, http_request_target (request));
    bool is_options = strcmp (method, "OPTIONS") == 0;
    bool is_server = is_options && target.path && strcmp (target.path, "*") == 0;
    route_t route = fault || !target.path ? ROUTE_NONE : s_find (target.path);
    const char *allow =
        route == ROUTE_MESSAGES || is_server ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
    bool is_allowed = route == ROUTE_MESSAGES
                          ? strcmp (method, POST) == 0
                          : strcmp (method, GET) == 0 || strcmp (method, "HEAD") == 0;
    if (fault)
        answer_problem (request, 400, "bad-request", fault);
    else if (is_server)
        s_answer_options (worker, request, "GET, HEAD, POST, OPTIONS");
    else if (route != ROUTE_NONE && is_options)
        s_answer_options (worker, request, allow);
    else if (route != ROUTE_NONE && !is_allowed)
        problem_answer (request, &(problem_t){.status = 405,
                                     .name = "method-not-allowed",
                                     .detail = "this path does not know that method",
                                     .allow = allow});
    else
        s_dispatch (worker, request, route, &target);
    http_target_free (&target);
}

bool
routes_take_pieces (void *context, http_request_t *request)
{
    (void) context;
    http_target_t target;
    const char *fault = http_target_read (&target, http_request_target (request));
    bool is_post = !fault && target.path && s_find (target.path) == ROUTE_MESSAGES &&
                   strcmp (http_request_method (request), POST) == 0;
    http_target_free (&target);
    return is_post && post_messages_come_in_pieces (request);
}

void
routes_answered (
    void *context, http_request_t *request, unsigned status, const char *problem, int64_t us)
{
    worker_t *worker = context;
    route_t route = (route_t) http_request_route (request);
    worker_metrics_answered (worker->metrics, route, status, problem, us);
    answer_log (&worker->answer_log, request, status, problem, us);
}
