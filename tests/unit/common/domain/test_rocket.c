//  The fold of single messages: each kind, late ones, repeats, both orderings, too many gaps.
//  SPDX-License-Identifier: Apache-2.0
#include "rockets.h"

TestSuite (rocket, .init = s_start, .fini = s_stop);

Test (rocket, a_new_rocket_is_unknown)
{
    number_range_t none[1];
    rocket_view_t expected = s_expected (NULL, NULL, 0, none);
    s_expect_view (&expected, "new", 0);
    cr_expect (text_equal (rocket_id (s_rocket), text_from ("rocket")));
    cr_expect_eq (s_missing (none), 0);
}

Test (rocket, ids_of_every_size_are_kept)
{
    char id[MESSAGE_CHANNEL_MAX_BYTES];
    memset (id, 'i', sizeof id);
    for (size_t size = 1; size <= sizeof id; size++) {
        rocket_t *rocket = rocket_new (text_of (id, size));
        cr_expect (text_equal (rocket_id (rocket), text_of (id, size)), "%zu", size);
        rocket_destroy (&rocket, s_pool);
        cr_expect_null (rocket);
        rocket_destroy (&rocket, s_pool);
    }
}

Test (rocket, each_kind_has_its_effect)
{
    cr_expect_eq (s_converge (s_mission_changed (1, "GEMINI")), FOLD_APPLIED);
    cr_expect (s_is_text (s_view ().mission, "GEMINI"));
    cr_expect_eq (s_view ().status, ROCKET_UNKNOWN);
    cr_expect_eq (s_converge (s_launched (2, "Falcon-9", 500, "ARTEMIS")), FOLD_APPLIED);
    cr_expect (s_is_text (s_view ().type, "Falcon-9"));
    cr_expect (s_is_text (s_view ().mission, "ARTEMIS"));
    cr_expect_eq (s_view ().status, ROCKET_FLYING);
    cr_expect_eq (s_view ().speed, 500);
    cr_expect_eq (s_converge (s_sped_up (3, 3000)), FOLD_APPLIED);
    cr_expect_eq (s_view ().speed, 3500);
    cr_expect_eq (s_converge (s_slowed (4, 4000)), FOLD_APPLIED);
    cr_expect_eq (s_view ().speed, -500);
    cr_expect (s_is_text (s_view ().explosion_reason, NULL));
    cr_expect_eq (s_converge (s_exploded (5, "")), FOLD_APPLIED);
    cr_expect_eq (s_view ().status, ROCKET_EXPLODED);
    cr_expect (s_is_text (s_view ().explosion_reason, ""), "empty, but there");
    cr_expect_eq (s_view ().last_number, 5);
    cr_expect_eq (s_view ().applied, 5);
}

Test (rocket, an_explosion_is_for_good_under_both_orderings)
{
    for (ordering_t ordering = ORDERING_CONVERGE; ordering <= ORDERING_LATEST; ordering++) {
        s_restart ();
        s_fold (s_exploded (1, "FROZEN_O_RINGS"), ordering);
        cr_expect_eq (s_fold (s_launched (2, "Scout", 7, "APOLLO"), ordering), FOLD_APPLIED);
        rocket_view_t view = s_view ();
        cr_expect_eq (view.status, ROCKET_EXPLODED);
        cr_expect (s_is_text (view.type, "Scout") && s_is_text (view.mission, "APOLLO"));
        cr_expect (s_is_text (view.explosion_reason, "FROZEN_O_RINGS"));
        s_fold (s_exploded (3, "UNKNOWN"), ordering);
        cr_expect (s_is_text (s_view ().explosion_reason, "UNKNOWN"));
    }
}

Test (rocket, a_late_message_is_folded_in_exactly)
{
    number_range_t gaps[NUMBER_RANGES_MAX];
    s_converge (s_mission_changed (9, "SKYLAB"));
    s_converge (s_exploded (7, "late"));
    cr_expect_eq (s_missing (gaps), 2);
    cr_expect (gaps[0].first == 1 && gaps[0].last == 6 && gaps[1].first == 8 && gaps[1].last == 8);
    s_converge (s_exploded (3, "early"));
    s_converge (s_launched (1, "Atlas-H", 100, "MERCURY"));
    rocket_view_t view = s_view ();
    cr_expect (s_is_text (view.type, "Atlas-H"), "the only launch");
    cr_expect (s_is_text (view.mission, "SKYLAB"), "9 is above 1");
    cr_expect (s_is_text (view.explosion_reason, "late"), "7 is above 3");
    cr_expect_eq (view.last_time_us, s_message (MESSAGE_SPED_UP, 9).time_us);
    cr_expect_eq (s_missing (gaps), 3);
}

