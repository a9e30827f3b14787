//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/cloud_event_json.hpp"

#include <glib.h>

#include "common/text/base64.h"

using namespace simdjson;

#define DATA "/message"  //  the place of an event's data in a message

event_reader_t::~event_reader_t ()
{
    g_free (decoded);
}

//  The members of an event that hold its data or the form of the data.
struct event_data_t {
    member_t data{"data", DATA};
    member_t base64{"data_base64", "/data_base64"};
    member_t type{"datacontenttype", "/datacontenttype"};
};

//  Read the attributes of an event that is an object, and find its data. Add those that are given
//  twice: the event counts as without them.
static void
s_read_attributes (
    dom::object object, cloud_event_t *event, event_data_t *data, fault_list_t *twice)
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
    for (int one = 0; one < count; one++) {
        fault_list_t absent;
        event->attributes[one] = members[one].count ? text_from ("") : text_t{};
        member_take_text (members[one], &event->attributes[one], &absent);
        if (members[one].count > 1)
            (void) member_is_there (members[one], twice);
    }
    fault_list_t absent;
    absent.is_exact = twice->is_exact;
    member_take_number (members[CLOUD_EVENT_SEQUENCE], &event->number, &absent);
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

//  Make the decoded base64 the event's data. A second parser keeps the event's texts valid. Return
//  the fault of the data, or none.
static message_fault_t
s_take_base64 (event_reader_t *self, event_data_t *data, bool is_exact)
{
    std::string_view base64;
    std::string_view type;
    size_t size = 0;
    if (data->base64.count > 1)
        return {"/data_base64", "is given more than once"};
    if (data->data.count)
        return {"/data_base64", "must not stand beside data"};
    if (data->type.count && (data->type.count > 1 || data->type.value.get (type) ||
                                !cloud_event_type_is_json (text_of (type.data (), type.size ()))))
        return {"/datacontenttype", "must be that of JSON"};
    if (data->base64.value.get (base64) ||
        !s_decode (self, text_of (base64.data (), base64.size ()), &size))
        return {"/data_base64", "must be a string in base64 with padding"};
    text_t text = text_of (self->decoded, size);
    data->data.count = json_text_parse (&self->data, text, false, &data->data.value);
    if (!data->data.count)
        return {"/data_base64", "must hold JSON"};
    if (is_exact)
        json_text_make_exact (&self->data, text, &data->data.value);
    return {};
}

//  Read the message of an event. absent has the attributes that are given twice, and the data that
//  cannot be read.
static bool
s_read_message (const cloud_event_t *event, const member_t &data, fault_list_t *absent,
    message_t *message, fault_list_t *faults)
{
    message_fault_t found[CLOUD_EVENT_ATTRIBUTES_COUNT];
    dom::object body;
    message_begin (message);
    size_t count = cloud_event_take (event, message, found);
    for (size_t at = 0; at < count; at++)
        absent->add (found[at].pointer, found[at].detail);
    if (member_take_object (data, &body, absent))
        message_read_body (body, message, absent);
    count = cloud_event_faults (event, found);
    for (size_t at = 0; at < count; at++)
        faults_add (faults, *absent, found[at]);
    return message_judge (message, *absent, faults) && count == 0;
}

bool
event_message_read (const cloud_event_t *event, const member_t &data, bool is_exact,
    message_t *message, fault_list_t *faults)
{
    fault_list_t absent;
    absent.is_exact = is_exact;
    return s_read_message (event, data, &absent, message, faults);
}

bool
event_read (event_reader_t *self, dom::element element, bool is_exact, message_t *message,
    fault_list_t *faults)
{
    cloud_event_t event = {};
    event_data_t data;
    dom::object object;
    fault_list_t absent;
    message_fault_t unread = {};
    if (element.get (object)) {
        faults->add ("", "must be an object");
        return false;
    }
    absent.is_exact = is_exact;
    s_read_attributes (object, &event, &data, &absent);
    s_forget_nulls (&data);
    if (data.base64.count)
        unread = s_take_base64 (self, &data, is_exact);
    if (unread.pointer)
        absent.add (DATA, unread.detail);
    if (s_read_message (&event, data.data, &absent, message, faults))
        return true;
    cloud_event_mode_t mode = data.base64.count ? CLOUD_EVENT_BASE64 : CLOUD_EVENT_STRUCTURED;
    for (size_t at = 0; at < faults->count; at++) {
        message_fault_t *fault = &faults->faults[at];
        bool is_unread = unread.pointer && strcmp (fault->pointer, DATA) == 0;
        fault->pointer = is_unread ? unread.pointer : cloud_event_pointer (fault->pointer, mode);
    }
    return false;
}
