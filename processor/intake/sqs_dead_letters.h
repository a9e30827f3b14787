//  Messages that are bad, on their way to the queue of --dead-letter. A letter has the body of the
//  message, and the attributes `reason`, `queue` and `id`. It is sent again until SQS has it. The
//  processor's thread owns the letters.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_DEAD_LETTERS_H
#define DOWNLINK_SQS_DEAD_LETTERS_H

#include "processor/intake/dead_letters.h"
#include "processor/intake/sqs_partition.h"

//  Make it. The feed is borrowed. *delivered counts the letters that SQS has.
dead_letters_t *sqs_dead_letters_new (sqs_feed_t *feed, uint64_t *delivered);

//  Destroy it, after the feed's client is destroyed or before it runs again.
void sqs_dead_letters_destroy (dead_letters_t **base_p);

//  Send a message of a partition. Until SQS has it, the message is marked as a letter, and must stay
//  where it is, unless it is forgotten.
void sqs_dead_letters_send (dead_letters_t *base, const sqs_partition_t *partition,
    sqs_message_t *message, const char *reason);

//  Forget the messages of a partition, which then is free to give them back.
void sqs_dead_letters_forget (dead_letters_t *base, const sqs_partition_t *partition);

//  Send what waits. Never wait.
void sqs_dead_letters_run (dead_letters_t *base);

#endif
