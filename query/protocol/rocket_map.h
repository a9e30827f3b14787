//  A rocket as the API shows it, as a msgpack map: how it is written, and what a reader needs of it
//  to know which rocket it is and which of two maps is newer.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROCKET_MAP_H
#define DOWNLINK_ROCKET_MAP_H

#include <glib.h>

#include "common/domain/rocket.h"
#include "common/text/text.h"

void rocket_map_write (GByteArray *out, const rocket_view_t *view);

//  Which state of a rocket a map shows. A rocket that is loaded again under a higher epoch may have
//  fewer changes than it had shown before they were saved: so the epoch counts first.
typedef struct {
    uint64_t epoch;    //  of its partition
    uint64_t changes;  //  messagesApplied + conflicts: whatever can be seen to change raises it
} rocket_version_t;

//  Below zero if a is older than b, 0 if they are the same, above if it is newer.
int rocket_version_compare (rocket_version_t a, rocket_version_t b);

//  Read the id, borrowed from the map, and the changes. False if it is no rocket.
bool rocket_map_read (text_t map, text_t *id, uint64_t *changes)
    __attribute__ ((warn_unused_result));

#endif
