//  A body is one text or lines of them; each text is parsed (json_text), and its elements are read
//  as messages (message_members) or events (cloud_event_json).
//  SPDX-License-Identifier: Apache-2.0

//  text.h is C; its compound literals are not ISO C++.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include "common/bytes/message_json.h"
#pragma GCC diagnostic pop

#include <glib.h>

#include "common/bytes/cloud_event_json.hpp"

using namespace simdjson;

static_assert (MESSAGE_JSON_PADDING >= JSON_TEXT_PADDING, "a text is read further than we promise");

struct message_json {
    json_text_t json{};
    event_reader_t events{};
    //  The place in the body where to read on.
    text_t body{};
    message_json_form_t form = MESSAGE_JSON_DOCUMENT;
    dom::element root{};          //  an array, unless the body is lines
    dom::array::iterator next{};  //  its next element
    size_t index = 0;             //  of the next element
    size_t start = 0;             //  of the next line
    bool is_paused = false;
};

message_json_t *
message_json_new (size_t max_body_bytes) noexcept
{
    g_assert (max_body_bytes <= SIMDJSON_MAXSIZE_BYTES);
    message_json_t *self = new (std::nothrow) message_json_t;
    g_assert (self);
    self->json.max_bytes = max_body_bytes;
    self->events.data.max_bytes = max_body_bytes;
    return self;
}

void
message_json_destroy (message_json_t **self_p) noexcept
{
    delete *self_p;
    *self_p = nullptr;
}

void
message_json_pause (message_json_t *self) noexcept
{
    self->is_paused = true;
}

//  The functions to call.
struct listener_t {
    message_json_accept_fn *accept;
    message_json_refuse_fn *refuse;
    void *context;
};

//  Pass an element on. Return false, and pass nothing on, if the element may be a message in an
//  exact text.
static bool
s_tell (message_json_t *self, dom::element element, bool is_event, size_t index,
    const listener_t *listener)
{
    message_t message;
    fault_list_t faults;
    bool is_exact = self->json.is_exact;
    if (is_event ? event_read (&self->events, element, is_exact, &message, &faults)
                 : message_read (element, is_exact, &message, &faults))
        listener->accept (listener->context, index, &message);
    else if (!is_exact)
        return false;
    for (size_t at = 0; at < faults.count; at++)
        listener->refuse (
            listener->context, index, faults.faults[at].pointer, faults.faults[at].detail);
    return true;
}

//  Pass the root of a text on.
static void
s_tell_root (message_json_t *self, text_t text, dom::element root, bool is_event, size_t index,
    const listener_t *listener)
{
    if (s_tell (self, root, is_event, index, listener))
        return;
    json_text_make_exact (&self->json, text, &root);
    (void) s_tell (self, root, is_event, index, listener);
}

//  Return the root as an array.
static dom::array
s_array (const message_json_t *self)
{
    dom::array array;
    (void) !self->root.get (array);
    return array;
}

//  Go to the next element, in a root that is new.
static void
s_find_next (message_json_t *self)
{
    self->next = s_array (self).begin ();
    for (size_t at = 0; at < self->index; at++)
        ++self->next;
}

//  Pass the next elements on, up to a pause. Return false if one may be a message in an exact text.
static bool
s_tell_next (message_json_t *self, bool is_event, const listener_t *listener)
{
    dom::array::iterator end = s_array (self).end ();
    for (; self->next != end && !self->is_paused; ++self->next) {
        if (!s_tell (self, *self->next, is_event, self->index, listener))
            return false;
        self->index++;
    }
    return true;
}

//  Read the elements of the array from the next one on.
static message_json_result_t
s_read_array (message_json_t *self, const listener_t *listener)
{
    bool is_event = self->form != MESSAGE_JSON_DOCUMENT;
    self->is_paused = false;
    while (!s_tell_next (self, is_event, listener)) {
        json_text_make_exact (&self->json, self->body, &self->root);
        s_find_next (self);
    }
    return self->is_paused ? MESSAGE_JSON_PAUSED : MESSAGE_JSON_READ;
}

static message_json_result_t
s_break (message_json_t *self, const char *detail)
{
    g_strlcpy (self->json.detail, detail, sizeof self->json.detail);
    return MESSAGE_JSON_BROKEN;
}

//  Return true if an object follows an object: these are lines of messages, not one document.
static bool
s_holds_lines (std::string_view bytes)
{
    for (size_t end = bytes.find ('}'); end < bytes.size (); end = bytes.find ('}', end + 1)) {
        size_t next = bytes.find_first_not_of (" \t\r\n", end + 1);
        if (next < bytes.size () && bytes[next] == '{')
            return true;
    }
    return false;
}

//  Add a hint to the fault of a document, if it is NDJSON under another type.
static void
s_hint_at_lines (message_json_t *self, text_t body)
{
    if (strstr (self->json.detail, "trailing garbage") &&
        s_holds_lines (std::string_view (body.data, body.size)))
        g_strlcat (self->json.detail, MESSAGE_JSON_HINT, sizeof self->json.detail);
}

