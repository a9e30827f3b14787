//  The state that a gateway serves: the first state that processors announce to it. All workers
//  share it. If processors of two states announce themselves before the choice, the gateway chooses
//  neither, since it cannot know which state it should serve, unless one was moved from the other.
//
//  When the served state was moved (downlink-move), the gateway follows: it serves the new state
//  once the processors of the old state are silent. Any thread may call these functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SERVED_STATE_H
#define DOWNLINK_SERVED_STATE_H

#include <stdint.h>

#include "common/domain/state_ancestors.h"

#define STATE_CHOICE_MS 600     //  longer than all live processors take to announce themselves
#define STATE_SILENCE_MS 2000   //  a state without an announcement for this time is gone
#define STATE_CANDIDATES_MAX 4  //  more than two say nothing new

typedef struct served_state served_state_t;

served_state_t *served_state_new (void);

void served_state_destroy (served_state_t **self_p);

typedef enum {
    STATE_SERVED,     //  the processor has the served state
    STATE_REFUSED,    //  it has another state, or announces none while one is known
    STATE_UNDECIDED,  //  not decided yet
} state_verdict_t;

//  Judge a processor by its announced state and the ancestors of that state. is_last: all
//  processors have announced themselves, so there is no reason to wait.
state_verdict_t served_state_judge (served_state_t *self, const state_id_t *state,
    const state_ancestors_t *ancestors, bool is_last, int64_t now_ms);

//  Return the served state; an unknown one if none is chosen.
state_id_t served_state_get (served_state_t *self);

//  Return true if the gateway cannot choose between two states, and copy both.
bool served_state_doubt (served_state_t *self, state_id_t doubt[2], int64_t now_ms);

#endif
