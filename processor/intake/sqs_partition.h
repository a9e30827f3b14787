//  The reading of one queue of SQS. A message goes through these lists:
//
//    inbox  received, and not folded yet
//    held   folded, and not saved, or its dead letter is not there yet
//    done   saved: to delete
//    back   not saved, and nobody will save it here: to show at once to the next owner
//
//  As long as a message is in the inbox or held, SQS hides it from others; that time is extended.
//  Deletions and the rest are batches of ten; what SQS does not take is tried again. Nothing waits for
//  the network. The processor's thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_PARTITION_H
#define DOWNLINK_SQS_PARTITION_H

#include <glib.h>

#include "processor/intake/sqs_feed.h"
#include "processor/intake/sqs_message.h"

#define SQS_HELD_MAX 2000  //  messages in all lists; SQS lets 20,000 of a FIFO queue be hidden
#define SQS_INBOX_MAX 20   //  so many may wait while more are asked for
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
    GQueue calls;         //  under way
    unsigned receives;    //  of them
    unsigned changes;     //  of them: deletions and the like
    bool is_full;         //  the last answer had as many messages as can be
    bool is_counting;     //  SQS is asked how many messages wait
    uint64_t waiting;     //  in the queue, as SQS said last
    bool is_counted;      //  it has said it under this assignment
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

//  Make the calls that are due, and ask for messages in so many calls at a time, at most: 0 to
//  SQS_PARTITION_RECEIVES. SQS may wait for messages for wait_s.
void sqs_partition_run (sqs_partition_t *self, unsigned receives_max, int wait_s);

//  Return the next message of the inbox, or NULL; hold it, then.
sqs_message_t *sqs_partition_next (const sqs_partition_t *self);

//  Hold the first message of the inbox. folded: of the shard.
void sqs_partition_hold (sqs_partition_t *self, sqs_message_t *message, uint64_t folded);

//  Delete the held messages of which so many folded ones are saved.
void sqs_partition_settle (sqs_partition_t *self, uint64_t saved);

//  Show all held messages again: they will not be saved here. Their letters must be forgotten.
void sqs_partition_give_back (sqs_partition_t *self);

//  Return true if deletions and the like are left, or under way.
bool sqs_partition_is_busy (const sqs_partition_t *self);

//  Return the time of day when the oldest message was sent that is not saved; 0: there is none.
int64_t sqs_partition_oldest_ms (const sqs_partition_t *self);

#endif
