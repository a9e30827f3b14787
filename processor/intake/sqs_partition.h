//  Read one queue of SQS. A message goes through these lists:
//
//    inbox  received, and not folded yet
//    held   folded but not saved, or its dead letter is not delivered yet
//    done   saved: to delete
//    back   will not be saved here: to show at once to the next owner
//
//  As long as a message is in the inbox or held, the partition extends the time for which SQS hides
//  it from other readers. Deletions and other changes go in batches of ten; entries that SQS
//  refuses are tried again. No function waits for the network. The processor's thread owns the
//  partition.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_PARTITION_H
#define DOWNLINK_SQS_PARTITION_H

#include <glib.h>

#include "processor/intake/sqs_feed.h"
#include "processor/intake/sqs_message.h"

#define SQS_HELD_MAX 2000  //  messages in all lists; SQS lets 20,000 of a FIFO queue be hidden
#define SQS_INBOX_MAX 20   //  messages in the inbox at which the partition asks for no more
#define SQS_PARTITION_RECEIVES 3  //  calls that ask for messages at a time

//  Zeroed memory with a feed and a number is a partition that is not assigned.
typedef struct {
    sqs_feed_t *feed;
    uint32_t number;
    bool is_assigned;
    uint64_t assignment;  //  number of the present or last one
    GQueue inbox;         //  of sqs_message_t
    GQueue held;          //  of sqs_message_t
    GQueue done;          //  of sqs_message_t
    GQueue back;          //  of sqs_message_t
    GQueue calls;         //  in progress
    unsigned receives;    //  calls that ask for messages
    unsigned changes;     //  calls that delete, hide or show messages
    bool is_full;         //  the last answer had a full batch of messages
    bool is_counting;     //  a call asks how many messages wait
    uint64_t waiting;     //  messages in the queue, as SQS said last
    bool is_counted;      //  SQS has said so under this assignment
    int64_t count_at_ms;
    int64_t look_at_ms;  //  for messages that must stay hidden
    int64_t rest_until_ms;
    unsigned failures;  //  in a row
    int64_t newest_ms;  //  when the newest message was sent, time of day
} sqs_partition_t;

void sqs_partition_free (sqs_partition_t *self);

//  Read from now on.
void sqs_partition_assign (sqs_partition_t *self);

//  Read no more. Messages that are not folded go back; folded ones are still held.
void sqs_partition_revoke (sqs_partition_t *self);

//  Make the calls that are due, among them at most receives_max (0 to SQS_PARTITION_RECEIVES) that
//  ask for messages. SQS may wait for messages for wait_s.
void sqs_partition_run (sqs_partition_t *self, unsigned receives_max, int wait_s);

//  Return the next message of the inbox, or NULL. Pass it to sqs_partition_hold next.
sqs_message_t *sqs_partition_next (const sqs_partition_t *self);

//  Hold the first message of the inbox. folded: changes_folded after its messages.
void sqs_partition_hold (sqs_partition_t *self, sqs_message_t *message, uint64_t folded);

//  Delete the held messages whose lines are among the first `saved` folded ones.
void sqs_partition_settle (sqs_partition_t *self, uint64_t saved);

//  Show all held messages to other readers: they will not be saved here. Forget their letters
//  first.
void sqs_partition_give_back (sqs_partition_t *self);

//  Return true if changes are left or in progress.
bool sqs_partition_is_busy (const sqs_partition_t *self);

//  Return the time of day at which the oldest unsaved message was sent; 0: there is none.
int64_t sqs_partition_oldest_ms (const sqs_partition_t *self);

#endif
