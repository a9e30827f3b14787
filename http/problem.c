//  SPDX-License-Identifier: Apache-2.0
#include "http/problem.h"

#include <glib.h>

#include "http/rules/http_status.h"

#define RETRY_AFTER_SECONDS "1"

static text_t
s_write (const problem_t *problem, const char *request_id, json_writer_t *json)
{
    char type[96];
    g_snprintf (type, sizeof type, "urn:downlink:problem:%s", problem->name);
    json_begin_object (json);
    json_key (json, "type");
    json_string (json, type);
    json_key (json, "title");
    json_string (json, http_status_title (problem->status));
    json_key (json, "status");
    json_uint (json, problem->status);
    json_key (json, "detail");
    json_string (json, problem->detail);
    if (problem->write_members)
        problem->write_members (problem->members, json);
    json_key (json, "requestId");
    json_string (json, request_id);
    json_end_object (json);
    return json_writer_line (json);
}

//  Write the rate and the time to wait, in the fields of draft-ietf-httpapi-ratelimit-headers-10:
//  of the requests that the policy allows, none remain (r) for a second (t).
static void
s_write_rate (http_response_t *response, const char *policy)
{
    response->fields[0].name = "Retry-After";
    response->fields[0].value = RETRY_AFTER_SECONDS;
    response->fields[1].name = "RateLimit-Policy";
    response->fields[1].value = policy;
    response->fields[2].name = "RateLimit";
    response->fields[2].value = "\"client\";r=0;t=1";
}

http_response_t
problem_response (const problem_t *problem, const char *request_id, json_writer_t *json)
{
    http_response_t response = {.status = problem->status,
        .content_type = "application/problem+json",
        .problem = problem->name,
        .body = s_write (problem, request_id, json)};
    if (problem->status == 503) {
        response.fields[0].name = "Retry-After";
        response.fields[0].value = RETRY_AFTER_SECONDS;
    }
    else if (problem->status == 429)
        s_write_rate (&response, problem->rate_policy);
    else if (problem->allow) {
        response.fields[0].name = "Allow";
        response.fields[0].value = problem->allow;
    }
    else if (problem->accept_encoding) {
        response.fields[0].name = "Accept-Encoding";
        response.fields[0].value = problem->accept_encoding;
    }
    else if (problem->challenge) {
        response.fields[0].name = "WWW-Authenticate";
        response.fields[0].value = problem->challenge;
    }
    return response;
}
