//  A rocket as a msgpack map, with the members of the API. Readers get the id, and a version that
//  tells the newer of two maps. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROCKET_MAP_H
#define DOWNLINK_ROCKET_MAP_H

#include <glib.h>

#include "common/domain/rocket.h"
#include "common/text/text.h"

//  Append the map of a rocket.
void rocket_map_write (GByteArray *out, const rocket_view_t *view);

//  The version of a rocket. A rocket that is loaded again under a higher epoch may have fewer
//  changes than before, if some were not saved. So the epoch counts first.
typedef struct {
    uint64_t epoch;    //  of its partition
    uint64_t changes;  //  messagesApplied + conflicts: each visible change raises it
} rocket_version_t;

//  Return a number below 0 if a is older than b, 0 if they are the same, above 0 if a is newer.
int rocket_version_compare (rocket_version_t a, rocket_version_t b);

//  Read the id, borrowed from the map, and the changes. Return false if the map is not a rocket.
bool rocket_map_read (text_t map, text_t *id, uint64_t *changes)
    __attribute__ ((warn_unused_result));

#endif