Test (rocket, a_repeat_with_other_content_is_a_conflict_within_the_last_sixteen)
{
    for (uint64_t number = 1; number <= 20; number++)
        s_converge (s_sped_up (number, number));
    cr_expect_eq (s_converge (s_sped_up (20, 20)), FOLD_DUPLICATE);
    cr_expect_eq (s_converge (s_sped_up (20, 21)), FOLD_CONFLICT);
    cr_expect_eq (s_converge (s_sped_up (20, 21)), FOLD_CONFLICT, "the first one counted stays");
    cr_expect_eq (s_converge (s_slowed (5, 5)), FOLD_CONFLICT);
    cr_expect_eq (s_converge (s_sped_up (5, 5)), FOLD_DUPLICATE);
    cr_expect_eq (s_converge (s_slowed (4, 4)), FOLD_DUPLICATE, "too far back to know");
    cr_expect_eq (s_view ().conflicts, 3);
    cr_expect_eq (s_view ().speed, 210);
    cr_expect_eq (s_view ().applied, 20);
    message_t other_time = s_sped_up (19, 19);
    other_time.time_us++;
    cr_expect_eq (s_converge (other_time), FOLD_CONFLICT);
}

Test (rocket, a_jump_frees_the_hashes_of_the_numbers_it_skips)
{
    static const uint64_t jumps[] = {1, 2, 3, 15, 16, 17, 18, 31, 32, 33, 1000};
    for (size_t index = 0; index < sizeof jumps / sizeof *jumps; index++) {
        s_restart ();
        for (uint64_t number = 1; number <= 16; number++)
            s_converge (s_sped_up (number, number));
        uint64_t last = 16 + jumps[index];
        s_converge (s_exploded (last, "jump"));
        for (uint64_t number = 1; number <= 16; number++)
            cr_expect_eq (s_converge (s_slowed (number, 1)),
                number + 16 > last ? FOLD_CONFLICT : FOLD_DUPLICATE, "%zu after %zu",
                (size_t) number, (size_t) last);
        for (uint64_t number = 17; number < last; number++) {
            cr_expect_eq (s_converge (s_sped_up (number, 1)), FOLD_APPLIED, "%zu", (size_t) number);
            cr_expect_eq (s_converge (s_sped_up (number, 2)),
                number + 16 > last ? FOLD_CONFLICT : FOLD_DUPLICATE, "%zu", (size_t) number);
        }
    }
}

Test (rocket, latest_ignores_what_is_not_above_the_highest)
{
    number_range_t gaps[NUMBER_RANGES_MAX];
    cr_expect_eq (s_latest (s_launched (3, "Juno-II", 50, "APOLLO")), FOLD_APPLIED);
    cr_expect_eq (s_latest (s_sped_up (2, 1000)), FOLD_LATE);
    cr_expect_eq (s_latest (s_sped_up (40, 7)), FOLD_APPLIED);
    cr_expect_eq (s_latest (s_sped_up (40, 7)), FOLD_DUPLICATE);
    cr_expect_eq (s_latest (s_sped_up (40, 8)), FOLD_CONFLICT);
    cr_expect_eq (s_latest (s_sped_up (39, 7)), FOLD_LATE, "skipped, not repeated");
    cr_expect_eq (s_latest (s_launched (3, "Juno-II", 50, "APOLLO")), FOLD_LATE, "too far back");
    cr_expect_eq (s_latest (s_mission_changed (42, "GEMINI")), FOLD_APPLIED);
    cr_expect_eq (s_latest (s_sped_up (40, 8)), FOLD_CONFLICT);
    cr_expect_eq (s_latest (s_exploded (41, "late")), FOLD_LATE);
    rocket_view_t view = s_view ();
    cr_expect_eq (view.speed, 57);
    cr_expect_eq (view.applied, 3);
    cr_expect_eq (view.conflicts, 2);
    cr_expect_eq (view.status, ROCKET_FLYING);
    cr_expect_eq (view.last_number, 42);
    cr_expect_eq (view.seen_count, 0);
    cr_expect_eq (s_missing (gaps), 0);
}

