//  GET /events: Server-Sent Events, of all rockets or, with ?id=, of one.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/events/handle_get_events.h"

#include "gateway/events/event_streams.h"
#include "http/answers.h"

static const char *
s_read_parameters (const http_target_t *target, const char **id)
{
    if (target->count == 0)
        return NULL;
    if (target->count > 1 || strcmp (target->parameters[0].name, "id") != 0)
        return "the only parameter is id, once";
    *id = target->parameters[0].value;
    size_t size = strlen (*id);
    if (size < 1 || size > MESSAGE_CHANNEL_MAX_BYTES)
        return "id must have 1 to 128 bytes";
    return NULL;
}

void
handle_get_events (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    const char *id = NULL;
    const char *fault = s_read_parameters (target, &id);
    if (fault)
        answer_problem (request, 400, "bad-parameter", fault);
    else if (phase_get (parts->phase) != GATEWAY_RUNNING)
        answer_problem (request, 503, "stopping", "this gateway is stopping");
    else if (strcmp (http_request_method (request), "HEAD") == 0)
        event_streams_answer_head (request);
    else if (!event_streams_open (
                 parts->streams, request, id, http_request_field (request, "Last-Event-ID")))
        answer_problem (request, 503, "too-many-streams",
            "too many streams are open (--event-streams); please try again");
}
