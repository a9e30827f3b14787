//  simdjson's DOM parser looks at the whole text, members that nobody asks for included; then each
//  element is read in the order of the rules. A value of the wrong type is not taken over, and what
//  stands in the message instead breaks a rule, so that message_check tells it; only what the text
//  alone can show, a member missing or given twice, is told from here.
//  SPDX-License-Identifier: Apache-2.0

//  text.h is C, and its compound literals are no ISO C++.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include "common/bytes/message_json.h"
#pragma GCC diagnostic pop

#include <glib.h>
#include <simdjson.h>

#include "common/bytes/json_fault.h"
#include "common/text/base64.h"
#include "common/text/timestamp.h"

using namespace simdjson;

#define MAX_DEPTH JSON_FAULT_MAX_DEPTH
#define MIN_CAPACITY 4096

static_assert (MESSAGE_JSON_PADDING >= SIMDJSON_PADDING, "simdjson reads further than we promise");

struct message_json {
    dom::parser parser{};
    dom::document document{};  //  what was parsed last; all texts are in it
    size_t max_body_bytes = 0;
    char *tamed = nullptr;  //  a copy of a text with numbers that simdjson does not hold
    size_t tamed_capacity = 0;
    message_json_t *data = nullptr;  //  reads the data of events that is in base64
    char *decoded = nullptr;         //  that data
    size_t decoded_capacity = 0;
    char detail[256] = "";  //  why the last text was refused
};

message_json_t *
message_json_new (size_t max_body_bytes) noexcept
{
    g_assert (max_body_bytes <= SIMDJSON_MAXSIZE_BYTES);
    message_json_t *self = new (std::nothrow) message_json_t;
    g_assert (self);
    self->max_body_bytes = max_body_bytes;
    return self;
}

void
message_json_destroy (message_json_t **self_p) noexcept
{
    message_json_t *self = *self_p;
    if (!self)
        return;
    g_free (self->tamed);
    g_free (self->decoded);
    message_json_destroy (&self->data);
    delete self;
    *self_p = nullptr;
}

//  Make room for a text in steps of two, so that bodies of slowly growing sizes cost little.
static void
s_reserve (message_json_t *self, size_t size)
{
    if (size <= self->document.capacity ())
        return;
    size_t capacity = MIN_CAPACITY;
    while (capacity < size)
        capacity *= 2;
    capacity = MIN (capacity, MAX (self->max_body_bytes, (size_t) MIN_CAPACITY));
    if (self->document.allocate (capacity) || self->parser.allocate (capacity, MAX_DEPTH))
        g_error ("message_json: out of memory for a body of %zu bytes", size);
}

//  simdjson refuses numbers beyond 64 bits and beyond a double, though they are JSON. No member
//  takes a number with a fraction, an exponent or more than 18 digits: each of them becomes 0.5,
//  which no member takes either, and blanks. The text must be good JSON otherwise.
static void
s_tame_numbers (char *text, size_t size)
{
    bool in_string = false;
    for (size_t at = 0; at < size; at++) {
        if (text[at] == '"')
            in_string = !in_string;
        else if (in_string && text[at] == '\\')
            at++;
        else if (!in_string && (text[at] == '-' || g_ascii_isdigit (text[at]))) {
            std::string_view number (text + at, size - at);
            number = number.substr (0, number.find_first_not_of ("+-.0123456789eE"));
            if (number.size () > 18 || number.find_first_of (".eE") != number.npos) {
                memset (text + at, ' ', number.size ());
                memcpy (text + at, "0.5", 3);
            }
            at += number.size () - 1;
        }
    }
}

static error_code
s_parse_tamed (message_json_t *self, text_t text, dom::element *root)
{
    if (self->tamed_capacity < text.size + MESSAGE_JSON_PADDING) {
        self->tamed_capacity = text.size + MESSAGE_JSON_PADDING;
        self->tamed = (char *) g_realloc (self->tamed, self->tamed_capacity);
    }
    memcpy (self->tamed, text.data, text.size);
    memset (self->tamed + text.size, ' ', MESSAGE_JSON_PADDING);
    s_tame_numbers (self->tamed, text.size);
    return self->parser.parse_into_document (self->document, self->tamed, text.size, false)
        .get (*root);
}