Test (rocket, what_latest_passed_over_stays_passed_over_under_converge)
{
    s_latest (s_sped_up (5, 5));
    s_latest (s_sped_up (8, 8));
    rocket_view_t before = s_view ();
    cr_expect_eq (s_converge (s_sped_up (5, 5)), FOLD_DUPLICATE);
    cr_expect_eq (s_converge (s_sped_up (6, 6)), FOLD_DUPLICATE, "no conflict: it never came");
    cr_expect_eq (s_converge (s_sped_up (8, 9)), FOLD_CONFLICT);
    before.conflicts++;
    s_expect_view (&before, "nothing else", 0);
    cr_expect_eq (s_converge (s_sped_up (10, 10)), FOLD_CLOSED_A_GAP);
    cr_expect_eq (s_converge (s_sped_up (7, 7)), FOLD_DUPLICATE);
    cr_expect_eq (s_converge (s_sped_up (9, 9)), FOLD_APPLIED);
    rocket_view_t view = s_view ();
    cr_expect (view.seen_count == 1 && view.seen->first == 1 && view.seen->last == 10);
    cr_expect_eq (view.gaps_closed, 1);
    cr_expect_eq (view.speed, 32);
    cr_expect_eq (s_latest (s_sped_up (20, 20)), FOLD_APPLIED);
    cr_expect_eq (s_view ().seen_count, 0);
}

Test (rocket, past_1024_ranges_the_lowest_gap_is_given_up)
{
    number_range_t gaps[NUMBER_RANGES_MAX];
    for (uint64_t index = 0; index < NUMBER_RANGES_MAX; index++)
        cr_assert_eq (s_converge (s_sped_up (2 * index + 1, 1)), FOLD_APPLIED);
    cr_expect_eq (s_missing (gaps), NUMBER_RANGES_MAX - 1);
    cr_expect_eq (s_view ().gaps_closed, 0);

    for (uint64_t index = NUMBER_RANGES_MAX; index < NUMBER_RANGES_MAX + 10; index++)
        cr_assert_eq (s_converge (s_sped_up (2 * index + 1, 1)), FOLD_CLOSED_A_GAP);
    cr_expect_eq (s_missing (gaps), NUMBER_RANGES_MAX - 1);
    cr_expect_eq (gaps[0].first, 22, "2 to 20 were given up");
    cr_expect_eq (s_view ().gaps_closed, 10);
    cr_expect_eq (s_view ().seen_count, NUMBER_RANGES_MAX);
    cr_expect_eq (s_view ().applied, NUMBER_RANGES_MAX + 10);

    for (size_t times = 0; times < 2; times++)
        for (uint64_t number = 1; number <= 21; number++)
            cr_expect_eq (s_converge (s_slowed (number, 9)), FOLD_DUPLICATE);
    for (uint64_t index = 0; index < NUMBER_RANGES_MAX + 10; index++)
        cr_expect_eq (s_converge (s_sped_up (2 * index + 1, 1)), FOLD_DUPLICATE);
    rocket_view_t view = s_view ();
    cr_expect_eq (view.conflicts, 0);
    cr_expect_eq (view.gaps_closed, 10);
    cr_expect_eq (view.applied, NUMBER_RANGES_MAX + 10);
    cr_expect_eq (view.speed, NUMBER_RANGES_MAX + 10);
    cr_expect_eq (s_converge (s_sped_up (22, 1)), FOLD_APPLIED, "that gap is still open");
}

Test (rocket, statuses_have_names)
{
    static const char *const names[] = {"unknown", "flying", "exploded"};
    for (rocket_status_t status = ROCKET_UNKNOWN; status <= ROCKET_EXPLODED; status++) {
        rocket_status_t found;
        cr_expect_str_eq (rocket_status_name (status), names[status]);
        cr_expect (rocket_status_of (text_from (names[status]), &found) && found == status);
    }
    rocket_status_t found;
    cr_expect_not (rocket_status_of (text_from ("Flying"), &found));
    cr_expect_not (rocket_status_of (text_from ("fly"), &found));
    cr_expect_not (rocket_status_of (text_from (""), &found));
    cr_expect_not (rocket_status_of (text_of (NULL, 0), &found));
}
