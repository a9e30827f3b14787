//  Rockets from views: restored ones fold on as before, and views that contradict themselves are
//  refused.
//  SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>

#include "rockets.h"

TestSuite (rocket, .init = s_start, .fini = s_stop);

//  Fold random messages, conflicting ones among them, into a rocket and, from some point on, into
//  its copies: each must give the same answers and the same view all the way.
static void
s_try_restore (uint64_t *seed, size_t round)
{
    uint64_t spread = s_random (seed, 3) ? 60 : 6000;
    uint64_t base = s_random (seed, 2) ? 0 : MESSAGE_NUMBER_MAX - spread;
    ordering_t ordering = s_random (seed, 2) ? ORDERING_CONVERGE : ORDERING_LATEST;
    size_t folds = (size_t) s_random (seed, spread == 60 ? 100 : 2600);
    size_t every = 1 + folds / 5;
    s_restart ();
    rocket_t *copy = NULL;
    for (size_t index = 0; index < folds; index++) {
        if (index % every == 0) {
            rocket_view_t view = s_view ();
            rocket_destroy (&copy, s_pool);
            copy = rocket_restore (&view, s_pool);
            cr_assert_not_null (copy, "round %zu: refused after %zu", round, index);
        }
        if (s_random (seed, 100) == 0)
            ordering = ordering == ORDERING_LATEST ? ORDERING_CONVERGE : ORDERING_LATEST;
        uint64_t last = s_view ().last_number;
        uint64_t number = s_random (seed, 3) && last > 20 ? last - 17 + s_random (seed, 20)
                                                          : base + 1 + s_random (seed, spread);
        if (number > MESSAGE_NUMBER_MAX)
            number = MESSAGE_NUMBER_MAX;
        message_t message = s_any (seed, number);
        fold_t result = rocket_fold (copy, s_pool, &message, ordering);
        cr_assert_eq (s_fold (message, ordering), result, "round %zu fold %zu", round, index);
        rocket_view_t view;
        rocket_view (copy, &view);
        s_expect_view (&view, "restored, round", round);
    }
    rocket_destroy (&copy, s_pool);
}

Test (rocket, a_restored_rocket_folds_on_like_the_one_that_was_viewed)
{
    uint64_t seed = SEED;
    fprintf (stderr, "seed %llu\n", (unsigned long long) seed);
    for (size_t round = 0; round < 600; round++)
        s_try_restore (&seed, round);
}

Test (rocket, one_with_1024_ranges_is_restored_too)
{
    for (uint64_t index = 0; index < NUMBER_RANGES_MAX + 10; index++)
        s_converge (s_sped_up (2 * index + 5, 1));
    rocket_view_t view = s_view (), copied;
    rocket_t *copy = rocket_restore (&view, s_pool);
    cr_assert_not_null (copy);
    message_t next = s_sped_up (2 * NUMBER_RANGES_MAX + 100, 1);
    rocket_fold (copy, s_pool, &next, ORDERING_CONVERGE);
    s_converge (next);
    rocket_view (copy, &copied);
    s_expect_view (&copied, "after the next", 0);
    cr_expect_eq (copied.gaps_closed, 11);
    rocket_destroy (&copy, s_pool);
}