//  What simdjson means, where the second look found nothing.
static const char *
s_words (error_code error)
{
    switch (error) {
    case DEPTH_ERROR:
        return "is nested deeper than " G_STRINGIFY (MAX_DEPTH) " levels";
    case STRING_ERROR:
        return "is no JSON: a string holds half of a surrogate pair";
    case UNCLOSED_STRING:
        return "is no JSON: a string does not end";
    default:
        return "is no JSON: it holds something that does not belong there";
    }
}

static void
s_explain (message_json_t *self, error_code error, const json_fault_t *fault, bool is_line)
{
    char *detail = self->detail;
    size_t size = sizeof self->detail;
    if (!fault)
        g_snprintf (detail, size, "%s%s", is_line ? "" : "the body ", s_words (error));
    else if (is_line)
        g_snprintf (detail, size, "is no JSON near column %zu: %s", fault->column, fault->what);
    else
        g_snprintf (detail, size, "the body is no JSON near line %zu, column %zu: %s", fault->line,
            fault->column, fault->what);
}

static bool
s_has_mark (text_t text)
{
    return text.size >= 3 && memcmp (text.data, "\xef\xbb\xbf", 3) == 0;
}

//  simdjson 3.12 skips a byte order mark that 3.0 refuses. Refuse it: the caller has removed the one
//  that may stand before a body.
static error_code
s_parse_once (message_json_t *self, text_t text, dom::element *root)
{
    if (s_has_mark (text))
        return TAPE_ERROR;
    return self->parser.parse_into_document (self->document, text.data, text.size, false)
        .get (*root);
}

//  Parse a text that is followed by padding. On failure self->detail says why. The error for a number
//  beyond 64 bits differs between versions of simdjson, so every error without a visible fault gets
//  the second try.
static bool
s_parse (message_json_t *self, text_t text, bool is_line, dom::element *root)
{
    s_reserve (self, text.size);
    error_code error = s_parse_once (self, text, root);
    if (!error)
        return true;
    json_fault_t fault;
    bool found = error != DEPTH_ERROR && json_fault_find (text, &fault);
    if (error != DEPTH_ERROR && !found)
        error = s_parse_tamed (self, text, root);
    bool is_plain = found && !fault.is_too_deep;
    if (error)
        s_explain (self, found && fault.is_too_deep ? DEPTH_ERROR : error,
            is_plain ? &fault : nullptr, is_line);
    return !error;
}

//  A member that is looked for, where it belongs, and what was found.
struct member_t {
    std::string_view name;
    const char *pointer;
    dom::element value{};  //  of the last one of that name
    unsigned count = 0;
};

static void
s_find_members (dom::object object, member_t *members, size_t count)
{
    for (dom::key_value_pair field : object) {
        for (size_t at = 0; at < count; at++) {
            if (field.key == members[at].name) {
                members[at].value = field.value;
                members[at].count++;
                break;
            }
        }
    }
}

static bool
s_is_there (const member_t &member, message_fault_t *fault)
{
    if (member.count != 1)
        *fault = {member.pointer, member.count ? "is given more than once" : "is missing"};
    return member.count == 1;
}

//  The three below return false if the member is missing or given twice, and leave the value alone
//  if it is of another type.
static bool
s_take_text (const member_t &member, text_t *text, message_fault_t *fault)
{
    std::string_view value;
    if (!s_is_there (member, fault))
        return false;
    if (!member.value.get (value))
        *text = text_of (value.data (), value.size ());
    return true;
}

static bool
s_take_number (const member_t &member, uint64_t *number, message_fault_t *fault)
{
    uint64_t value;
    if (!s_is_there (member, fault))
        return false;
    if (!member.value.get (value))
        *number = value;
    return true;
}

static bool
s_take_object (const member_t &member, dom::object *object, message_fault_t *fault)
{
    if (!s_is_there (member, fault))
        return false;
    if (!member.value.get (*object))
        return true;
    *fault = {member.pointer, "must be an object"};
    return false;
}

static bool
s_read_metadata (dom::object metadata, message_t *message, message_fault_t *fault)
{
    member_t members[] = {{"channel", "/metadata/channel"},
        {"messageNumber", "/metadata/messageNumber"}, {"messageTime", "/metadata/messageTime"},
        {"messageType", "/metadata/messageType"}};
    s_find_members (metadata, members, 4);
    text_t time = {};
    text_t type = {};
    if (!s_take_text (members[0], &message->channel, fault) ||
        !s_take_number (members[1], &message->number, fault) ||
        !s_take_text (members[2], &time, fault))
        return false;
    if (!timestamp_parse (time, &message->time_us))
        return true;  //  message_check tells it, and that comes before the type
    if (!s_take_text (members[3], &type, fault))
        return false;
    message->kind = message_kind_of (type);
    return true;
}

