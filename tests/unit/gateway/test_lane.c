//  A lane: the window, the order, resending, and delivery over a lossy link.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "gateway/delivery/lane.h"

#define FRAMES 400

//  A link that can refuse frames, and remembers the frames that it took.
typedef struct {
    GArray *sent;  //  of uint64_t: sequences
    bool is_stuck;
} link_t;

static lane_t s_lane;
static link_t s_link;
static record_t s_records[FRAMES];
static uint64_t s_sendings;
static uint8_t s_bytes[1];

static void
s_set_up (void)
{
    s_lane = (lane_t){0};
    s_link = (link_t){g_array_new (FALSE, FALSE, sizeof (uint64_t)), false};
    s_sendings = 0;
    for (uint64_t index = 0; index < FRAMES; index++)
        s_records[index] = (record_t){.sequence = index, .bytes = s_bytes, .size = 100};
}

static void
s_tear_down (void)
{
    g_array_unref (s_link.sent);
}

TestSuite (lane, .init = s_set_up, .fini = s_tear_down);

static bool
s_send (void *context, record_t *record)
{
    link_t *link = context;
    if (!link->is_stuck)
        g_array_append_val (link->sent, record->sequence);
    return !link->is_stuck;
}

static void
s_add (uint64_t count)
{
    for (uint64_t index = 0; index < count; index++)
        lane_add (&s_lane, &s_records[index]);
}

static void
s_run (uint64_t session)
{
    lane_run (&s_lane, session, &s_sendings, s_send, &s_link);
}

//  The sequences that were sent since the last call are these, in a row.
static void
s_expect_sent (uint64_t first, uint64_t count)
{
    cr_assert_eq (s_link.sent->len, count, "%u sent", s_link.sent->len);
    for (guint index = 0; index < s_link.sent->len; index++)
        cr_assert_eq (g_array_index (s_link.sent, uint64_t, index), first + index);
    g_array_set_size (s_link.sent, 0);
}

Test (lane, sends_nothing_without_an_owner)
{
    s_add (3);
    s_run (0);
    s_expect_sent (0, 0);
    s_run (1);
    s_expect_sent (0, 3);
}

Test (lane, sends_in_order_up_to_the_window_of_frames)
{
    s_add (FRAMES);
    s_run (1);
    s_expect_sent (0, LANE_WINDOW_FRAMES);
    lane_acknowledge (&s_lane, &s_records[0]);
    s_run (1);
    s_expect_sent (LANE_WINDOW_FRAMES, 1);
}

Test (lane, sends_up_to_the_window_of_bytes)
{
    for (uint64_t index = 0; index < 10; index++)
        s_records[index].size = LANE_WINDOW_BYTES / 4;
    s_add (10);
    s_run (1);
    s_expect_sent (0, 4);
    lane_acknowledge (&s_lane, &s_records[2]);
    //  Two frames were sent before the acknowledged one, so they were lost; they go first.
    s_run (1);
    cr_assert_eq (s_link.sent->len, 3);
    cr_assert_eq (g_array_index (s_link.sent, uint64_t, 0), 0);
    cr_assert_eq (g_array_index (s_link.sent, uint64_t, 1), 1);
    cr_assert_eq (g_array_index (s_link.sent, uint64_t, 2), 4);
}

Test (lane, a_link_that_takes_nothing_loses_nothing)
{
    s_add (3);
    s_link.is_stuck = true;
    s_run (1);
    s_link.is_stuck = false;
    s_run (1);
    s_expect_sent (0, 3);
}

Test (lane, another_owner_gets_all_that_is_not_acknowledged)
{
    s_add (5);
    s_run (1);
    s_expect_sent (0, 5);
    lane_acknowledge (&s_lane, &s_records[0]);
    s_run (2);
    s_expect_sent (1, 4);
}

Test (lane, an_owner_that_was_only_silent_gets_nothing_again)
{
    s_add (2);
    s_run (1);
    s_expect_sent (0, 2);
    s_run (0);
    s_run (1);
    s_expect_sent (0, 0);
    s_run (0);
    s_run (2);
    s_expect_sent (0, 2);
}

