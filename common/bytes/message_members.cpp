//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/message_members.hpp"

#include <glib.h>

#include "common/text/timestamp.h"

using namespace simdjson;

//  Inlined, so that the compiler unrolls the loop where it knows the count.
__attribute__ ((always_inline)) static inline void
s_find_among (dom::object object, member_t *members, size_t count)
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

static bool
s_read_metadata (dom::object metadata, message_t *message, message_fault_t *fault)
{
    member_t members[] = {{"channel", "/metadata/channel"},
        {"messageNumber", "/metadata/messageNumber"}, {"messageTime", "/metadata/messageTime"},
        {"messageType", "/metadata/messageType"}};
    s_find (metadata, members);
    text_t time = {};
    text_t type = {};
    if (!member_take_text (members[0], &message->channel, fault) ||
        !member_take_number (members[1], &message->number, fault) ||
        !member_take_text (members[2], &time, fault))
        return false;
    if (!timestamp_parse (time, &message->time_us))
        return true;  //  message_check reports it; its rule comes before the type's
    if (!member_take_text (members[3], &type, fault))
        return false;
    message->kind = message_kind_of (type);
    return true;
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

bool
message_read_body (dom::object body, message_t *message, message_fault_t *fault)
{
    s_begin_numbers (message);
    switch (message->kind) {
#define MEMBER(name, field) {name, "/message/" name},
#define TAKE_TEXT(name, field) &&member_take_text (members[at++], &message->field, fault)
#define TAKE_NUMBER(name, field) &&member_take_number (members[at++], &message->field, fault)
#define ROW(NAME, number, type)                                                                    \
    case MESSAGE_##NAME: {                                                                         \
        member_t members[] = {MESSAGE_MEMBERS_##NAME (MEMBER, MEMBER)};                            \
        size_t at = 0;                                                                             \
        s_find (body, members);                                                                    \
        return true MESSAGE_MEMBERS_##NAME (TAKE_TEXT, TAKE_NUMBER);                               \
    }
        MESSAGE_KINDS (ROW)
#undef ROW
#undef TAKE_NUMBER
#undef TAKE_TEXT
#undef MEMBER
    }
    return true;  //  no kind: message_check reports it
}

//  Read an element up to the first member that is missing, given twice, or not an object where it
//  must be one. Return false if there is such a member.
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
    s_find (top, members);
    return member_take_object (members[0], &metadata, fault) &&
           s_read_metadata (metadata, message, fault) &&
           (!message->kind || (member_take_object (members[1], &body, fault) &&
                                  message_read_body (body, message, fault)));
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

//  Values that were not read break the rules, so message_check stops at the missing member at the
//  latest. Report the earlier of the two faults.
bool
message_judge (const message_t *message, const message_fault_t *absent, message_fault_t *fault)
{
    bool good = message_check (message, fault);
    if (!absent->pointer)
        return good;
    g_assert (!good);
    if (g_str_has_prefix (fault->pointer, absent->pointer))
        *fault = *absent;
    return false;
}

bool
message_read (dom::element element, message_t *message, message_fault_t *fault)
{
    message_fault_t absent = {};
    message_begin (message);
    if (s_read_members (element, message, &absent))
        absent = {};
    return message_judge (message, &absent, fault);
}
