//  Write the bodies of SQS calls, and read the results of batches. An entry of a batch has its
//  index as its Id. A writer of bodies reuses its memory. One thread owns a writer.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_BATCH_H
#define DOWNLINK_SQS_BATCH_H

#include <stdbool.h>

#include "common/bytes/json_writer.h"
#include "common/sqs/sqs_client.h"

#define SQS_BATCH_MAX 10              //  entries
#define SQS_BATCH_BYTES (256 * 1024)  //  of bodies and attributes, in a message as in a batch
#define SQS_ATTRIBUTES_MAX 4          //  that we send

//  An attribute of a message: a String.
typedef struct {
    const char *name;
    const char *value;
} sqs_attribute_t;

//  A message to send.
typedef struct {
    text_t body;
    const char *group;  //  of a FIFO queue; NULL: a standard queue
    const char *once;   //  of a FIFO queue: messages with the same text count once in five minutes
    sqs_attribute_t attributes[SQS_ATTRIBUTES_MAX];
    size_t attributes_count;
} sqs_entry_t;

//  Return the bytes of a message, as SQS counts them.
size_t sqs_entry_bytes (const sqs_entry_t *self);

//  Write a body, and return it, borrowed until the next one.
text_t sqs_body_get_url (json_writer_t *json, const char *name);
text_t sqs_body_create (json_writer_t *json, const char *name, const sqs_settings_t *settings);
text_t sqs_body_ask (json_writer_t *json, const char *url);  //  GetQueueAttributes: all of them
text_t sqs_body_send (
    json_writer_t *json, const char *url, const sqs_entry_t *entries, size_t count);
text_t sqs_body_receive (
    json_writer_t *json, const char *url, const sqs_settings_t *settings, int wait_s);
text_t sqs_body_delete (json_writer_t *json, const char *url, char *const *receipts, size_t count);
text_t sqs_body_show_in (json_writer_t *json, const char *url, char *const *receipts, size_t count,
    int seconds);  //  ChangeMessageVisibilityBatch

//  The fate of an entry.
typedef struct {
    bool is_done;
    bool is_refused;     //  SQS would refuse it again
    const char *reason;  //  if it is not done; borrowed from the reply
} sqs_result_t;

//  Read the result of an entry from a reply to a batch, whatever its outcome.
sqs_result_t sqs_result_of (const sqs_reply_t *reply, size_t index);

#endif
