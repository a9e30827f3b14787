//  For the tests of rockets: messages of each kind, a rocket to fold them into, and the state they
//  must lead to by a plain reading of the rules: all messages kept, and taken by their numbers.
//  Each program has its own rocket, so all is static.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TEST_ROCKETS_H
#define DOWNLINK_TEST_ROCKETS_H

#include <criterion/criterion.h>

#include "common/domain/rocket.h"

#define SEED 20220202u
#define TIME_US 1643827145863370
#define MESSAGES_MAX 1200

static inline uint64_t
s_random (uint64_t *state, uint64_t limit)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return (mixed ^ mixed >> 31) % limit;
}

static inline message_t
s_message (message_kind_t kind, uint64_t number)
{
    //  Times do not rise with the numbers, so that a test sees which of the two counts.
    return (message_t){.channel = text_from ("rocket"),
        .number = number,
        .time_us = TIME_US + (int64_t) (number * 7919 % 1000),
        .kind = kind};
}

static inline message_t
s_launched (uint64_t number, const char *type, uint64_t speed, const char *mission)
{
    message_t message = s_message (MESSAGE_LAUNCHED, number);
    message.type = text_from (type);
    message.speed = speed;
    message.mission = text_from (mission);
    return message;
}

static inline message_t
s_sped_up (uint64_t number, uint64_t by)
{
    message_t message = s_message (MESSAGE_SPED_UP, number);
    message.speed = by;
    return message;
}

static inline message_t
s_slowed (uint64_t number, uint64_t by)
{
    message_t message = s_message (MESSAGE_SLOWED, number);
    message.speed = by;
    return message;
}

static inline message_t
s_exploded (uint64_t number, const char *reason)
{
    message_t message = s_message (MESSAGE_EXPLODED, number);
    message.reason = text_from (reason);
    return message;
}

static inline message_t
s_mission_changed (uint64_t number, const char *mission)
{
    message_t message = s_message (MESSAGE_MISSION_CHANGED, number);
    message.mission = text_from (mission);
    return message;
}

//  A message of any kind; the texts are few, empty ones among them.
static inline message_t
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

static inline void
s_start (void)
{
    s_pool = text_pool_new ();
    s_rocket = rocket_new (text_from ("rocket"));
}

//  text_pool_destroy fails if a text is left in the pool.
static inline void
s_stop (void)
{
    rocket_destroy (&s_rocket, s_pool);
    text_pool_destroy (&s_pool);
}

static inline void
s_restart (void)
{
    s_stop ();
    s_start ();
}

static inline fold_t
s_fold (message_t message, ordering_t ordering)
{
    return rocket_fold (s_rocket, s_pool, &message, ordering);
}

static inline fold_t
s_converge (message_t message)
{
    return s_fold (message, ORDERING_CONVERGE);
}

static inline fold_t
s_latest (message_t message)
{
    return s_fold (message, ORDERING_LATEST);
}

static inline rocket_view_t
s_view (void)
{
    rocket_view_t view;
    rocket_view (s_rocket, &view);
    return view;
}

static inline bool
s_is_text (text_t text, const char *expected)
{
    return expected ? text.data && text_equal (text, text_from (expected)) : !text.data;
}

static inline bool
s_same_text (text_t a, text_t b)
{
    return !a.data == !b.data && text_equal (a, b);
}

//  Which member of two views differs, or NULL if none does.
static inline const char *
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

//  The state that the chosen messages must lead to; they are sorted by number. The ranges are the
//  caller's to keep as long as the view.
static inline rocket_view_t
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

static inline size_t
s_missing (number_range_t *gaps)
{
    rocket_view_t view = s_view ();
    return rocket_view_missing (&view, gaps);
}

static inline void
s_expect_view (const rocket_view_t *expected, const char *what, size_t round)
{
    rocket_view_t view = s_view ();
    const char *difference = s_difference (&view, expected);
    cr_assert_null (difference, "%s %zu: %s differs", what, round, difference);
}

#endif
