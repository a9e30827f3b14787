//  SPDX-License-Identifier: Apache-2.0
#include "move/move.h"

#include <glib.h>
#include <stdio.h>

#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "move/carry.h"
#include "move/positions.h"

typedef struct {
    const move_plan_t *plan;
    move_end_t from;
    move_end_t to;
    progress_t progress;
    tally_t read;        //  in the source
    uint32_t positions;  //  likewise
} move_t;

static bool
s_refuse (const move_end_t *end, const char *fault, const char *advice)
{
    log_event (LOG_ERROR, fault, "store=%s advice=%s", end->place, advice);
    return false;
}

//  Log that a move was interrupted, or that a failure ends it.
static bool
s_give_up (const move_t *self)
{
    if (move_end_is_stopped (&self->from))
        log_event (LOG_ERROR, "the move was interrupted", "target=%s advice=%s", self->to.place,
            "the source is as it was, and the target unfinished: move again with --replace, or "
            "delete the target");
    return false;
}

//  Return the mark that names an end, on the state at the other end.
static state_mark_t
s_mark_of (state_phase_t phase, const move_end_t *other)
{
    state_mark_t mark = {.phase = phase, .other = other->traits.id};
    g_strlcpy (mark.place, other->place, sizeof mark.place);
    return mark;
}

//  Open the source, which must exist, and hold it.
static bool
s_open_source (move_t *self)
{
    state_traits_t wanted = {.partitions = 0};
    if (!move_end_open (&self->from, &self->plan->from, &wanted))
        return false;
    state_phase_t phase = self->from.traits.mark.phase;
    if (phase == STATE_UNFINISHED)
        return s_refuse (&self->from, "a move into the source has not finished",
            "finish it with --replace, or delete this state");
    if (phase == STATE_MOVED && !self->plan->is_replacing)
        return s_refuse (&self->from, "the source was moved before",
            "use the state that it was moved to; if that was never used, delete it, and take the "
            "mark off with --undo");
    return move_end_hold (&self->from);
}

//  Return the layout that the target should have.
static layout_t
s_wanted_layout (const move_t *self)
{
    const state_traits_t *its = &self->from.traits;
    const move_plan_t *plan = self->plan;
    return (layout_t){.partitions = plan->partitions ? plan->partitions : its->partitions,
        .partitioner = plan->has_partitioner ? plan->partitioner : its->partitioner};
}

//  Judge an existing target: accept only one that a move of this source has left unfinished. It may
//  hold some rockets already; the new move saves all of them again.
static bool
s_judge_target (const move_t *self)
{
    const state_traits_t *target = &self->to.traits;
    const state_traits_t *source = &self->from.traits;
    if (state_id_equal (&target->id, &source->id))
        return s_refuse (&self->to, "source and target are the same state", "name another target");
    if (target->mark.phase != STATE_UNFINISHED)
        return s_refuse (&self->to, "the target is not empty: it holds a state",
            "name a new directory or a database without a state, or delete what is there");
    if (!self->plan->is_replacing)
        return s_refuse (&self->to, "the target is the unfinished rest of an earlier move",
            "run the same command again with --replace, or delete the target");
    if (!state_id_equal (&target->mark.other, &source->id) ||
        !layout_equal (state_traits_layout (target), s_wanted_layout (self)))
        return s_refuse (&self->to,
            "the target is the unfinished rest of another move: of another source, with another "
            "number of partitions, or with another partition function",
            "delete the target");
    return true;
}

//  Open the target, or make it, and hold it.
static bool
s_open_target (move_t *self)
{
    const state_traits_t *source = &self->from.traits;
    layout_t layout = s_wanted_layout (self);
    state_traits_t wanted = {.partitions = layout.partitions,
        .partitioner = layout.partitioner,
        .ordering = source->ordering,
        .ancestors = source->ancestors,
        .mark = s_mark_of (STATE_UNFINISHED, &self->from)};
    state_ancestors_add (&wanted.ancestors, &source->id);
    if (!move_end_open (&self->to, &self->plan->to, &wanted) ||
        (!self->to.traits.is_new && !s_judge_target (self)))
        return false;
    //  A move that died between its two marks has marked the source.
    if (source->mark.phase == STATE_MOVED &&
        !state_id_equal (&source->mark.other, &self->to.traits.id))
        return s_refuse (&self->from, "the source was moved before, to another target",
            "use the state that it was moved to");
    return move_end_hold (&self->to);
}

