//  A message of a queue of SQS, as an answer to ReceiveMessage has it. Any program may have sent
//  it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_MESSAGE_H
#define DOWNLINK_SQS_MESSAGE_H

#include <glib.h>

#include "common/sqs/sqs_json.h"

typedef struct {
    char *receipt;
    char *id;
    text_t body;        //  owned
    char *frames;       //  the attribute downlink-frame; NULL: none
    char *part;         //  the attribute downlink-part; NULL: none
    int64_t sent_ms;    //  time of day
    int64_t hidden_ms;  //  until then, on clock_ms
    uint64_t folded;    //  of the shard, when it was folded
    bool is_letter;     //  its dead letter is on its way
    GList link;
} sqs_message_t;

//  Read an element of "Messages". Return NULL if it has no body or no receipt. The caller frees it.
sqs_message_t *sqs_message_read (const sqs_json_t *json) __attribute__ ((warn_unused_result));

//  Free a message that is in no list.
void sqs_message_free (sqs_message_t *message);

#endif
