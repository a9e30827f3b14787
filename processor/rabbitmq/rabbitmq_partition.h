//  The messages of one queue that are delivered and not acknowledged. A message may be acknowledged
//  when it is saved and its dead letter, if it has one, is carried. One acknowledgement covers all
//  messages up to a tag. The processor's thread owns the partition.
//
//    phase                      reads  acknowledges  ends when
//    RABBITMQ_PARTITION_IDLE    no     no            it is assigned
//    RABBITMQ_PARTITION_READS   yes    yes           it is revoked
//    RABBITMQ_PARTITION_LEAVES  no     yes           all that came is saved, or some time is over
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RABBITMQ_PARTITION_H
#define DOWNLINK_RABBITMQ_PARTITION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    RABBITMQ_PARTITION_IDLE,
    RABBITMQ_PARTITION_READS,
    RABBITMQ_PARTITION_LEAVES
} rabbitmq_partition_phase_t;

typedef struct {
    rabbitmq_partition_phase_t phase;
    uint64_t assignment;  //  number of the present or last one
    uint64_t instance;    //  of the channel of the messages
    GQueue unsaved;       //  in the order of their tags
    int64_t left_ms;      //  when it began to leave
    int64_t behind_ms;    //  when messages began to wait in the queue; 0: none waits
    uint64_t waiting;     //  messages that were delivered and are not read
} rabbitmq_partition_t;

//  Note a message that was read. folded is changes_folded after it. is_held: its dead letter is on
//  its way.
void rabbitmq_partition_add (rabbitmq_partition_t *self, uint64_t instance, uint64_t tag,
    uint64_t folded, int64_t time_ms, bool is_held);

//  Note that the letter of a message is carried. Do nothing if assignment or instance has changed.
void rabbitmq_partition_let_go (
    rabbitmq_partition_t *self, uint64_t assignment, uint64_t instance, uint64_t tag);

//  Forget the messages that can be acknowledged when `saved` messages are saved (changes_saved).
//  Return true and set *tag to the last of them if there are any.
bool rabbitmq_partition_settle (rabbitmq_partition_t *self, uint64_t saved, uint64_t *tag);

//  Forget all messages.
void rabbitmq_partition_forget (rabbitmq_partition_t *self);

//  Return the time of the oldest message that is not acknowledged, in ms since 1970; 0: none, or
//  unknown.
int64_t rabbitmq_partition_oldest_ms (const rabbitmq_partition_t *self);

#endif