Test (lane, what_was_sent_after_the_acknowledged_one_is_not_sent_again)
{
    s_add (5);
    s_run (1);
    s_expect_sent (0, 5);
    lane_acknowledge (&s_lane, &s_records[1]);
    s_run (1);
    s_expect_sent (0, 1);
    //  The second sending has another stamp, so the same ack does not return the frame again.
    s_run (1);
    s_expect_sent (0, 0);
}

Test (lane, a_slow_owner_gets_nothing_again_however_often_the_lane_runs)
{
    s_add (10);
    s_run (1);
    s_expect_sent (0, 10);
    for (int run = 0; run < 100000; run++)
        s_run (1);
    s_expect_sent (0, 0);
}

Test (lane, the_ack_of_the_last_frame_tells_that_those_before_it_were_lost)
{
    s_add (10);
    s_run (1);
    s_expect_sent (0, 10);
    lane_acknowledge (&s_lane, &s_records[9]);
    s_run (1);
    s_expect_sent (0, 9);
}

Test (lane, a_frame_without_bytes_holds_up_those_behind_it)
{
    s_add (5);
    s_records[2].bytes = NULL;
    s_run (1);
    s_expect_sent (0, 2);
    s_records[2].bytes = s_bytes;
    s_run (1);
    s_expect_sent (2, 3);
}

static void
s_fetch (void *context, record_t *record)
{
    g_array_append_val ((GArray *) context, record->sequence);
    record->is_fetched = true;
}

Test (lane, looks_ahead_for_bytes_once_and_no_further_than_the_window)
{
    GArray *wanted = g_array_new (FALSE, FALSE, sizeof (uint64_t));
    for (uint64_t index = 0; index < FRAMES; index++)
        s_records[index].bytes = index % 2 ? s_bytes : NULL;
    s_add (FRAMES);
    lane_look_ahead (&s_lane, s_fetch, wanted);
    cr_assert_eq (wanted->len, LANE_WINDOW_FRAMES / 2);
    cr_assert_eq (g_array_index (wanted, uint64_t, 1), 2);
    lane_look_ahead (&s_lane, s_fetch, wanted);
    cr_assert_eq (wanted->len, LANE_WINDOW_FRAMES / 2);
    g_array_unref (wanted);
}

//  Have the last of the frames acknowledged and sent, until that has passed the first one over so
//  often.
static void
s_pass_over (uint64_t count)
{
    for (uint64_t index = 1; index <= count; index++) {
        lane_add (&s_lane, &s_records[index]);
        s_run (1);
        lane_acknowledge (&s_lane, &s_records[index]);
    }
    s_run (1);
}

Test (lane, a_frame_that_is_passed_over_again_and_again_is_set_aside_and_holds_up_no_other)
{
    s_add (1);
    s_pass_over (LANE_PASSES_MAX - 1);
    cr_expect_eq (lane_set_aside (&s_lane), 0);
    s_pass_over (2);
    cr_expect_eq (lane_set_aside (&s_lane), 1);
    g_array_set_size (s_link.sent, 0);
    s_pass_over (300);
    s_expect_sent (1, 300);
    cr_expect_eq (lane_set_aside (&s_lane), 1);
}

Test (lane, what_is_set_aside_is_sent_first_in_another_session_and_may_be_acknowledged)
{
    s_add (1);
    s_pass_over (LANE_PASSES_MAX);
    lane_add (&s_lane, &s_records[100]);
    g_array_set_size (s_link.sent, 0);
    s_run (2);
    cr_expect_eq (lane_set_aside (&s_lane), 0);
    cr_expect_eq (s_link.sent->len, 2);
    cr_expect_eq (g_array_index (s_link.sent, uint64_t, 0), 0);
    lane_acknowledge (&s_lane, &s_records[100]);
    lane_acknowledge (&s_lane, &s_records[0]);
    s_records[0].kept_us = 7;
    lane_add (&s_lane, &s_records[0]);
    s_run (2);
    s_records[0].passed_over = LANE_PASSES_MAX - 1;
    lane_add (&s_lane, &s_records[1]);
    s_run (2);
    lane_acknowledge (&s_lane, &s_records[1]);
    s_run (2);
    cr_expect_eq (lane_set_aside (&s_lane), 1);
    cr_expect_eq (lane_oldest_us (&s_lane), 7);
    lane_acknowledge (&s_lane, &s_records[0]);
    cr_expect_eq (lane_set_aside (&s_lane), 0);
    cr_expect_eq (lane_oldest_us (&s_lane), 0);
}

