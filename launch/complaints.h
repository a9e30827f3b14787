//  What the user is told while messages are not accepted: the first failure of an outage, and why.
//  An outage ends when a message is accepted.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_COMPLAINTS_H
#define DOWNLINK_COMPLAINTS_H

#include "launch/http_client.h"

typedef struct {
    const http_place_t *place;
    uint64_t retry_ms;
    bool is_line_open;  //  a bar of progress stands on the terminal's line
    bool is_told;       //  about this outage
    int64_t told_ms;    //  when something was last told; 0: never
} complaints_t;

//  Return true if an answer with this status would be the same if the request were sent again.
bool is_permanent_refusal (unsigned status);

//  Say that the gateway does not answer, and that it is asked again.
void complain_of_silence (complaints_t *self);

//  Say which status an answer has, with its problem's detail, and that the request is sent again.
void complain_of_status (complaints_t *self, const http_answer_t *answer);

//  Say the same of an answer that ends the campaign.
void complain_of_refusal (const complaints_t *self, const http_answer_t *answer);

//  A message was accepted: the outage is over.
void complaints_end (complaints_t *self);

#endif
