//  Messages that are bad, on their way to the queue of --dead-letter. A letter has the body of the
//  message, and the attributes `reason`, `queue` and `id`. It is sent again until SQS has it. The
//  processor's thread owns the letters.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_DEAD_LETTERS_H
#define DOWNLINK_SQS_DEAD_LETTERS_H

#include "processor/intake/sqs_partition.h"

typedef struct sqs_dead_letters sqs_dead_letters_t;

//  Make it. The feed is borrowed. *delivered counts the letters that SQS has.
sqs_dead_letters_t *sqs_dead_letters_new (sqs_feed_t *feed, uint64_t *delivered);

//  Destroy it, after the feed's client is destroyed or before it runs again.
void sqs_dead_letters_destroy (sqs_dead_letters_t **self_p);

//  Send a message of a partition. Until SQS has it, the message is marked as a letter, and must stay
//  where it is, unless it is forgotten.
void sqs_dead_letters_send (sqs_dead_letters_t *self, const sqs_partition_t *partition,
    sqs_message_t *message, const char *reason);

//  Forget the messages of a partition, which then is free to give them back.
void sqs_dead_letters_forget (sqs_dead_letters_t *self, const sqs_partition_t *partition);

//  Send what waits. Never wait.
void sqs_dead_letters_run (sqs_dead_letters_t *self);

//  Return true if so many letters wait that no more messages may be read for now.
bool sqs_dead_letters_is_full (const sqs_dead_letters_t *self);

//  Return the number of letters that wait for their delivery.
uint64_t sqs_dead_letters_waiting (const sqs_dead_letters_t *self);

#endif
