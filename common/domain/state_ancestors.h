//  The states that a state was moved from (downlink-move), the newest first. Processors announce
//  them with the identity of their state, so that a gateway that serves an ancestor follows the
//  rockets. The list is bounded: it drops the oldest ancestor.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STATE_ANCESTORS_H
#define DOWNLINK_STATE_ANCESTORS_H

#include "common/domain/state_id.h"

#define STATE_ANCESTORS_MAX 8

//  Zeroed memory is a state that was not moved.
typedef struct {
    uint32_t count;
    state_id_t ids[STATE_ANCESTORS_MAX];
} state_ancestors_t;

//  Add the state that was moved last.
void state_ancestors_add (state_ancestors_t *self, const state_id_t *id);

bool state_ancestors_has (const state_ancestors_t *self, const state_id_t *id);

#define STATE_ANCESTORS_TEXT_SIZE (STATE_ANCESTORS_MAX * STATE_ID_TEXT_SIZE + 1)

//  Write the UUIDs with spaces in between, terminated; and read them. Return false if the text is
//  not such a list.
void state_ancestors_text (const state_ancestors_t *self, char text[STATE_ANCESTORS_TEXT_SIZE]);
bool state_ancestors_parse (state_ancestors_t *self, text_t text)
    __attribute__ ((warn_unused_result));

#endif
