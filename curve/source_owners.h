//  Which key each source of frames belongs to: the one that used it first. So the holder of another
//  key cannot send frames, or have sequences acknowledged, in the name of a gateway. Links without
//  keys have no owners.
//
//  The table is bounded: a key that uses more than SOURCES_OF_A_KEY_MAX sources loses the one that it
//  used longest ago. One key cannot push out the sources of another one. The processor's thread owns
//  it; a new processor begins with an empty table.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SOURCE_OWNERS_H
#define DOWNLINK_SOURCE_OWNERS_H

#include "common/bytes/frame.h"

#define SOURCES_OF_A_KEY_MAX 1024
#define SOURCE_KEYS_MAX 1024  //  keys with sources; beyond them the table begins anew

typedef struct source_owners source_owners_t;

source_owners_t *source_owners_new (void);

void source_owners_destroy (source_owners_t **self_p);

//  Return true if the source belongs to the key of this name; now it does, if it had no owner.
bool source_owners_take (source_owners_t *self, const uint8_t source[FRAME_SOURCE_SIZE],
    const char *key) __attribute__ ((warn_unused_result));

//  Return the number of sources in the table.
size_t source_owners_count (const source_owners_t *self);

#endif
