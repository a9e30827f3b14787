//  Find the members of an object, and read a message from them. A value of the wrong type leaves in
//  the message a value that breaks a rule, so that message_check reports it. These functions add
//  to a list only members that are missing, given twice, or not an object where they must be one.
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

//  Faults in the order in which they are told. Beyond the room there is no further fault to add:
//  each member has one at most.
struct fault_list_t {
    static constexpr size_t room = 16;
    size_t count = 0;
    message_fault_t faults[room];
    bool is_exact = false;  //  the text has no rounded numbers (json_text_make_exact)

    void
    add (const char *pointer, const char *detail)
    {
        if (count < room)
            faults[count++] = {pointer, detail};
    }
};

//  Find the members of these names in an object.
void members_find (simdjson::dom::object object, member_t *members, size_t count);

//  Return true if the member is given once; else add that fault.
inline bool
member_is_there (const member_t &member, fault_list_t *faults)
{
    if (member.count != 1)
        faults->add (member.pointer, member.count ? "is given more than once" : "is missing");
    return member.count == 1;
}

//  Take the value of a member. Leave *text or *number alone if the value has another type. A number
//  with a fraction or an exponent that is an integer all the same counts only in an exact text.
inline void
member_take_text (const member_t &member, text_t *text, fault_list_t *faults)
{
    std::string_view value;
    if (member_is_there (member, faults) && !member.value.get (value))
        *text = text_of (value.data (), value.size ());
}

//  Set *number to a double that is whole and in range.
void member_take_whole (const member_t &member, uint64_t *number);

inline void
member_take_number (const member_t &member, uint64_t *number, fault_list_t *faults)
{
    uint64_t value;
    if (!member_is_there (member, faults))
        return;
    if (!member.value.get (value))
        *number = value;
    else if (faults->is_exact)
        member_take_whole (member, number);
}

//  Return true if the member is given once and is an object; else add the fault.
inline bool
member_take_object (const member_t &member, simdjson::dom::object *object, fault_list_t *faults)
{
    if (!member_is_there (member, faults))
        return false;
    if (!member.value.get (*object))
        return true;
    faults->add (member.pointer, "must be an object");
    return false;
}

//  Add a fault, or instead the absent member that it is of or in; each place only once.
void faults_add (fault_list_t *faults, const fault_list_t &absent, const message_fault_t &fault);

//  Set a message to values that break every rule, before anything is read.
void message_begin (message_t *message);

//  Read the members that the message's kind has from its body. Add those that are missing or given
//  twice.
void message_read_body (simdjson::dom::object body, message_t *message, fault_list_t *absent);

//  Return true if nothing is absent and the message keeps the rules. Otherwise add all its faults:
//  a member that is absent has that fault, and not those of the members in it.
bool message_judge (const message_t *message, const fault_list_t &absent, fault_list_t *faults);

//  Read an element of a text that is exact or not as a message. Return false and all its faults if
//  it is not one: in a text that is not exact there may be fewer once it is.
bool message_read (
    simdjson::dom::element element, bool is_exact, message_t *message, fault_list_t *faults);

#endif