static bool
s_read_launch (dom::object body, message_t *message, message_fault_t *fault)
{
    member_t members[] = {{"type", "/message/type"}, {"launchSpeed", "/message/launchSpeed"},
        {"mission", "/message/mission"}};
    s_find_members (body, members, 3);
    return s_take_text (members[0], &message->type, fault) &&
           s_take_number (members[1], &message->speed, fault) &&
           s_take_text (members[2], &message->mission, fault);
}

static bool
s_read_speed (dom::object body, message_t *message, message_fault_t *fault)
{
    member_t member = {"by", "/message/by"};
    s_find_members (body, &member, 1);
    return s_take_number (member, &message->speed, fault);
}

static bool
s_read_text (dom::object body, member_t member, text_t *text, message_fault_t *fault)
{
    s_find_members (body, &member, 1);
    return s_take_text (member, text, fault);
}

static bool
s_read_body (dom::object body, message_t *message, message_fault_t *fault)
{
    switch (message->kind) {
    case MESSAGE_LAUNCHED:
        return s_read_launch (body, message, fault);
    case MESSAGE_SPED_UP:
    case MESSAGE_SLOWED:
        return s_read_speed (body, message, fault);
    case MESSAGE_EXPLODED:
        message->speed = 0;
        return s_read_text (body, {"reason", "/message/reason"}, &message->reason, fault);
    case MESSAGE_MISSION_CHANGED:
        message->speed = 0;
        return s_read_text (body, {"newMission", "/message/newMission"}, &message->mission, fault);
    }
    return true;  //  no kind: message_check tells it
}

//  Read an element up to the first member that is missing, given twice, or not the object that it
//  must be. Returns false if there is such a one.
static bool
s_read_members (dom::element element, message_t *message, message_fault_t *fault)
{
    dom::object top;
    dom::object metadata;
    dom::object body;
    if (element.get (top)) {
        *fault = {"", "must be an object"};
        return false;
    }
    member_t members[] = {{"metadata", "/metadata"}, {"message", "/message"}};
    s_find_members (top, members, 2);
    return s_take_object (members[0], &metadata, fault) &&
           s_read_metadata (metadata, message, fault) &&
           (!message->kind ||
               (s_take_object (members[1], &body, fault) && s_read_body (body, message, fault)));
}

//  The message before anything is read: every rule is broken.
static void
s_begin (message_t *message)
{
    *message = {};
    message->time_us = INT64_MIN;
    message->speed = UINT64_MAX;
}

//  Hold what was read against the rules. What was not read breaks them, so message_check never passes
//  over the member that was missing: whichever of the two comes first is the fault.
static bool
s_judge (const message_t *message, const message_fault_t *absent, message_fault_t *fault)
{
    bool good = message_check (message, fault);
    if (!absent->pointer)
        return good;
    g_assert (!good);
    if (g_str_has_prefix (fault->pointer, absent->pointer))
        *fault = *absent;
    return false;
}

static bool
s_read_message (
    message_json_t *self, dom::element element, message_t *message, message_fault_t *fault)
{
    (void) self;
    message_fault_t absent = {};
    s_begin (message);
    if (s_read_members (element, message, &absent))
        absent = {};
    return s_judge (message, &absent, fault);
}

//  The members of an event that hold its data, or say how it is held.
struct event_data_t {
    member_t data{"data", "/message"};
    member_t base64{"data_base64", "/data_base64"};
    member_t type{"datacontenttype", "/datacontenttype"};
};

//  Read the attributes of an event that is an object, and find its data. Return false if one is given
//  twice.
static bool
s_read_attributes (
    dom::object object, cloud_event_t *event, event_data_t *data, message_fault_t *fault)
{
    constexpr int count = CLOUD_EVENT_ATTRIBUTES_COUNT;
    member_t members[count + 3];
    for (int one = 0; one < count; one++)
        members[one] = {cloud_event_name ((cloud_event_attribute_t) one),
            cloud_event_place ((cloud_event_attribute_t) one)};
    members[count] = data->data;
    members[count + 1] = data->base64;
    members[count + 2] = data->type;
    s_find_members (object, members, count + 3);
    *data = {members[count], members[count + 1], members[count + 2]};
    for (const member_t &member : members)
        if (member.count > 1 && member.name != data->type.name)
            return s_is_there (member, fault);
    for (int one = 0; one < count; one++) {
        event->attributes[one] = members[one].count ? text_from ("") : text_t{};
        message_fault_t absent;
        (void) s_take_text (members[one], &event->attributes[one], &absent);
    }
    message_fault_t absent;
    (void) s_take_number (members[CLOUD_EVENT_SEQUENCE], &event->number, &absent);
    return true;
}

