//  The fold against a plain reading of the rules: all messages kept, and taken by their numbers.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/domain/rocket.h"

#define SEED 20220202u
#define TIME_US 1643827145863370
#define MESSAGES_MAX 1200

static uint64_t
s_random (uint64_t *state, uint64_t limit)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return (mixed ^ mixed >> 31) % limit;
}

static message_t
s_message (message_kind_t kind, uint64_t number)
{
    //  Times do not rise with the numbers, so that a test sees which of the two counts.
    return (message_t){.channel = text_from ("rocket"),
        .number = number,
        .time_us = TIME_US + (int64_t) (number * 7919 % 1000),
        .kind = kind};
}

static message_t
s_launched (uint64_t number, const char *type, uint64_t speed, const char *mission)
{
    message_t message = s_message (MESSAGE_LAUNCHED, number);
    message.type = text_from (type);
    message.speed = speed;
    message.mission = text_from (mission);
    return message;
}

static message_t
s_sped_up (uint64_t number, uint64_t by)
{
    message_t message = s_message (MESSAGE_SPED_UP, number);
    message.speed = by;
    return message;
}

static message_t
s_slowed (uint64_t number, uint64_t by)
{
    message_t message = s_message (MESSAGE_SLOWED, number);
    message.speed = by;
    return message;
}

static message_t
s_exploded (uint64_t number, const char *reason)
{
    message_t message = s_message (MESSAGE_EXPLODED, number);
    message.reason = text_from (reason);
    return message;
}

static message_t
s_mission_changed (uint64_t number, const char *mission)
{
    message_t message = s_message (MESSAGE_MISSION_CHANGED, number);
    message.mission = text_from (mission);
    return message;
}

//  A message of any kind; the texts are few, empty ones among them.
static message_t
s_any (uint64_t *seed, uint64_t number)
{
    static const char *const texts[] = {"", "ARTEMIS", "GEMINI", "Falcon-9", "SKYLAB"};
    const char *text = texts[s_random (seed, 5)], *other = texts[s_random (seed, 5)];
    uint64_t speed = s_random (seed, 2) ? s_random (seed, 5000) : MESSAGE_NUMBER_MAX;
    switch (1 + s_random (seed, 5)) {
    case MESSAGE_LAUNCHED:
        return s_launched (number, text, speed, other);
    case MESSAGE_SPED_UP:
        return s_sped_up (number, speed);
    case MESSAGE_SLOWED:
        return s_slowed (number, speed);
    case MESSAGE_EXPLODED:
        return s_exploded (number, text);
    default:
        return s_mission_changed (number, text);
    }
}

//  A rocket and its pool.
static text_pool_t *s_pool;
static rocket_t *s_rocket;

static void
s_start (void)
{
    s_pool = text_pool_new ();
    s_rocket = rocket_new (text_from ("rocket"));
}

//  Every text must have been given back: text_pool_destroy insists on it.
static void
s_stop (void)
{
    rocket_destroy (&s_rocket, s_pool);
    text_pool_destroy (&s_pool);
}

static void
s_restart (void)
{
    rocket_destroy (&s_rocket, s_pool);
    cr_assert_eq (text_pool_size (s_pool), 0);
    s_rocket = rocket_new (text_from ("rocket"));
}

static fold_t
s_fold (message_t message, ordering_t ordering)
{
    return rocket_fold (s_rocket, s_pool, &message, ordering);
}

static fold_t
s_converge (message_t message)
{
    return s_fold (message, ORDERING_CONVERGE);
}

static fold_t
s_latest (message_t message)
{
    return s_fold (message, ORDERING_LATEST);
}

static rocket_view_t
s_view (void)
{
    rocket_view_t view;
    rocket_view (s_rocket, &view);
    return view;
}

static bool
s_is_text (text_t text, const char *expected)
{
    return expected ? text.data && text_equal (text, text_from (expected)) : !text.data;
}

static bool
s_same_text (text_t a, text_t b)
{
    return !a.data == !b.data && text_equal (a, b);
}

//  Which member of two views differs, or NULL if none does.
static const char *
s_difference (const rocket_view_t *a, const rocket_view_t *b)
{
    const struct {
        const char *name;
        bool is_same;
    } members[] = {
        {"id", s_same_text (a->id, b->id)},
        {"type", s_same_text (a->type, b->type)},
        {"mission", s_same_text (a->mission, b->mission)},
        {"explosion_reason", s_same_text (a->explosion_reason, b->explosion_reason)},
        {"speed", a->speed == b->speed},
        {"status", a->status == b->status},
        {"last_number", a->last_number == b->last_number},
        {"last_time_us", a->last_time_us == b->last_time_us},
        {"applied", a->applied == b->applied},
        {"conflicts", a->conflicts == b->conflicts},
        {"gaps_closed", a->gaps_closed == b->gaps_closed},
        {"type_number", a->type_number == b->type_number},
        {"mission_number", a->mission_number == b->mission_number},
        {"explosion_number", a->explosion_number == b->explosion_number},
        {"seen_count", a->seen_count == b->seen_count},
        {"seen", a->seen_count != b->seen_count || a->seen_count == 0 ||
                     memcmp (a->seen, b->seen, a->seen_count * sizeof *a->seen) == 0},
        {"hashes", memcmp (a->hashes, b->hashes, sizeof a->hashes) == 0},
    };
    for (size_t index = 0; index < sizeof members / sizeof *members; index++)
        if (!members[index].is_same)
            return members[index].name;
    return NULL;
}