//  Ignore a rocket that is there already.
static bool
s_ignore (void *context, const rocket_view_t *rocket)
{
    (void) context;
    (void) rocket;
    return true;
}

static bool
s_go_on (void *context)
{
    (void) context;
    return true;
}

//  Return true if positions mean the same in the target.
static bool
s_keeps_positions (const move_t *self)
{
    return !self->plan->is_dropping_positions &&
           layout_equal (
               state_traits_layout (&self->from.traits), state_traits_layout (&self->to.traits));
}

//  Carry the rockets and the positions, and check that no processor took a partition of the source
//  meanwhile.
static bool
s_carry (move_t *self)
{
    for (uint32_t partition = 0; partition < self->to.traits.partitions; partition++)
        if (!move_end_read (&self->to, partition, s_ignore, s_go_on, NULL))
            return false;
    if (!carry_all (&self->from, &self->to, &self->progress, &self->read) ||
        (s_keeps_positions (self) && !positions_carry (&self->from, &self->to)))
        return false;
    self->positions = positions_count (&self->from);
    for (uint32_t partition = 0; partition < self->from.traits.partitions; partition++)
        if (!move_end_save (&self->from, partition, NULL, 0, NULL))
            return false;
    return true;
}

//  Read the target back and compare.
static bool
s_verify (move_t *self)
{
    tally_t found;
    move_end_release (&self->to);
    if (!carry_count (&self->to, "verifying", &self->progress, &found))
        return false;
    if (tally_equal (&found, &self->read))
        return positions_verify (&self->from, &self->to, s_keeps_positions (self));
    log_event (LOG_ERROR, "the target does not have the rockets of the source",
        "source_rockets=%llu target_rockets=%llu target=%s advice=%s",
        (unsigned long long) self->read.rockets, (unsigned long long) found.rockets, self->to.place,
        "delete the target, and move again");
    return false;
}

static bool
s_mark_both (move_t *self)
{
    state_mark_t moved = s_mark_of (STATE_MOVED, &self->to);
    if (!self->from.store->mark (self->from.store, &moved))
        return s_refuse (
            &self->from, "the source could not be marked as moved", "move again with --replace");
    FAILPOINT ("move-marked");
    if (!self->to.store->mark (self->to.store, &(state_mark_t){0}))
        return s_refuse (&self->to, "the mark of the target could not be taken off",
            "move again with --replace");
    return true;
}

static void
s_print_summary (const move_t *self)
{
    char id[STATE_ID_TEXT_SIZE];
    state_id_text (&self->to.traits.id, id);
    printf ("moved and verified %llu rockets in %.1f s\n"
            "  from %s, %u partitions by %s; it is marked, and no processor starts on it\n"
            "  to   %s, %u partitions by %s, state %s\n",
        (unsigned long long) self->read.rockets, progress_seconds (&self->progress),
        self->from.place, self->from.traits.partitions,
        partitioner_name (self->from.traits.partitioner), self->to.place,
        self->to.traits.partitions, partitioner_name (self->to.traits.partitioner), id);
    if (self->positions > 0 && s_keeps_positions (self))
        printf ("  %u partitions go on in their feed where they were\n", self->positions);
    else if (self->positions > 0)
        printf ("  %u partitions had a position in a feed; the new ones have none, and begin at "
                "the first record\n",
            self->positions);
}

bool
move_run (const move_plan_t *plan)
{
    move_t *self = g_new0 (move_t, 1);
    self->plan = plan;
    progress_begin (&self->progress);
    bool good = (s_open_source (self) && s_open_target (self) && s_carry (self) &&
                    s_verify (self) && s_mark_both (self)) ||
                s_give_up (self);
    progress_end (&self->progress);
    move_end_close (&self->to);
    move_end_close (&self->from);
    if (good)
        s_print_summary (self);
    g_free (self);
    return good;
}

bool
move_undo (const store_choice_t *choice)
{
    move_end_t *end = g_new0 (move_end_t, 1);
    state_traits_t wanted = {.partitions = 0};
    bool good = move_end_open (end, choice, &wanted) && move_end_hold (end);
    if (good && end->traits.mark.phase != STATE_MOVED)
        good = s_refuse (end, "the state has no mark of a move from it", "nothing is to be undone");
    good = good && end->store->mark (end->store, &(state_mark_t){0});
    if (good)
        printf ("took the mark off %s: processors may start on it\n"
                "delete the state at %s, so that nobody starts on both\n",
            end->place, end->traits.mark.place);
    move_end_close (end);
    g_free (end);
    return good;
}
