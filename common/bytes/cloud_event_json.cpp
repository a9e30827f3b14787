//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/cloud_event_json.hpp"

#include <glib.h>

#include "common/text/base64.h"

using namespace simdjson;

event_reader_t::~event_reader_t ()
{
    g_free (decoded);
}

//  The members of an event that hold its data or the form of the data.
struct event_data_t {
    member_t data{"data", "/message"};
    member_t base64{"data_base64", "/data_base64"};
    member_t type{"datacontenttype", "/datacontenttype"};
};

//  Read the attributes of an event that is an object, and find its data. Return false if one is
//  given twice.
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
    members_find (object, members, count + 3);
    *data = {members[count], members[count + 1], members[count + 2]};
    for (const member_t &member : members)
        if (member.count > 1 && member.name != data->type.name)
            return member_is_there (member, fault);
    for (int one = 0; one < count; one++) {
        event->attributes[one] = members[one].count ? text_from ("") : text_t{};
        message_fault_t absent;
        (void) member_take_text (members[one], &event->attributes[one], &absent);
    }
    message_fault_t absent;
    (void) member_take_number (members[CLOUD_EVENT_SEQUENCE], &event->number, &absent);
    return true;
}

//  Decode base64 into self->decoded, with padding behind it. Return false if it is not base64.
static bool
s_decode (event_reader_t *self, text_t text, size_t *size)
{
    size_t capacity = base64_decoded_size (text.size) + JSON_TEXT_PADDING;
    if (self->decoded_capacity < capacity) {
        self->decoded_capacity = capacity;
        self->decoded = (char *) g_realloc (self->decoded, capacity);
    }
    if (!base64_decode (text, self->decoded, size))
        return false;
    memset (self->decoded + *size, 0, JSON_TEXT_PADDING);
    return true;
}

//  In the JSON format of CloudEvents a null attribute is unset.
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

//  Make the decoded base64 the event's data. A second parser keeps the event's texts valid.
static bool
s_take_base64 (event_reader_t *self, event_data_t *data, message_fault_t *fault)
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
        data->data.count =
            json_text_parse (&self->data, text_of (self->decoded, size), false, &data->data.value);
        if (data->data.count)
            return true;
        *fault = {"/data_base64", "must hold JSON"};
    }
    return false;
}

bool
event_message_read (
    const cloud_event_t *event, const member_t &data, message_t *message, message_fault_t *fault)
{
    message_fault_t absent = {};
    dom::object body;
    message_begin (message);
    if (!cloud_event_check (event, fault))
        return false;
    if (cloud_event_take (event, message, &absent) &&
        (!message->kind || (member_take_object (data, &body, &absent) &&
                               message_read_body (body, message, &absent))))
        absent = {};
    return message_judge (message, &absent, fault);
}

bool
event_read (event_reader_t *self, dom::element element, message_t *message, message_fault_t *fault)
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
           event_message_read (&event, data.data, message, fault);
    if (!good)
        fault->pointer = cloud_event_pointer (
            fault->pointer, data.base64.count ? CLOUD_EVENT_BASE64 : CLOUD_EVENT_STRUCTURED);
    return good;
}
