//  SPDX-License-Identifier: Apache-2.0
#include "http/problem.h"

#include <glib.h>

#define RETRY_AFTER_SECONDS "1"

const char *
problem_title (unsigned status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 505:
        return "HTTP Version Not Supported";
    case 503:
        return "Service Unavailable";
    default:
        return "Error";
    }
}

void
problem_write_refusals (json_writer_t *json, const refusal_t *refusals, size_t count)
{
    json_begin_array (json);
    for (size_t index = 0; index < count && index < PROBLEM_REFUSALS_MAX; index++) {
        json_begin_object (json);
        json_key (json, "index");
        json_uint (json, refusals[index].index);
        json_key (json, "pointer");
        json_string (json, refusals[index].pointer);
        json_key (json, "detail");
        json_string (json, refusals[index].detail);
        json_end_object (json);
    }
    json_end_array (json);
}

void
problem_answer (http_request_t *request, const problem_t *problem)
{
    char type[96];
    g_snprintf (type, sizeof type, "urn:downlink:problem:%s", problem->name);
    json_writer_t *json = json_writer_new ();
    json_begin_object (json);
    json_key (json, "type");
    json_string (json, type);
    json_key (json, "title");
    json_string (json, problem_title (problem->status));
    json_key (json, "status");
    json_uint (json, problem->status);
    json_key (json, "detail");
    json_string (json, problem->detail);
    if (problem->refusals_count) {
        json_key (json, "errors");
        problem_write_refusals (json, problem->refusals, problem->refusals_count);
    }
    json_key (json, "requestId");
    json_string (json, http_request_id (request));
    json_end_object (json);
    http_response_t response = {.status = problem->status,
        .content_type = "application/problem+json",
        .problem = problem->name,
        .body = json_writer_text (json)};
    if (problem->status == 503) {
        response.fields[0].name = "Retry-After";
        response.fields[0].value = RETRY_AFTER_SECONDS;
    }
    else if (problem->allow) {
        response.fields[0].name = "Allow";
        response.fields[0].value = problem->allow;
    }
    http_answer (request, &response);
    json_writer_destroy (&json);
}
