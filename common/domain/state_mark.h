//  The mark of a state that downlink-move has touched. A processor starts only on a state without a
//  mark.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STATE_MARK_H
#define DOWNLINK_STATE_MARK_H

#include "common/domain/state_id.h"

#define STATE_PLACE_SIZE 256
#define STATE_MARK_TEXT_SIZE (STATE_PLACE_SIZE + STATE_ID_TEXT_SIZE + 16)

typedef enum {
    STATE_UNMARKED,
    STATE_UNFINISHED,  //  a move is filling the state, or was interrupted
    STATE_MOVED        //  the rockets are in another state now
} state_phase_t;

//  Zeroed memory is no mark.
typedef struct {
    state_phase_t phase;
    state_id_t other;              //  the state at the other end of the move
    char place[STATE_PLACE_SIZE];  //  its place, for people: one line, without a password
} state_mark_t;

bool state_mark_equal (const state_mark_t *a, const state_mark_t *b);

//  Write the mark as one line, terminated: "moved", the UUID and the place. Empty: no mark.
void state_mark_text (const state_mark_t *self, char text[STATE_MARK_TEXT_SIZE]);

//  Read that line. Return false if the text is not one.
bool state_mark_parse (state_mark_t *self, text_t text) __attribute__ ((warn_unused_result));

#endif