static message_json_result_t
s_read_document (message_json_t *self, const listener_t *listener)
{
    message_json_form_t form = self->form;
    dom::element root;
    if (!json_text_parse (&self->json, self->body, false, &root)) {
        if (form == MESSAGE_JSON_DOCUMENT)
            s_hint_at_lines (self, self->body);
        return MESSAGE_JSON_BROKEN;
    }
    if (root.is_object () && form != MESSAGE_JSON_EVENTS) {
        s_tell_root (self, self->body, root, form == MESSAGE_JSON_EVENT, 0, listener);
        return MESSAGE_JSON_READ;
    }
    if (form == MESSAGE_JSON_EVENT)
        return s_break (self, "the body must be an object, as of one event");
    if (!root.is_array ())
        return s_break (self, form == MESSAGE_JSON_EVENTS
                                  ? "the body must be an array of events"
                                  : "the body must be an object or an array of objects");
    self->root = root;
    s_find_next (self);
    return s_read_array (self, listener);
}

static bool
s_is_blank (text_t text)
{
    std::string_view bytes (text.data, text.size);
    return bytes.find_first_not_of (" \t\r\n") == bytes.npos;
}

//  Read lines from *start on, up to the end or a pause. Count those that are not blank in *index.
static message_json_result_t
s_read_lines (
    message_json_t *self, text_t body, size_t *start, size_t *index, const listener_t *listener)
{
    self->is_paused = false;
    while (*start < body.size && !self->is_paused) {
        const char *line = body.data + *start;
        const char *end = (const char *) memchr (line, '\n', body.size - *start);
        text_t text = text_of (line, end ? (size_t) (end - line) : body.size - *start);
        *start += text.size + 1;
        dom::element root;
        if (s_is_blank (text))
            continue;
        if (json_text_parse (&self->json, text, true, &root))
            s_tell_root (self, text, root, false, *index, listener);
        else
            listener->refuse (listener->context, *index, "", self->json.detail);
        ++*index;
    }
    return self->is_paused ? MESSAGE_JSON_PAUSED : MESSAGE_JSON_READ;
}

//  Return a body without the byte order mark that some editors write.
static text_t
s_without_mark (text_t body)
{
    return json_text_has_mark (body) ? text_of (body.data + 3, body.size - 3) : body;
}

//  Return the part of a body to read; no data if it is too large or blank, and then
//  self->json.detail says why.
static text_t
s_bare (message_json_t *self, const char *body, size_t size)
{
    if (size > self->json.max_bytes) {
        g_snprintf (self->json.detail, sizeof self->json.detail,
            "the body is larger than %zu bytes", self->json.max_bytes);
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
    *detail = self->json.detail;
    self->body = s_bare (self, body, size);
    self->form = form;
    self->index = 0;
    self->start = 0;
    if (!self->body.data)
        return MESSAGE_JSON_BROKEN;
    const listener_t listener = {accept, refuse, context};
    return form == MESSAGE_JSON_LINES
               ? s_read_lines (self, self->body, &self->start, &self->index, &listener)
               : s_read_document (self, &listener);
}

message_json_result_t
message_json_go_on (message_json_t *self, message_json_accept_fn *accept,
    message_json_refuse_fn *refuse, void *context) noexcept
{
    const listener_t listener = {accept, refuse, context};
    return self->form == MESSAGE_JSON_LINES
               ? s_read_lines (self, self->body, &self->start, &self->index, &listener)
               : s_read_array (self, &listener);
}

void
message_json_read_lines (message_json_t *self, const char *lines, size_t size, bool is_first,
    size_t *index, message_json_accept_fn *accept, message_json_refuse_fn *refuse,
    void *context) noexcept
{
    const listener_t listener = {accept, refuse, context};
    text_t text = text_of (lines, size);
    size_t start = 0;
    (void) s_read_lines (self, is_first ? s_without_mark (text) : text, &start, index, &listener);
}

message_json_result_t
message_json_read_data (message_json_t *self, const cloud_event_t *event, const char *body,
    size_t size, message_json_accept_fn *accept, message_json_refuse_fn *refuse, void *context,
    const char **detail) noexcept
{
    *detail = self->json.detail;
    text_t text = s_bare (self, body, size);
    member_t data = {"data", "/message"};
    message_t message;
    fault_list_t faults;
    if (!text.data || !json_text_parse (&self->json, text, false, &data.value))
        return MESSAGE_JSON_BROKEN;
    data.count = 1;
    bool is_good = event_message_read (event, data, self->json.is_exact, &message, &faults);
    if (!is_good && !self->json.is_exact) {
        json_text_make_exact (&self->json, text, &data.value);
        faults.count = 0;
        is_good = event_message_read (event, data, true, &message, &faults);
    }
    if (is_good)
        accept (context, 0, &message);
    for (size_t at = 0; at < faults.count; at++)
        refuse (context, 0, cloud_event_pointer (faults.faults[at].pointer, CLOUD_EVENT_BINARY),
            faults.faults[at].detail);
    return MESSAGE_JSON_READ;
}
