//  GET /rockets and GET /rockets/{id}: send a query to the owners and hold the request.
//
//  A page is bounded in rockets and in bytes. A page ends at PAGE_MAX_BYTES, and its cursor leads
//  to the next one.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/queries/handle_get_rockets.h"

#include "common/process/clock.h"
#include "common/text/digits.h"
#include "gateway/delivery/publisher.h"
#include "gateway/queries/asker.h"
#include "http/answers.h"
#include "query/protocol/cursor.h"
#include "query/protocol/rocket_json.h"

//  The asker ends an inquiry earlier. This bound makes sure that no request is held for ever.
#define HOLD_MS (2 * ASKER_LIST_MS)

#define PARTITION_FIELD "Downlink-Partition"
#define PARTITION_TEXT_SIZE 12

#define PAGE_MAX_BYTES ((size_t) 1024 * 1024)

//  The notes of a request that waits for the owners. They are in the room of the request
//  (http_request_room).
typedef struct {
    const parts_t *parts;
    http_request_t *request;
    inquiry_t *inquiry;
    rocket_order_t order;
    char *link_base;  //  a list: the target of the next page, up to the cursor
} pending_t;

void
answer_no_owner (const parts_t *parts, http_request_t *request, bool is_busy)
{
    if (parts->publisher->layout (parts->publisher).partitions == 0)
        answer_problem (request, 503, "no-processor",
            "no processor has announced itself yet; please try again");
    else if (is_busy)
        answer_problem (request, 503, "busy",
            "the processors have more queries to answer than they can; please try again");
    else
        answer_problem (request, 503, "no-owner",
            "the processor that owns this is not answering; please try again");
}

//  The client is gone, or the time is over: cancel the inquiry.
static void
s_expired (void *context, http_request_t *request)
{
    pending_t *pending = context;
    const parts_t *parts = pending->parts;
    asker_cancel (parts->asker, pending->inquiry);
    g_free (pending->link_base);
    answer_no_owner (parts, request, true);
}

static pending_t *
s_hold (const parts_t *parts, http_request_t *request)
{
    pending_t *pending = http_request_room (request, sizeof *pending);
    *pending = (pending_t){.parts = parts, .request = request};
    http_hold (request, clock_ms () + HOLD_MS, s_expired, pending);
    return pending;
}

static void
s_print_partition (const outcome_t *outcome, char text[PARTITION_TEXT_SIZE])
{
    char room[DIGITS_MAX];
    text_t digits = digits_decimal (outcome->partition, room);
    memcpy (text, digits.data, digits.size);
    text[digits.size] = '\0';
}

static void
s_got_rocket (void *context, const outcome_t *outcome)
{
    pending_t *pending = context;
    http_request_t *request = pending->request;
    const parts_t *parts = pending->parts;
    json_writer_t *json = parts->json;
    char partition[PARTITION_TEXT_SIZE];
    s_print_partition (outcome, partition);
    json_writer_reset (json);
    if (outcome->status == 404)
        answer_problem (request, 404, "no-rocket", "there is no rocket of this id");
    else if (outcome->status == 200 && rocket_json_write (json, outcome->rocket))
        answer_tagged (request, &(http_response_t){.status = 200,
                                    .content_type = "application/json",
                                    .body = json_writer_line (json),
                                    .fields = {{PARTITION_FIELD, partition}}});
    else
        answer_no_owner (parts, request, outcome->is_busy);
}

//  Ask for a rocket whose id is decoded, and of no more than MESSAGE_CHANNEL_MAX_BYTES.
static void
s_ask_for_rocket (const parts_t *parts, http_request_t *request, text_t id, outcome_fn *answered)
{
    pending_t *pending = s_hold (parts, request);
    pending->inquiry = asker_rocket (parts->asker, id, answered, pending);
}

