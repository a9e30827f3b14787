//  The settings of --sqs-config, checked, and the values that follow from them.
//
//    region              of AWS, for example eu-west-1; the only setting that is required
//    endpoint            http or https address of another service that speaks SQS
//    fifo                yes: FIFO queues. no (default): standard queues
//    profile             of ~/.aws/credentials; without it also the environment and roles count
//    visibility_seconds  until a message of a dead processor comes again: 2 to 43200 (10)
//    wait_seconds        how long a request waits for messages: 1 to 20 (20)
//
//  Keys do not belong in this file.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_SETTINGS_H
#define DOWNLINK_SQS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bus/bus.h"

typedef struct {
    char *region;
    char *endpoint;     //  with a slash at its end
    char *profile;      //  NULL: none is set
    char *topic;        //  to compare gateways with processors; it ends in `.fifo` for FIFO queues
    char *prefix;       //  of the names of the queues
    char *dead_letter;  //  NULL: none
    bool is_fifo;
    int visibility_s;
    int wait_s;
} sqs_settings_t;

//  Read the file of a choice with BUS_SQS. Return NULL if it cannot be used, or if no queue can
//  have the chosen names; then the log says why.
sqs_settings_t *sqs_settings_read (const bus_choice_t *choice);

void sqs_settings_destroy (sqs_settings_t **self_p);

//  Return the name of the queue of a partition. The caller frees it.
char *sqs_settings_queue (const sqs_settings_t *self, uint32_t partition);

#endif