//  What the messages that are chosen must lead to; they are sorted by number. The ranges are the
//  caller's to keep as long as the view.
static rocket_view_t
s_expected (const message_t *messages, const bool *chosen, size_t count, number_range_t *ranges)
{
    rocket_view_t view = {.id = text_from ("rocket"), .seen = ranges};
    uint64_t speed = 0;
    for (size_t index = 0; index < count; index++) {
        const message_t *message = messages + index;
        if (chosen && !chosen[index])
            continue;
        if (message->kind == MESSAGE_LAUNCHED) {
            view.type = message->type;
            view.type_number = message->number;
            if (view.status == ROCKET_UNKNOWN)
                view.status = ROCKET_FLYING;
        }
        if (message->kind == MESSAGE_LAUNCHED || message->kind == MESSAGE_MISSION_CHANGED) {
            view.mission = message->mission;
            view.mission_number = message->number;
        }
        if (message->kind == MESSAGE_EXPLODED) {
            view.explosion_reason = message->reason;
            view.explosion_number = message->number;
            view.status = ROCKET_EXPLODED;
        }
        speed += message->kind == MESSAGE_SLOWED ? -message->speed : message->speed;
        if (view.seen_count && ranges[view.seen_count - 1].last + 1 == message->number)
            ranges[view.seen_count - 1].last++;
        else
            ranges[view.seen_count++] = (number_range_t){message->number, message->number};
        view.applied++;
        view.last_number = message->number;
        view.last_time_us = message->time_us;
    }
    memcpy (&view.speed, &speed, sizeof speed);
    for (size_t index = 0; index < count; index++)
        if ((!chosen || chosen[index]) && messages[index].number + 16 > view.last_number)
            view.hashes[messages[index].number % 16] = message_content_hash (messages + index);
    return view;
}

static size_t
s_missing (number_range_t *gaps)
{
    rocket_view_t view = s_view ();
    return rocket_view_missing (&view, gaps);
}

static void
s_expect_view (const rocket_view_t *expected, const char *what, size_t round)
{
    rocket_view_t view = s_view ();
    const char *difference = s_difference (&view, expected);
    cr_assert_null (difference, "%s %zu: %s differs", what, round, difference);
}

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

static void
s_swap (uint8_t *order, size_t one, size_t other)
{
    uint8_t moved = order[one];
    order[one] = order[other];
    order[other] = moved;
}

//  Tell every order in which all from done on may stand.
static void
s_each_order (uint8_t *order, size_t done, size_t count, void (*function) (const uint8_t *order))
{
    if (done == count) {
        function (order);
        return;
    }
    for (size_t next = done; next < count; next++) {
        s_swap (order, done, next);
        s_each_order (order, done + 1, count, function);
        s_swap (order, done, next);
    }
}

#define FEW 7

static message_t s_few[FEW];
static number_range_t s_few_ranges[1 << FEW][FEW];
static rocket_view_t s_few_expected[1 << FEW];  //  by the set of messages that came
static size_t s_orders;

//  Fold them in this order, each of them again and again; the state must be right at every step.
static void
s_try_order (const uint8_t *order)
{
    s_restart ();
    unsigned set = 0;
    for (size_t step = 0; step < FEW; step++) {
        cr_assert_eq (s_converge (s_few[order[step]]), FOLD_APPLIED);
        set |= 1u << order[step];
        s_expect_view (&s_few_expected[set], "order", s_orders);
        for (size_t again = 0; again <= step; again++)
            cr_assert_eq (s_converge (s_few[order[again]]), FOLD_DUPLICATE);
        s_expect_view (&s_few_expected[set], "repeats, order", s_orders);
    }
    s_orders++;
}

static void
s_try_all_orders (void)
{
    for (unsigned set = 0; set < 1 << FEW; set++) {
        bool chosen[FEW];
        for (size_t index = 0; index < FEW; index++)
            chosen[index] = set >> index & 1;
        s_few_expected[set] = s_expected (s_few, chosen, FEW, s_few_ranges[set]);
    }
    uint8_t order[FEW] = {0, 1, 2, 3, 4, 5, 6};
    s_orders = 0;
    s_each_order (order, 0, FEW, s_try_order);
    cr_expect_eq (s_orders, 5040);
}