char *
rocket_path_read_id (http_request_t *request, const http_target_t *target)
{
    const char *raw = target->path + strlen (ROCKET_PATH);
    char *id = http_target_decode (raw, strlen (raw), false);
    if (!id)
        answer_problem (request, 400, "bad-request", "the rocket's id has a broken percent escape");
    else if (target->count)
        answer_problem (request, 400, "bad-parameter", "this call takes no parameters");
    else if (strlen (id) > MESSAGE_CHANNEL_MAX_BYTES)
        answer_problem (request, 404, "no-rocket", "there is no rocket of this id");
    else
        return id;
    g_free (id);
    return NULL;
}

void
handle_get_rocket (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    char *id = rocket_path_read_id (request, target);
    if (id)
        s_ask_for_rocket (parts, request, text_from (id), s_got_rocket);
    g_free (id);
}

//  Write the rockets of a page, up to PAGE_MAX_BYTES. Return their number, or -1 if an owner sent
//  an invalid rocket.
static ssize_t
s_write_rockets (json_writer_t *json, const outcome_t *outcome)
{
    size_t count = 0;
    json_writer_reset (json);
    json_begin_object (json);
    json_key (json, "rockets");
    json_begin_array (json);
    while (count < outcome->count && json_writer_text (json).size < PAGE_MAX_BYTES)
        if (!rocket_json_write (json, outcome->entries[count++].rocket))
            return -1;
    json_end_array (json);
    return (ssize_t) count;
}

//  End the page and answer with it. cursor is NULL on the last page; partition is that of the only
//  rocket, or NULL.
static void
s_answer_page (
    const pending_t *pending, http_request_t *request, const char *cursor, const char *partition)
{
    json_writer_t *json = pending->parts->json;
    json_key (json, "next");
    json_string (json, cursor);
    json_end_object (json);
    char *link =
        cursor ? g_strdup_printf ("<%scursor=%s>; rel=\"next\"", pending->link_base, cursor) : NULL;
    http_response_t response = {
        .status = 200, .content_type = "application/json", .body = json_writer_line (json)};
    if (link) {
        response.fields[0].name = "Link";
        response.fields[0].value = link;
    }
    else if (partition) {
        response.fields[0].name = PARTITION_FIELD;
        response.fields[0].value = partition;
    }
    http_answer (request, &response);
    g_free (link);
}

static void
s_got_rockets (void *context, const outcome_t *outcome)
{
    const pending_t pending = *(pending_t *) context;
    ssize_t count = outcome->status == 200 ? s_write_rockets (pending.parts->json, outcome) : -1;
    if (count < 0)
        answer_no_owner (pending.parts, pending.request, outcome->is_busy);
    else {
        bool has_next = count > 0 && (outcome->has_next || (size_t) count < outcome->count);
        char *cursor =
            has_next ? cursor_write (&pending.order, &outcome->entries[count - 1].place) : NULL;
        s_answer_page (&pending, pending.request, cursor, NULL);
        g_free (cursor);
    }
    g_free (pending.link_base);
}

//  Answer GET /rockets?id=: a page with the rocket, or an empty one.
static void
s_got_only_rocket (void *context, const outcome_t *outcome)
{
    pending_t *pending = context;
    json_writer_t *json = pending->parts->json;
    json_writer_reset (json);
    json_begin_object (json);
    json_key (json, "rockets");
    json_begin_array (json);
    bool is_there = outcome->status == 200 && rocket_json_write (json, outcome->rocket);
    if (is_there || outcome->status == 404) {
        char partition[PARTITION_TEXT_SIZE];
        s_print_partition (outcome, partition);
        json_end_array (json);
        s_answer_page (pending, pending->request, NULL, is_there ? partition : NULL);
    }
    else
        answer_no_owner (pending->parts, pending->request, outcome->is_busy);
}

static bool
s_is_wanted (void *context)
{
    return !http_client_is_gone (((const pending_t *) context)->request);
}

//  The parameters of a list. Texts belong to the target.
typedef struct {
    list_query_t list;
    const char *cursor;
    const char *id;
} parameters_t;

static const char *
s_read_limit (const char *value, uint32_t *limit)
{
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned (value, 10, 1, QUERY_LIMIT_MAX, &number, NULL))
        return "limit must be an integer from 1 to 1000";
    *limit = (uint32_t) number;
    return NULL;
}

