//  The state that a gateway serves: the first one whose processors it hears. All workers share it,
//  so that they agree. While processors of two states are heard before one is chosen, none is: the
//  gateway cannot tell which one is meant. Any thread may call it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SERVED_STATE_H
#define DOWNLINK_SERVED_STATE_H

#include <stdint.h>

#include "common/domain/state_id.h"

#define STATE_CHOICE_MS 600     //  longer than it takes to hear everybody who is there
#define STATE_SILENCE_MS 2000   //  a state that was not chosen is forgotten then
#define STATE_CANDIDATES_MAX 4  //  more than two say nothing new

typedef struct served_state served_state_t;

served_state_t *served_state_new (void);

void served_state_destroy (served_state_t **self_p);

typedef enum {
    STATE_SERVED,     //  the processor is of the state that is served
    STATE_REFUSED,    //  it is of another one, or says none while one is known
    STATE_UNDECIDED,  //  it cannot be told yet
} state_verdict_t;

//  Judge a processor by the state that it announces. is_last: every processor that there is has
//  been heard, so nothing is to be waited for.
state_verdict_t served_state_judge (
    served_state_t *self, const state_id_t *state, bool is_last, int64_t now_ms);

//  Copy the state that is served; one that is not known if none is chosen.
state_id_t served_state_get (served_state_t *self);

//  Copy two states of which none can be chosen; false if that is not so.
bool served_state_doubt (served_state_t *self, state_id_t doubt[2], int64_t now_ms);

#endif
