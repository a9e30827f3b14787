//  GET /events: Server-Sent Events, of all rockets or, with ?id= or ?ids=, of some.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/events/handle_get_events.h"

#include "gateway/events/event_streams.h"
#include "http/answers.h"

#define CHOSEN_MAX 256

static const char *
s_add_id (GPtrArray *ids, char *id)
{
    size_t size = id ? strlen (id) : 0;
    if (size < 1 || size > MESSAGE_CHANNEL_MAX_BYTES) {
        g_free (id);
        return "an id must have 1 to 128 bytes";
    }
    if (g_ptr_array_find_with_equal_func (ids, id, g_str_equal, NULL)) {
        g_free (id);
        return NULL;
    }
    g_ptr_array_add (ids, id);
    return ids->len > CHOSEN_MAX ? "ids must be at most 256" : NULL;
}

//  Read ids with commas between them. A comma in an id is %2C, so split the list before decoding
//  the ids.
static const char *
s_read_list (GPtrArray *ids, const char *text, size_t size)
{
    const char *fault = NULL;
    for (size_t start = 0; start <= size && !fault;) {
        const char *comma = memchr (text + start, ',', size - start);
        size_t end = comma ? (size_t) (comma - text) : size;
        fault = s_add_id (ids, http_target_decode (text + start, end - start, true));
        start = end + 1;
    }
    return fault;
}

//  Read the chosen rockets (none: all rockets) and the id of the last event. Ignore unknown
//  parameters: an EventSource never asks again after an error, and its libraries add their own
//  parameters. Return NULL, or a sentence that names the fault.
static const char *
s_read_parameters (const http_target_t *target, GPtrArray *ids, const char **last_id)
{
    bool is_chosen = false;
    const char *fault = NULL;
    for (size_t index = 0; index < target->count && !fault; index++) {
        const http_parameter_t *one = &target->parameters[index];
        bool is_id = strcmp (one->name, "id") == 0;
        bool is_list = strcmp (one->name, "ids") == 0;
        if (strcmp (one->name, "lastEventId") == 0)
            *last_id = one->value;
        if (is_chosen && (is_id || is_list))
            fault = "a stream has either id or ids, once";
        else if (is_id)
            fault = s_add_id (ids, g_strdup (one->value));
        else if (is_list)
            fault = s_read_list (ids, one->raw, one->raw_size);
        is_chosen |= is_id || is_list;
    }
    return fault;
}

void
handle_get_events (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
    const char *last_id = NULL;
    const char *fault = s_read_parameters (target, ids, &last_id);
    //  The field wins: a browser adds it when it reconnects, and its target stays the same.
    const char *field = http_request_field (request, HTTP_FIELD_LAST_EVENT_ID);
    bool is_chosen = ids->len > 0;
    g_ptr_array_add (ids, NULL);
    if (fault)
        answer_problem (request, 400, "bad-parameter", fault);
    else if (phase_get (parts->phase) != GATEWAY_RUNNING)
        answer_problem (request, 503, "stopping", "this gateway is stopping");
    else if (strcmp (http_request_method (request), "HEAD") == 0)
        event_streams_answer_head (request);
    else if (!event_streams_open (parts->streams, request,
                 is_chosen ? (const char *const *) ids->pdata : NULL, field ? field : last_id))
        answer_problem (request, 503, "too-many-streams",
            "too many streams are open (--event-streams); please try again");
    g_ptr_array_unref (ids);
}
