//  Find the members of an object, and read a message from them. A value of the wrong type leaves in
//  the message a value that breaks a rule, so that message_check reports it. These functions report
//  only members that are missing or given twice.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MESSAGE_MEMBERS_HPP
#define DOWNLINK_MESSAGE_MEMBERS_HPP

#include "common/bytes/json_text.hpp"
#include "common/domain/message.h"

//  A member to look for: its name, its place in a message, and the value found.
struct member_t {
    std::string_view name;
    const char *pointer;
    simdjson::dom::element value{};  //  of the last member with that name
    unsigned count = 0;
};

//  Find the members of these names in an object.
void members_find (simdjson::dom::object object, member_t *members, size_t count);

//  Return true if the member is given once; else set *fault.
inline bool
member_is_there (const member_t &member, message_fault_t *fault)
{
    if (member.count != 1)
        *fault = {member.pointer, member.count ? "is given more than once" : "is missing"};
    return member.count == 1;
}

//  Take the value of a member. Leave *text or *number alone if the value has another type. Return
//  false and the fault if the member is missing or given twice, or if it must be an object and is
//  not.
inline bool
member_take_text (const member_t &member, text_t *text, message_fault_t *fault)
{
    std::string_view value;
    if (!member_is_there (member, fault))
        return false;
    if (!member.value.get (value))
        *text = text_of (value.data (), value.size ());
    return true;
}

inline bool
member_take_number (const member_t &member, uint64_t *number, message_fault_t *fault)
{
    uint64_t value;
    if (!member_is_there (member, fault))
        return false;
    if (!member.value.get (value))
        *number = value;
    return true;
}

inline bool
member_take_object (const member_t &member, simdjson::dom::object *object, message_fault_t *fault)
{
    if (!member_is_there (member, fault))
        return false;
    if (!member.value.get (*object))
        return true;
    *fault = {member.pointer, "must be an object"};
    return false;
}

//  Set a message to values that break every rule, before anything is read.
void message_begin (message_t *message);

//  Read the members that the message's kind has from its body. Return false, and the fault, if one
//  is missing or given twice.
bool message_read_body (simdjson::dom::object body, message_t *message, message_fault_t *fault);

//  Check a message that was read. absent is the first missing member, if its pointer is set. Return
//  false and the first fault if a rule is broken.
bool message_judge (
    const message_t *message, const message_fault_t *absent, message_fault_t *fault);

//  Read an element as a message. Return false and the first fault if it is not one.
bool message_read (simdjson::dom::element element, message_t *message, message_fault_t *fault);

#endif
