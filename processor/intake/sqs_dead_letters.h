//  Send bad messages to the queue of --dead-letter. A letter has the body of the message, and the
//  attributes `reason`, `queue` and `id`. The processor sends it again until SQS has it. The
//  processor's thread owns the letters.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_DEAD_LETTERS_H
#define DOWNLINK_SQS_DEAD_LETTERS_H

#include "processor/intake/dead_letters.h"
#include "processor/intake/sqs_partition.h"

//  Make an object without letters. The feed is borrowed. *delivered counts the letters that SQS
//  has.
dead_letters_t *sqs_dead_letters_new (sqs_feed_t *feed, uint64_t *delivered);

//  Destroy the object, after the feed's client is destroyed or before that client runs again.
void sqs_dead_letters_destroy (dead_letters_t **base_p);

//  Send the letter of a message of a partition. Until SQS has the letter, the message is marked as
//  a letter, and must stay where it is, unless it is forgotten.
void sqs_dead_letters_send (dead_letters_t *base, const sqs_partition_t *partition,
    sqs_message_t *message, const char *reason);

//  Forget the letters of a partition, so that the partition may give its messages back.
void sqs_dead_letters_forget (dead_letters_t *base, const sqs_partition_t *partition);

//  Send the letters that wait. Never wait for SQS.
void sqs_dead_letters_run (dead_letters_t *base);

#endif
