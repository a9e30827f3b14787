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

//  Read ids with commas between them. A comma of an id itself is %2C, so they are taken apart
//  before they are decoded.
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

//  Read the chosen rockets, none for all of them. Return NULL, or a sentence that names the fault.
static const char *
s_read_parameters (const http_target_t *target, GPtrArray *ids)
{
    if (target->count == 0)
        return NULL;
    const http_parameter_t *only = &target->parameters[0];
    if (target->count == 1 && strcmp (only->name, "id") == 0)
        return s_add_id (ids, g_strdup (only->value));
    if (target->count == 1 && strcmp (only->name, "ids") == 0)
        return s_read_list (ids, only->raw, only->raw_size);
    return "the only parameter is id or ids, once";
}

void
handle_get_events (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
    const char *fault = s_read_parameters (target, ids);
    bool is_chosen = ids->len > 0;
    g_ptr_array_add (ids, NULL);
    if (fault)
        answer_problem (request, 400, "bad-parameter", fault);
    else if (phase_get (parts->phase) != GATEWAY_RUNNING)
        answer_problem (request, 503, "stopping", "this gateway is stopping");
    else if (strcmp (http_request_method (request), "HEAD") == 0)
        event_streams_answer_head (request);
    else if (!event_streams_open (parts->streams, request,
                 is_chosen ? (const char *const *) ids->pdata : NULL,
                 http_request_field (request, "Last-Event-ID")))
        answer_problem (request, 503, "too-many-streams",
            "too many streams are open (--event-streams); please try again");
    g_ptr_array_unref (ids);
}
