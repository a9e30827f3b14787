//  Rockets that do not exist yet, while a processor holds as many as it may (--rockets of
//  downlink-processor): their messages are refused before they are accepted.
//
//  Only the owner knows whether a rocket exists, so the gateway asks it, once for each rocket and
//  remembers the answer: for EXISTS_MS that it exists, for MISSING_MS that it does not. Without a full
//  processor nothing is asked and nothing costs. A worker owns it.
//
//  The bound is soft. A gateway learns of a full processor some milliseconds later, and all that it
//  has accepted until then is taken in, because accepted messages are never lost.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_NEWCOMERS_H
#define DOWNLINK_NEWCOMERS_H

#include "gateway/questions/asker.h"

typedef struct newcomers newcomers_t;

typedef enum {
    NEWCOMERS_NONE,     //  every rocket exists, or has room
    NEWCOMERS_ASKED,    //  an owner was asked: look again when there are news
    NEWCOMERS_REFUSED,  //  a rocket does not exist, and its owner has no room
} newcomers_verdict_t;

//  Directory and asker are borrowed.
newcomers_t *newcomers_new (const directory_t *directory, asker_t *asker);

//  Cancel the questions that are under way. Call it before asker_destroy.
void newcomers_destroy (newcomers_t **self_p);

//  Return true if a processor is full. While none is, there is nothing to look at.
bool newcomers_are_limited (newcomers_t *self);

//  Begin with the rockets of a request, look at each, and return the verdict on all.
void newcomers_begin (newcomers_t *self);
void newcomers_look (newcomers_t *self, text_t channel);
newcomers_verdict_t newcomers_verdict (const newcomers_t *self);

//  Return true if answers came since the last call.
bool newcomers_have_news (newcomers_t *self);

#endif
