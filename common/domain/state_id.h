//  The identity of a state: a UUID that is made and stored with the state. All processors of a
//  state announce it, and a gateway serves only one state.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STATE_ID_H
#define DOWNLINK_STATE_ID_H

#include <stdint.h>

#include "common/text/text.h"

#define STATE_ID_SIZE 16
#define STATE_ID_TEXT_SIZE 37  //  8-4-4-4-12 hexadecimal digits, and the terminator

//  Zeroed memory is an unknown identity.
typedef struct {
    uint8_t bytes[STATE_ID_SIZE];
} state_id_t;

//  Return a new identity, a random UUID (version 4).
state_id_t state_id_new (void);

//  Return true unless the identity is unknown.
bool state_id_is_known (const state_id_t *self);

bool state_id_equal (const state_id_t *a, const state_id_t *b);

//  Write the identity in the usual form, terminated, or "unknown".
void state_id_text (const state_id_t *self, char text[STATE_ID_TEXT_SIZE]);

//  Read the usual form. Return false if the text is not a UUID.
bool state_id_parse (state_id_t *self, text_t text) __attribute__ ((warn_unused_result));

#endif