//  Decode base64 into self->decoded, with padding behind it. Return false if it is none.
static bool
s_decode (message_json_t *self, text_t text, size_t *size)
{
    size_t capacity = base64_decoded_size (text.size) + MESSAGE_JSON_PADDING;
    if (self->decoded_capacity < capacity) {
        self->decoded_capacity = capacity;
        self->decoded = (char *) g_realloc (self->decoded, capacity);
    }
    if (!base64_decode (text, self->decoded, size))
        return false;
    memset (self->decoded + *size, 0, MESSAGE_JSON_PADDING);
    return true;
}

//  An attribute that is null is unset, says the JSON format of CloudEvents.
static void
s_forget_null (member_t *member)
{
    if (member->count == 1 && member->value.is_null ())
        member->count = 0;
}

static void
s_forget_nulls (event_data_t *data)
{
    s_forget_null (&data->type);
    s_forget_null (&data->base64);
    if (data->base64.count)
        s_forget_null (&data->data);
}

//  Make the data that is in base64 the event's data. A reader of its own keeps the event's texts valid.
static bool
s_take_base64 (message_json_t *self, event_data_t *data, message_fault_t *fault)
{
    std::string_view base64;
    std::string_view type;
    size_t size = 0;
    if (data->data.count)
        *fault = {"/data_base64", "must not stand beside data"};
    else if (data->type.count &&
             (data->type.count > 1 || data->type.value.get (type) ||
                 !cloud_event_type_is_json (text_of (type.data (), type.size ()))))
        *fault = {"/datacontenttype", "must be that of JSON"};
    else if (data->base64.value.get (base64) ||
             !s_decode (self, text_of (base64.data (), base64.size ()), &size))
        *fault = {"/data_base64", "must be a string in base64 with padding"};
    else {
        if (!self->data)
            self->data = message_json_new (self->max_body_bytes);
        data->data.count =
            s_parse (self->data, text_of (self->decoded, size), false, &data->data.value);
        if (data->data.count)
            return true;
        *fault = {"/data_base64", "must hold JSON"};
    }
    return false;
}

//  Read the message of an event with these attributes and this data.
static bool
s_read_event_message (
    const cloud_event_t *event, const member_t &data, message_t *message, message_fault_t *fault)
{
    message_fault_t absent = {};
    dom::object body;
    s_begin (message);
    if (!cloud_event_check (event, fault))
        return false;
    if (cloud_event_take (event, message, &absent) &&
        (!message->kind ||
            (s_take_object (data, &body, &absent) && s_read_body (body, message, &absent))))
        absent = {};
    return s_judge (message, &absent, fault);
}

static bool
s_read_event (
    message_json_t *self, dom::element element, message_t *message, message_fault_t *fault)
{
    cloud_event_t event = {};
    event_data_t data;
    dom::object object;
    if (element.get (object)) {
        *fault = {"", "must be an object"};
        return false;
    }
    bool good = s_read_attributes (object, &event, &data, fault);
    s_forget_nulls (&data);
    good = good && (!data.base64.count || s_take_base64 (self, &data, fault)) &&
           s_read_event_message (&event, data.data, message, fault);
    if (!good)
        fault->pointer = cloud_event_pointer (
            fault->pointer, data.base64.count ? CLOUD_EVENT_BASE64 : CLOUD_EVENT_STRUCTURED);
    return good;
}

//  Reads one element as a message, or says what is wrong.
typedef bool (read_fn) (
    message_json_t *self, dom::element element, message_t *message, message_fault_t *fault);

static void
s_tell (message_json_t *self, dom::element element, read_fn *read, size_t index,
    message_json_accept_fn *accept, message_json_refuse_fn *refuse, void *context)
{
    message_t message;
    message_fault_t fault;
    if (read (self, element, &message, &fault))
        accept (context, index, &message);
    else
        refuse (context, index, fault.pointer, fault.detail);
}

static message_json_result_t
s_break (message_json_t *self, const char *detail)
{
    g_strlcpy (self->detail, detail, sizeof self->detail);
    return MESSAGE_JSON_BROKEN;
}

