//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/message_members.hpp"

#include <glib.h>

#include "common/text/timestamp.h"

using namespace simdjson;

//  The size of the name is known where this is inlined, so the comparison is a few instructions.
__attribute__ ((always_inline)) static inline bool
s_is_named (std::string_view key, std::string_view name)
{
    return key.size () == name.size () && memcmp (key.data (), name.data (), name.size ()) == 0;
}

//  Inlined, so that the compiler unrolls the loop where it knows the count.
__attribute__ ((always_inline)) static inline void
s_find_among (dom::object object, member_t *members, size_t count)
{
    for (dom::key_value_pair field : object) {
#pragma GCC unroll 4
        for (size_t at = 0; at < count; at++) {
            if (s_is_named (field.key, members[at].name)) {
                members[at].value = field.value;
                members[at].count++;
                break;
            }
        }
    }
}

template <size_t COUNT>
static void
s_find (dom::object object, member_t (&members)[COUNT])
{
    s_find_among (object, members, COUNT);
}

void
members_find (dom::object object, member_t *members, size_t count)
{
    s_find_among (object, members, count);
}

void
member_take_whole (const member_t &member, uint64_t *number)
{
    double value = -1;
    if (!member.value.get (value) && value >= 0 && value <= (double) MESSAGE_NUMBER_MAX &&
        (double) (uint64_t) value == value)
        *number = (uint64_t) value;
}

static void
s_read_metadata (dom::object metadata, message_t *message, fault_list_t *absent)
{
    member_t members[] = {{"channel", "/metadata/channel"},
        {"messageNumber", "/metadata/messageNumber"}, {"messageTime", "/metadata/messageTime"},
        {"messageType", "/metadata/messageType"}};
    s_find (metadata, members);
    text_t time = {};
    text_t type = {};
    member_take_text (members[0], &message->channel, absent);
    member_take_number (members[1], &message->number, absent);
    member_take_text (members[2], &time, absent);
    member_take_text (members[3], &type, absent);
    if (time.data && !timestamp_parse (time, &message->time_us))
        message->time_us = INT64_MIN;
    message->kind = message_kind_of (type);
}

//  Set the numbers of the message's kind to a value that breaks the rules, and all others to 0.
static void
s_begin_numbers (message_t *message)
{
#define TEXT(name, field)
#define ZERO(name, field) message->field = 0;
#define BREAK(name, field) message->field = UINT64_MAX;
#define ROW(NAME, number, type) MESSAGE_MEMBERS_##NAME (TEXT, ZERO)
    MESSAGE_KINDS (ROW)
#undef ROW
#define ROW(NAME, number, type)                                                                    \
    case MESSAGE_##NAME:                                                                           \
        MESSAGE_MEMBERS_##NAME (TEXT, BREAK) break;
    switch (message->kind) {
        //  NOLINTBEGIN(bugprone-branch-clone): kinds may have equal members
        MESSAGE_KINDS (ROW)
        //  NOLINTEND(bugprone-branch-clone)
    }
#undef ROW
#undef BREAK
#undef ZERO
#undef TEXT
}

void
message_read_body (dom::object body, message_t *message, fault_list_t *absent)
{
    s_begin_numbers (message);
    switch (message->kind) {
#define MEMBER(name, field) {name, "/message/" name},
#define TAKE_TEXT(name, field) member_take_text (members[at++], &message->field, absent);
#define TAKE_NUMBER(name, field) member_take_number (members[at++], &message->field, absent);
#define ROW(NAME, number, type)                                                                    \
    case MESSAGE_##NAME: {                                                                         \
        member_t members[] = {MESSAGE_MEMBERS_##NAME (MEMBER, MEMBER)};                            \
        size_t at = 0;                                                                             \
        s_find (body, members);                                                                    \
        MESSAGE_MEMBERS_##NAME (TAKE_TEXT, TAKE_NUMBER) return;                                    \
    }
        MESSAGE_KINDS (ROW)
#undef ROW
#undef TAKE_NUMBER
#undef TAKE_TEXT
#undef MEMBER
    }
    //  no kind: message_check reports it
}

//  Read the members of an element, and add those that are missing, given twice, or not an object
//  where they must be one.
static void
s_read_members (dom::element element, message_t *message, fault_list_t *absent)
{
    dom::object top;
    dom::object metadata;
    dom::object body;
    if (element.get (top)) {
        absent->add ("", "must be an object");
        return;
    }
    member_t members[] = {{"metadata", "/metadata"}, {"message", "/message"}};
    s_find (top, members);
    if (member_take_object (members[0], &metadata, absent))
        s_read_metadata (metadata, message, absent);
    if (member_take_object (members[1], &body, absent))
        message_read_body (body, message, absent);
}

void
message_begin (message_t *message)
{
    *message = {};
    message->time_us = INT64_MIN;
#define TEXT(name, field)
#define NUMBER(name, field) message->field = UINT64_MAX;
#define ROW(NAME, number, type) MESSAGE_MEMBERS_##NAME (TEXT, NUMBER)
    MESSAGE_KINDS (ROW)
#undef ROW
#undef NUMBER
#undef TEXT
}

static bool
s_has (const fault_list_t *faults, const char *pointer)
{
    for (size_t at = 0; at < faults->count; at++)
        if (strcmp (faults->faults[at].pointer, pointer) == 0)
            return true;
    return false;
}

void
faults_add (fault_list_t *faults, const fault_list_t &absent, const message_fault_t &fault)
{
    const message_fault_t *told = &fault;
    for (size_t at = 0; at < absent.count && told == &fault; at++)
        if (g_str_has_prefix (fault.pointer, absent.faults[at].pointer))
            told = &absent.faults[at];
    if (!s_has (faults, told->pointer))
        faults->add (told->pointer, told->detail);
}

//  Values that were not read break the rules, so an absent member has its place among the faults;
//  all but the body of an unknown kind.
bool
message_judge (const message_t *message, const fault_list_t &absent, fault_list_t *faults)
{
    message_fault_t broken[MESSAGE_FAULTS_MAX];
    if (absent.count == 0 && message_check (message, broken))
        return true;
    size_t count = message_faults (message, broken);
    for (size_t at = 0; at < count; at++)
        faults_add (faults, absent, broken[at]);
    for (size_t at = 0; at < absent.count; at++)
        faults_add (faults, absent, absent.faults[at]);
    return false;
}

bool
message_read (dom::element element, bool is_exact, message_t *message, fault_list_t *faults)
{
    fault_list_t absent;
    absent.is_exact = is_exact;
    message_begin (message);
    s_read_members (element, message, &absent);
    return message_judge (message, absent, faults);
}