//  Change a good view in one way; it must be refused. s_stop checks that no text of it is left in the pool.
#define EXPECT_REFUSED(good, change)                                                               \
    do {                                                                                           \
        rocket_view_t view = (good);                                                               \
        change;                                                                                    \
        cr_expect_null (rocket_restore (&view, s_pool), "%s", #change);                            \
    } while (0)

static void
s_expect_restored (const rocket_view_t *view)
{
    rocket_t *copy = rocket_restore (view, s_pool);
    cr_assert_not_null (copy);
    rocket_view_t copied;
    rocket_view (copy, &copied);
    cr_expect_null (s_difference (&copied, view));
    rocket_destroy (&copy, s_pool);
}

Test (rocket, a_view_whose_ranges_contradict_it_is_refused)
{
    s_converge (s_launched (2, "Atlas-H", 100, "MERCURY"));
    s_converge (s_sped_up (3, 1));
    s_converge (s_mission_changed (5, "SKYLAB"));
    s_converge (s_exploded (8, "reason"));
    rocket_view_t good = s_view ();
    s_expect_restored (&good);
    EXPECT_REFUSED (good, view.seen_count--);
    EXPECT_REFUSED (good, view.seen = good.seen + 1; view.seen_count--);
    EXPECT_REFUSED (good, view.last_number++);
    EXPECT_REFUSED (good, view.last_number--);
    EXPECT_REFUSED (good, view.applied++);
    EXPECT_REFUSED (good, view.applied--);
    EXPECT_REFUSED (good, view.gaps_closed = 1);
    EXPECT_REFUSED (good, view.mission_number = 4);
    EXPECT_REFUSED (good, view.explosion_number = 7);
    EXPECT_REFUSED (good, view.type_number = 1);
    EXPECT_REFUSED (good, view.hashes[7] = 1);
    EXPECT_REFUSED (good, view.hashes[9] = 1);
    EXPECT_REFUSED (good, view.hashes[0] = 1);

    number_range_t ranges[3];
    memcpy (ranges, good.seen, sizeof ranges);
    ranges[1].first = 4;
    EXPECT_REFUSED (good, view.seen = ranges; view.applied++);
    ranges[1].first = 6;
    EXPECT_REFUSED (good, view.seen = ranges);
    ranges[1] = (number_range_t){6, 6};
    EXPECT_REFUSED (good, view.seen = ranges);
    ranges[0] = (number_range_t){0, 1};
    EXPECT_REFUSED (good, view.seen = ranges);
}

Test (rocket, a_view_whose_registers_contradict_it_is_refused)
{
    s_converge (s_launched (1, "Atlas-H", 100, "MERCURY"));
    s_converge (s_mission_changed (2, "SKYLAB"));
    s_converge (s_exploded (3, "reason"));
    s_converge (s_sped_up (4, 5));
    rocket_view_t good = s_view ();
    static const char too_long[MESSAGE_TEXT_MAX_BYTES + 1];
    s_expect_restored (&good);
    EXPECT_REFUSED (good, view.type_number = 0);
    EXPECT_REFUSED (good, view.mission_number = 0);
    EXPECT_REFUSED (good, view.explosion_number = 0);
    EXPECT_REFUSED (good, view.type = text_of (NULL, 0));
    EXPECT_REFUSED (good, view.mission = text_of (NULL, 0));
    EXPECT_REFUSED (good, view.explosion_reason = text_of (NULL, 0));
    EXPECT_REFUSED (good, view.explosion_reason = text_of (NULL, 0); view.explosion_number = 0);
    EXPECT_REFUSED (good, view.status = ROCKET_UNKNOWN);
    EXPECT_REFUSED (good, view.status = ROCKET_FLYING);
    EXPECT_REFUSED (good, view.mission = text_of (too_long, sizeof too_long));
    EXPECT_REFUSED (good, view.explosion_number = 5);
    EXPECT_REFUSED (good, view.explosion_number = view.mission_number);
    EXPECT_REFUSED (good, view.explosion_number = view.type_number);
    EXPECT_REFUSED (good, view.type_number = 2; view.mission_number = 1);
    EXPECT_REFUSED (good, view.id.size = 0);
    EXPECT_REFUSED (good, view.id = text_of (NULL, 0));
    EXPECT_REFUSED (good, view.id = text_of (too_long, MESSAGE_CHANNEL_MAX_BYTES + 1));
    s_restart ();
    s_converge (s_sped_up (1, 1));
    EXPECT_REFUSED (s_view (), view.status = ROCKET_FLYING);
    EXPECT_REFUSED (s_view (), view.status = ROCKET_EXPLODED);
    EXPECT_REFUSED (s_view (), view.type = text_from (""));
}

Test (rocket, a_view_whose_counters_contradict_it_is_refused)
{
    s_latest (s_launched (3, "Atlas-H", 100, "MERCURY"));
    s_latest (s_sped_up (7, 5));
    rocket_view_t good = s_view ();
    s_expect_restored (&good);
    EXPECT_REFUSED (good, view.applied = 0);
    EXPECT_REFUSED (good, view.applied = 8);
    EXPECT_REFUSED (good, view.gaps_closed = 6);
    EXPECT_REFUSED (good, view.last_number = 0);
    EXPECT_REFUSED (good, view.last_number = MESSAGE_NUMBER_MAX + 1);
    EXPECT_REFUSED (good, view.conflicts = (uint64_t) UINT32_MAX + 1);
    EXPECT_REFUSED (good, view.gaps_closed = UINT64_MAX);
    EXPECT_REFUSED (good, view.last_time_us = INT64_MAX);
    EXPECT_REFUSED (good, view.last_time_us = INT64_MIN);
    EXPECT_REFUSED (good, view.hashes[8] = 1);
    s_restart ();
    s_expect_restored (&(rocket_view_t){.id = text_from ("rocket")});
    EXPECT_REFUSED (s_view (), view.speed = 1);
    EXPECT_REFUSED (s_view (), view.applied = 1);
    EXPECT_REFUSED (s_view (), view.conflicts = 1);
    EXPECT_REFUSED (s_view (), view.gaps_closed = 1);
    EXPECT_REFUSED (s_view (), view.last_time_us = 1);
    EXPECT_REFUSED (s_view (), view.hashes[3] = 1);
    static const number_range_t one = {1, 1};
    EXPECT_REFUSED (s_view (), view.seen = &one; view.seen_count = 1);
}

Test (rocket, conflicts_stop_at_the_largest_count)
{
    s_converge (s_sped_up (1, 1));
    rocket_view_t view = s_view ();
    view.conflicts = UINT32_MAX - 1;
    rocket_t *restored = rocket_restore (&view, s_pool);
    cr_assert_not_null (restored);
    message_t other = s_sped_up (1, 2);
    for (size_t times = 0; times < 3; times++)
        cr_expect_eq (rocket_fold (restored, s_pool, &other, ORDERING_CONVERGE), FOLD_CONFLICT);
    rocket_view (restored, &view);
    cr_expect_eq (view.conflicts, UINT32_MAX);
    rocket_destroy (&restored, s_pool);
}
