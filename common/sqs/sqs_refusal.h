//  The refusal of a call, as SQS words it: its code, a sentence, and its consequence for us. Pure
//  functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_REFUSAL_H
#define DOWNLINK_SQS_REFUSAL_H

#include "common/sqs/sqs_json.h"

#define SQS_CODE_SIZE 96
#define SQS_REASON_SIZE 384

typedef enum {
    SQS_DONE,
    SQS_AWAY,     //  no answer, or the service cannot do it now: try later
    SQS_DENIED,   //  the key, or a right, is missing: try later; an operator has to act
    SQS_MISSING,  //  there is no such queue
    SQS_REFUSED,  //  SQS would refuse the call again
} sqs_outcome_t;

typedef struct {
    sqs_outcome_t outcome;         //  never DONE
    char code[SQS_CODE_SIZE];      //  of AWS, for example "QueueDoesNotExist"; "" if there is none
    char reason[SQS_REASON_SIZE];  //  a sentence
} sqs_refusal_t;

//  Read an answer with a status of HTTP other than 200; json NULL: its body is not JSON.
void sqs_refusal_read (sqs_refusal_t *self, long status, const sqs_json_t *json);

#endif