Test (rocket, every_order_of_seven_messages_leads_to_the_same_state)
{
    const message_t messages[FEW] = {s_launched (1, "Titan-IV", 900, "GEMINI"), s_sped_up (2, 100),
        s_mission_changed (3, "SKYLAB"), s_exploded (5, "first"),
        s_launched (6, "Scout", 10, "APOLLO"), s_exploded (21, "second"), s_slowed (22, 2000)};
    memcpy (s_few, messages, sizeof s_few);
    s_try_all_orders ();
}

Test (rocket, so_does_every_order_of_the_largest_numbers_and_speeds)
{
    uint64_t top = MESSAGE_NUMBER_MAX;
    const message_t messages[FEW] = {s_mission_changed (1, "MERCURY"),
        s_launched (top - 17, "Athena", top, ""), s_slowed (top - 16, top),
        s_slowed (top - 15, top), s_exploded (top - 2, ""), s_mission_changed (top - 1, "APOLLO"),
        s_sped_up (top, top)};
    memcpy (s_few, messages, sizeof s_few);
    s_try_all_orders ();
}

static void
s_shuffle (size_t *order, size_t count, uint64_t *seed)
{
    for (size_t left = count; left > 1; left--) {
        size_t other = (size_t) s_random (seed, left), moved = order[other];
        order[other] = order[left - 1];
        order[left - 1] = moved;
    }
}

//  Make messages with rising numbers from first on, some left out, and fold them in any order, some
//  of them more often.
static void
s_try_shuffle (uint64_t first, size_t count, uint64_t *seed, size_t round)
{
    static message_t messages[MESSAGES_MAX];
    static number_range_t ranges[MESSAGES_MAX];
    static size_t order[3 * MESSAGES_MAX];
    uint64_t number = first, holes = s_random (seed, 4), repeats = s_random (seed, 3);
    for (size_t index = 0; index < count; index++) {
        messages[index] = s_any (seed, number);
        number += 1 + (holes ? s_random (seed, 1 + holes) : 0);
    }
    size_t folds = count + (size_t) repeats * (size_t) s_random (seed, count + 1);
    for (size_t index = 0; index < folds; index++)
        order[index] = index < count ? index : (size_t) s_random (seed, count);
    s_shuffle (order, folds, seed);

    s_restart ();
    bool came[MESSAGES_MAX] = {false};
    for (size_t index = 0; index < folds; index++) {
        fold_t expected = came[order[index]] ? FOLD_DUPLICATE : FOLD_APPLIED;
        cr_assert_eq (s_converge (messages[order[index]]), expected, "shuffle %zu", round);
        came[order[index]] = true;
    }
    rocket_view_t expected = s_expected (messages, NULL, count, ranges);
    s_expect_view (&expected, "shuffle", round);
}

Test (rocket, thousands_of_shuffles_lead_to_the_state_of_the_numbers_in_order)
{
    uint64_t seed = SEED;
    fprintf (stderr, "seed %llu\n", (unsigned long long) seed);
    for (size_t round = 0; round < 4000; round++) {
        size_t count = 1 + (size_t) s_random (&seed, 200);
        uint64_t first = round % 2 ? 1 + s_random (&seed, 40) : MESSAGE_NUMBER_MAX - 4 * count;
        s_try_shuffle (first, count, &seed, round);
    }
}

Test (rocket, a_speed_past_two_to_the_63_wraps_whatever_the_order)
{
    static message_t messages[MESSAGES_MAX];
    static number_range_t ranges[MESSAGES_MAX];
    uint64_t seed = SEED;
    for (uint64_t number = 1; number <= MESSAGES_MAX; number++)
        messages[number - 1] = s_sped_up (number, MESSAGE_NUMBER_MAX);
    rocket_view_t expected = s_expected (messages, NULL, MESSAGES_MAX, ranges);
    cr_expect_eq (expected.speed, -7638104968020362416, "1200 * (2^53 - 1) - 2^64");
    for (size_t round = 0; round < 20; round++) {
        size_t order[MESSAGES_MAX];
        for (size_t index = 0; index < MESSAGES_MAX; index++)
            order[index] = index;
        s_shuffle (order, MESSAGES_MAX, &seed);
        s_restart ();
        for (size_t index = 0; index < MESSAGES_MAX; index++)
            s_converge (messages[order[index]]);
        s_expect_view (&expected, "round", round);
    }
    for (uint64_t number = 1; number <= MESSAGES_MAX; number++)
        s_converge (s_slowed (MESSAGES_MAX + number, MESSAGE_NUMBER_MAX));
    cr_expect_eq (s_view ().speed, 0, "and back");
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

//  Change a good view in one way; it must be refused, and leave nothing in the pool.
#define EXPECT_REFUSED(good, change)                                                               \
    do {                                                                                           \
        rocket_view_t view = (good);                                                               \
        size_t texts = text_pool_size (s_pool);                                                    \
        change;                                                                                    \
        cr_expect_null (rocket_restore (&view, s_pool), "%s", #change);                            \
        cr_expect_eq (text_pool_size (s_pool), texts, "%s", #change);                              \
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