static const char *
s_read_parameter (parameters_t *self, const http_parameter_t *parameter)
{
    rocket_status_t status;
    text_t value = text_from (parameter->value);
    if (strcmp (parameter->name, "sort") == 0) {
        return rocket_order_parse (value, &self->list.order)
                   ? NULL
                   : "sort must be id, type, speed, mission, status, lastMessageTime or "
                     "lastMessageNumber, with - before it for descending";
    }
    if (strcmp (parameter->name, "limit") == 0)
        return s_read_limit (parameter->value, &self->list.limit);
    if (strcmp (parameter->name, "cursor") == 0)
        self->cursor = parameter->value;
    else if (strcmp (parameter->name, "status") == 0) {
        self->list.status = value;
        return rocket_status_of (value, &status) ? NULL
                                                 : "status must be unknown, flying or exploded";
    }
    else if (strcmp (parameter->name, "type") == 0)
        self->list.type = value;
    else if (strcmp (parameter->name, "mission") == 0)
        self->list.mission = value;
    else if (strcmp (parameter->name, "id") == 0)
        self->id = parameter->value;
    else
        return "the parameters are sort, limit, cursor, status, type and mission, or id alone";
    return NULL;
}

static const char *
s_read_parameters (parameters_t *self, const http_target_t *target)
{
    self->list.limit = QUERY_LIMIT_DEFAULT;
    for (size_t index = 0; index < target->count; index++) {
        for (size_t other = 0; other < index; other++)
            if (strcmp (target->parameters[index].name, target->parameters[other].name) == 0)
                return "a parameter is given twice";
        const char *fault = s_read_parameter (self, &target->parameters[index]);
        if (fault)
            return fault;
    }
    if (self->id && target->count > 1)
        return "id stands alone: no other parameter goes with it";
    if (self->id && (!*self->id || strlen (self->id) > MESSAGE_CHANNEL_MAX_BYTES))
        return "id must have 1 to 128 bytes";
    return NULL;
}

//  Return the target of the same list, to which a cursor can be appended. It is relative to the
//  request's own, because a proxy may have another path for it.
static char *
s_link_base (const http_target_t *target)
{
    GString *link = g_string_new ("?");
    for (size_t index = 0; index < target->count; index++) {
        const http_parameter_t *parameter = &target->parameters[index];
        if (strcmp (parameter->name, "cursor") == 0)
            continue;
        char *value = g_uri_escape_string (parameter->value, NULL, FALSE);
        g_string_append_printf (link, "%s=%s&", parameter->name, value);
        g_free (value);
    }
    return g_string_free (link, FALSE);
}

static void
s_ask_for_list (const parts_t *parts, http_request_t *request, const http_target_t *target,
    const list_query_t *list)
{
    if (!http_has_room (request)) {
        answer_problem (
            request, 503, "busy", "clients have not taken too many answers yet; please try again");
        return;
    }
    pending_t *pending = s_hold (parts, request);
    pending->order = list->order;
    pending->link_base = s_link_base (target);
    pending->inquiry = asker_list (parts->asker, list, s_got_rockets, s_is_wanted, pending);
    if (pending->inquiry)
        return;
    g_free (pending->link_base);
    answer_no_owner (parts, request, true);
}

void
handle_get_rockets (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    parameters_t parameters = {0};
    void *cursor_bytes = NULL;
    const char *fault = s_read_parameters (&parameters, target);
    if (!fault && parameters.cursor) {
        parameters.list.has_after = cursor_read (
            &parameters.list.order, parameters.cursor, &parameters.list.after, &cursor_bytes);
        if (!parameters.list.has_after)
            fault = "cursor must be one that a list in the same order gave";
    }
    if (fault)
        answer_problem (request, 400, "bad-parameter", fault);
    else if (parameters.id)
        s_ask_for_rocket (parts, request, text_from (parameters.id), s_got_only_rocket);
    else
        s_ask_for_list (parts, request, target, &parameters.list);
    g_free (cursor_bytes);
}
