//  Messages to the user while the gateway accepts nothing: the first failure of an outage, with its
//  reason. An outage ends when a message is accepted.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_COMPLAINTS_H
#define DOWNLINK_COMPLAINTS_H

#include "common/client/http_client.h"

typedef struct {
    const http_place_t *place;
    uint64_t retry_ms;
    bool is_line_open;  //  a bar of progress stands on the terminal's line
    bool is_told;       //  about this outage
    int64_t told_ms;    //  the time of the last message; 0: none yet
} complaints_t;

//  Return true if an answer with this status would be the same if the request were sent again.
bool complaints_is_permanent (unsigned status);

//  Print that the gateway does not answer, and that the request is sent again.
void complaints_add_silence (complaints_t *self);

//  Print the status of an answer with its problem's detail, and that the request is sent again.
void complaints_add_status (complaints_t *self, const http_answer_t *answer);

//  Print the status and detail of an answer that ends the campaign.
void complaints_add_refusal (const complaints_t *self, const http_answer_t *answer);

//  Print why the server is not believed, which ends the campaign.
void complaints_add_fault (const complaints_t *self, const char *fault);

//  End the outage: a message was accepted.
void complaints_end (complaints_t *self);

#endif
