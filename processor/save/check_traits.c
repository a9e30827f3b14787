//  SPDX-License-Identifier: Apache-2.0
#include "processor/save/check_traits.h"

#include "common/process/log.h"

static void
s_check_partitions (uint32_t existing, uint32_t wanted, const char *from)
{
    if (existing != wanted)
        log_event (LOG_WARN,
            "--partitions has no effect: the state keeps the number of partitions it was made with",
            "used=%u from=%s ignored=%u advice=%s", existing, from, wanted,
            "give --partitions the number that is used, or move the state to another number with "
            "downlink-move");
}

void
check_partitioner (partitioner_t existing, partitioner_t wanted)
{
    if (existing != wanted)
        log_event (LOG_WARN,
            "--partitioner has no effect: the state keeps the partition function it was made with",
            "used=%s ignored=%s advice=%s", partitioner_name (existing), partitioner_name (wanted),
            "leave --partitioner out, or move the state to another function with downlink-move "
            "--partitioner");
}

static bool
s_check_ordering (ordering_t existing, ordering_t wanted, const char *where)
{
    if (existing == wanted)
        return true;
    log_event (LOG_ERROR,
        "the state was made with another ordering, which cannot be changed: it is refused",
        "state=%s its=%s wanted=%s advice=%s", where, ordering_name (existing),
        ordering_name (wanted), "give every processor of this state the same --ordering");
    return false;
}

static bool
s_refuse_mark (const state_mark_t *mark, const char *where)
{
    char other[STATE_ID_TEXT_SIZE];
    state_id_text (&mark->other, other);
    if (mark->phase == STATE_MOVED)
        log_event (LOG_ERROR, "the state was moved: it is refused",
            "state=%s moved_to=%s state_there=%s advice=%s", where, mark->place, other,
            "start the processors on the state that it was moved to; if that one was never used, "
            "delete it, and take the mark off this one with downlink-move --undo");
    else
        log_event (LOG_ERROR, "a move into this state has not finished: it is refused",
            "state=%s moved_from=%s state_there=%s advice=%s", where, mark->place, other,
            "run downlink-move again with --replace, or delete this state");
    return false;
}

bool
check_traits (const state_traits_t *existing, const state_traits_t *wanted, const char *where,
    const char *from)
{
    if (state_traits_are_for_move (wanted))
        return true;
    s_check_partitions (existing->partitions, wanted->partitions, from);
    return s_check_ordering (existing->ordering, wanted->ordering, where) &&
           (existing->mark.phase == STATE_UNMARKED || s_refuse_mark (&existing->mark, where));
}

bool
check_mark (const state_mark_t *mark, const state_mark_t *opened, const char *where)
{
    if (state_mark_equal (mark, opened))
        return true;
    if (mark->phase != STATE_UNMARKED)
        return s_refuse_mark (mark, where);
    log_event (LOG_ERROR, "the mark of the state was taken off meanwhile", "state=%s advice=%s",
        where, "start this program again");
    return false;
}
