//  One rocket message: its kind, its limits, its rules. The JSON reader and the frame reader both
//  fill a message_t and call message_check, so each rule stands in one place.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MESSAGE_H
#define DOWNLINK_MESSAGE_H

#include <stdint.h>

#include "common/domain/message_kinds.h"
#include "common/text/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MESSAGE_CHANNEL_MAX_BYTES 128
#define MESSAGE_TEXT_MAX_BYTES 256
#define MESSAGE_NUMBER_MAX 9007199254740991u  //  2^53 - 1: every JSON reader can hold it

//  The values are sent and stored.
typedef enum {
#define ROW(NAME, number, type) MESSAGE_##NAME = (number),
    MESSAGE_KINDS (ROW)
#undef ROW
} message_kind_t;

//  A message. Its texts are borrowed from the bytes that it was read from.
typedef struct {
    text_t channel;   //  the rocket's id
    uint64_t number;  //  1 to MESSAGE_NUMBER_MAX, unique within the channel
    int64_t time_us;  //  microseconds since 1970, UTC
    message_kind_t kind;
    uint64_t speed;  //  0 in a kind without this member
    text_t type;     //  no data in a kind without this member; the same for the texts below
    text_t mission;
    text_t reason;
} message_t;

//  A fault in a message: its place, as a JSON pointer (RFC 6901) into the JSON form, and the rule
//  that it breaks, as a sentence without a full stop. Both are constant strings.
typedef struct {
    const char *pointer;
    const char *detail;
} message_fault_t;

//  Check a message against all rules: channel, number, time, kind, speed and texts, UTF-8 included.
//  Return true if it keeps all rules. Else set *fault (never NULL) to the first broken rule, and
//  return false.
bool message_check (const message_t *message, message_fault_t *fault)
    __attribute__ ((warn_unused_result));

//  The most faults of one message: channel, number, time and kind, or the members of a kind too.
#define MESSAGE_FAULTS_MAX 8

//  Write all broken rules to faults, in the order of message_check, and return their number. The
//  members of an unknown kind break no rules.
size_t message_faults (const message_t *message, message_fault_t faults[MESSAGE_FAULTS_MAX]);

//  Check a message that a gateway has accepted. Allow ids with hidden characters: an earlier
//  version accepted them, and no accepted message may get lost.
bool message_check_accepted (const message_t *message, message_fault_t *fault)
    __attribute__ ((warn_unused_result));

//  Return true if the number is that of a kind.
bool message_kind_is_known (uint64_t number);

//  Return the kind of a messageType, or 0 for an unknown one.
message_kind_t message_kind_of (text_t name);

//  Return a hash of the message without its channel and number, to tell a repeat from a conflict.
//  It is never 0, and the same on every machine and in every release (XXH3 over a canonical form).
uint32_t message_content_hash (const message_t *message);

#ifdef __cplusplus
}
#endif

#endif
