//  Read the messages in CloudEvents in JSON (common/domain/cloud_event.h).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CLOUD_EVENT_JSON_HPP
#define DOWNLINK_CLOUD_EVENT_JSON_HPP

#include "common/bytes/message_members.hpp"
#include "common/domain/cloud_event.h"

//  Keeps the decoded data of an event in base64 while its message is read.
struct event_reader_t {
    json_text_t data{};
    char *decoded = nullptr;  //  the decoded data
    size_t decoded_capacity = 0;

    event_reader_t () = default;
    event_reader_t (const event_reader_t &) = delete;
    event_reader_t &operator= (const event_reader_t &) = delete;
    ~event_reader_t ();
};

//  Read an element as an event in the structured mode. Return false and all faults, with their
//  places in the event, if it is not one. The message's texts are valid until the next call.
//  is_exact is as for message_read.
bool event_read (event_reader_t *self, simdjson::dom::element element, bool is_exact,
    message_t *message, fault_list_t *faults);

//  Read the message of an event with these attributes and this data. Return false and all faults,
//  with their places in a message, if it is not one.
bool event_message_read (const cloud_event_t *event, const member_t &data, bool is_exact,
    message_t *message, fault_list_t *faults);

#endif
