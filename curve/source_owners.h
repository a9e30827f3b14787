//  Record which key each source of frames belongs to: the key that used it first. So the holder of
//  another key cannot send frames, or get sequences acknowledged, in the name of a gateway. Without
//  keys on the links, sources have no owners.
//
//  The table is bounded: a key that uses more than SOURCES_OF_A_KEY_MAX sources loses the source
//  that it used longest ago. No key can push out the sources of another key. The processor's thread
//  owns the table; a new processor begins with an empty one.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SOURCE_OWNERS_H
#define DOWNLINK_SOURCE_OWNERS_H

#include "common/bytes/frame.h"

#define SOURCES_OF_A_KEY_MAX 1024
#define SOURCE_KEYS_MAX 1024  //  keys with sources; a further key empties the table

typedef struct source_owners source_owners_t;

source_owners_t *source_owners_new (void);

void source_owners_destroy (source_owners_t **self_p);

//  Return true if the source belongs to the key with this name. Give a source without an owner to
//  this key.
bool source_owners_take (source_owners_t *self, const uint8_t source[FRAME_SOURCE_SIZE],
    const char *key) __attribute__ ((warn_unused_result));

#endif