//  An owner that takes in every frame of a session. Its acks may be lost; but it says again and
//  again which frame it has taken last. When the link breaks, frames are lost, and the session is
//  another one.
typedef struct {
    bool is_acked[FRAMES];
    uint64_t acked;
    uint64_t last;
    bool has_last;
} owner_t;

static void
s_hear_ack (owner_t *owner, uint64_t sequence)
{
    if (owner->is_acked[sequence])
        return;
    owner->is_acked[sequence] = true;
    owner->acked++;
    lane_acknowledge (&s_lane, &s_records[sequence]);
}

static void
s_take_and_acknowledge (owner_t *owner, GRand *random, double loss, bool is_broken)
{
    for (guint index = 0; index < s_link.sent->len; index++) {
        uint64_t sequence = g_array_index (s_link.sent, uint64_t, index);
        if (is_broken && g_rand_boolean (random))
            continue;
        owner->last = sequence;
        owner->has_last = true;
        if (g_rand_double (random) >= loss)
            s_hear_ack (owner, sequence);
    }
    g_array_set_size (s_link.sent, 0);
    if (owner->has_last && g_rand_double (random) >= loss)
        s_hear_ack (owner, owner->last);
}

static uint64_t
s_deliver_all (guint32 seed, double loss)
{
    GRand *random = g_rand_new_with_seed (seed);
    owner_t owner = {0};
    uint64_t sent = 0;
    uint64_t session = 1;
    s_add (FRAMES);
    for (int turn = 0; owner.acked < FRAMES; turn++) {
        cr_assert_lt (turn, 10000, "seed %u: %zu are not acknowledged", seed,
            (size_t) (FRAMES - owner.acked));
        bool is_broken = loss > 0 && g_rand_int_range (random, 0, 20) == 0;
        s_run (session);
        sent += s_link.sent->len;
        s_take_and_acknowledge (&owner, random, loss, is_broken);
        session += is_broken;
    }
    g_rand_free (random);
    return sent;
}

Test (lane, a_link_without_loss_gets_each_frame_once)
{
    cr_assert_eq (s_deliver_all (1, 0), FRAMES);
}

Test (lane, every_frame_arrives_however_much_is_lost)
{
    for (guint32 seed = 1; seed <= 200; seed++) {
        s_deliver_all (seed, 0.05 + 0.002 * seed);
        s_tear_down ();
        s_set_up ();
    }
}

Test (lane, a_frame_that_the_link_gives_back_waits_again_in_its_place)
{
    s_add (4);
    s_run (1);
    s_expect_sent (0, 4);
    lane_return (&s_lane, &s_records[2], false);
    lane_return (&s_lane, &s_records[1], false);
    lane_return (&s_lane, &s_records[1], false);  //  it waits already
    s_run (1);
    s_expect_sent (1, 2);
    cr_expect_eq (s_lane.in_flight.length, 4);
    cr_expect_eq (s_lane.in_flight_bytes, 4 * s_records[0].size);
}

Test (lane, a_frame_that_is_refused_again_and_again_is_set_aside)
{
    s_add (1);
    for (unsigned time = 0; time < LANE_PASSES_MAX; time++) {
        s_run (1);
        s_expect_sent (0, 1);
        lane_return (&s_lane, &s_records[0], true);
    }
    s_run (1);
    s_expect_sent (0, 0);
    cr_expect_eq (lane_set_aside (&s_lane), 1);
    s_run (2);
    s_expect_sent (0, 1);
}