static message_json_result_t
s_read_document (message_json_t *self, text_t body, message_json_form_t form,
    message_json_accept_fn *accept, message_json_refuse_fn *refuse, void *context)
{
    read_fn *read = form == MESSAGE_JSON_DOCUMENT ? s_read_message : s_read_event;
    dom::element root;
    dom::array array;
    if (!s_parse (self, body, false, &root))
        return MESSAGE_JSON_BROKEN;
    if (root.is_object () && form != MESSAGE_JSON_EVENTS) {
        s_tell (self, root, read, 0, accept, refuse, context);
        return MESSAGE_JSON_READ;
    }
    if (form == MESSAGE_JSON_EVENT)
        return s_break (self, "the body must be an object, as of one event");
    if (root.get (array))
        return s_break (self, form == MESSAGE_JSON_EVENTS
                                  ? "the body must be an array of events"
                                  : "the body must be an object or an array of objects");
    size_t index = 0;
    for (dom::element element : array)
        s_tell (self, element, read, index++, accept, refuse, context);
    return MESSAGE_JSON_READ;
}

static bool
s_is_blank (text_t text)
{
    std::string_view bytes (text.data, text.size);
    return bytes.find_first_not_of (" \t\r\n") == bytes.npos;
}

static void
s_read_lines (message_json_t *self, text_t body, size_t *index, message_json_accept_fn *accept,
    message_json_refuse_fn *refuse, void *context)
{
    size_t start = 0;
    while (start < body.size) {
        const char *line = body.data + start;
        const char *end = (const char *) memchr (line, '\n', body.size - start);
        text_t text = text_of (line, end ? (size_t) (end - line) : body.size - start);
        start += text.size + 1;
        dom::element root;
        if (s_is_blank (text))
            continue;
        if (s_parse (self, text, true, &root))
            s_tell (self, root, s_read_message, *index, accept, refuse, context);
        else
            refuse (context, *index, "", self->detail);
        ++*index;
    }
}

//  A body without its byte order mark, as some editors write it.
static text_t
s_without_mark (text_t body)
{
    return s_has_mark (body) ? text_of (body.data + 3, body.size - 3) : body;
}

//  What of a body is to be read; none if it is too large or blank, and then self->detail says why.
static text_t
s_bare (message_json_t *self, const char *body, size_t size)
{
    if (size > self->max_body_bytes) {
        g_snprintf (self->detail, sizeof self->detail, "the body is larger than %zu bytes",
            self->max_body_bytes);
        return {};
    }
    text_t text = s_without_mark (text_of (body, size));
    if (s_is_blank (text)) {
        (void) s_break (self, MESSAGE_JSON_NOTHING);
        return {};
    }
    return text;
}

message_json_result_t
message_json_read (message_json_t *self, const char *body, size_t size, message_json_form_t form,
    message_json_accept_fn *accept, message_json_refuse_fn *refuse, void *context,
    const char **detail) noexcept
{
    *detail = self->detail;
    text_t text = s_bare (self, body, size);
    if (!text.data)
        return MESSAGE_JSON_BROKEN;
    if (form != MESSAGE_JSON_LINES)
        return s_read_document (self, text, form, accept, refuse, context);
    size_t index = 0;
    s_read_lines (self, text, &index, accept, refuse, context);
    return MESSAGE_JSON_READ;
}

void
message_json_read_lines (message_json_t *self, const char *lines, size_t size, bool is_first,
    size_t *index, message_json_accept_fn *accept, message_json_refuse_fn *refuse,
    void *context) noexcept
{
    text_t text = text_of (lines, size);
    s_read_lines (self, is_first ? s_without_mark (text) : text, index, accept, refuse, context);
}

message_json_result_t
message_json_read_data (message_json_t *self, const cloud_event_t *event, const char *body,
    size_t size, message_json_accept_fn *accept, message_json_refuse_fn *refuse, void *context,
    const char **detail) noexcept
{
    *detail = self->detail;
    text_t text = s_bare (self, body, size);
    member_t data = {"data", "/message"};
    message_t message;
    message_fault_t fault;
    if (!text.data || !s_parse (self, text, false, &data.value))
        return MESSAGE_JSON_BROKEN;
    data.count = 1;
    if (s_read_event_message (event, data, &message, &fault))
        accept (context, 0, &message);
    else
        refuse (context, 0, cloud_event_pointer (fault.pointer, CLOUD_EVENT_BINARY), fault.detail);
    return MESSAGE_JSON_READ;
}
