//  SPDX-License-Identifier: Apache-2.0
#include "move/positions.h"

#include "common/process/log.h"

static bool
s_position (move_end_t *end, uint32_t partition, position_t *position)
{
    return end->store->position (end->store, partition, position);
}

uint32_t
positions_count (move_end_t *end)
{
    uint32_t count = 0;
    position_t position;
    for (uint32_t partition = 0; partition < end->traits.partitions; partition++)
        count += s_position (end, partition, &position);
    return count;
}

bool
positions_carry (move_end_t *from, move_end_t *to)
{
    position_t position;
    bool good = true;
    for (uint32_t partition = 0; good && partition < from->traits.partitions; partition++)
        if (s_position (from, partition, &position))
            good = move_end_save (to, partition, NULL, 0, &position);
    return good;
}

bool
positions_verify (move_end_t *from, move_end_t *to, bool are_kept)
{
    for (uint32_t partition = 0; partition < to->traits.partitions; partition++) {
        position_t found;
        position_t wanted;
        bool is_found = s_position (to, partition, &found);
        bool is_wanted = are_kept && s_position (from, partition, &wanted);
        if (is_found == is_wanted &&
            (!is_found || (found.offset == wanted.offset &&
                              memcmp (found.feed, wanted.feed, POSITION_FEED_SIZE) == 0)))
            continue;
        log_event (LOG_ERROR, "the target does not have the positions of the source",
            "target=%s partition=%u advice=%s", to->place, partition,
            "delete the target, and move again");
        return false;
    }
    return true;
}
