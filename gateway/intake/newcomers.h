//  Find rockets that do not exist yet while a processor is full (--rockets of downlink-processor),
//  so that the gateway can refuse their messages before it accepts them.
//
//  Only the owner knows whether a rocket exists. So the gateway asks the owner once for each rocket
//  and remembers the reply: for EXISTS_MS that the rocket exists, for MISSING_MS that it does not.
//  While no processor is full, the gateway asks nothing. A worker owns the object.
//
//  The bound is soft. A gateway learns of a full processor some milliseconds late. The processor
//  folds all messages that the gateway has accepted by then, because no accepted message is lost.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_NEWCOMERS_H
#define DOWNLINK_NEWCOMERS_H

#include "gateway/queries/asker.h"

typedef struct newcomers newcomers_t;

typedef enum {
    NEWCOMERS_NONE,     //  every rocket exists, or has room
    NEWCOMERS_ASKED,    //  an owner was asked: look again when a reply came
    NEWCOMERS_REFUSED,  //  a rocket does not exist, and its owner has no room
} newcomers_verdict_t;

//  Make the object. Directory and asker are borrowed.
newcomers_t *newcomers_new (const directory_t *directory, asker_t *asker);

//  Cancel the inquiries in progress. Call it before asker_destroy.
void newcomers_destroy (newcomers_t **self_p);

//  Return true if a processor is full. Look at rockets only then.
bool newcomers_are_limited (newcomers_t *self);

//  Return the verdict on a rocket, and ask its owner if need be. The verdict on several rockets is
//  the greatest.
newcomers_verdict_t newcomers_look (newcomers_t *self, text_t channel);

//  Return the number of replies that came so far. While it stays the same, another look at a rocket
//  that was asked for returns the same verdict.
uint64_t newcomers_replies (const newcomers_t *self);

#endif
