//  SPDX-License-Identifier: Apache-2.0
#include "processor/save/check_traits.h"

#include "common/process/log.h"

void
check_partitions (uint32_t *partitions, uint32_t existing, const char *where)
{
    if (existing != *partitions)
        log_event (LOG_WARN,
            "--partitions has no effect: the state keeps the number of partitions it was made with",
            "used=%u from=%s ignored=%u advice=%s", existing, where, *partitions,
            "give --partitions the number that is used, or make a new state elsewhere");
    *partitions = existing;
}

bool
check_ordering (ordering_t existing, ordering_t wanted, const char *where)
{
    if (existing == wanted)
        return true;
    log_event (LOG_ERROR,
        "the state was made with another ordering, which cannot be changed: it is refused",
        "state=%s its=%s wanted=%s advice=%s", where, ordering_name (existing),
        ordering_name (wanted), "give every processor of this state the same --ordering");
    return false;
}
