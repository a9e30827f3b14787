//  SPDX-License-Identifier: Apache-2.0
#include "launch/verify.h"

#include <stdio.h>
#include <string.h>
#include <yajl/yajl_tree.h>

#include "common/process/clock.h"
#include "common/text/timestamp.h"

#define DIFFERENCES_TOLD 10
#define ANSWER_MS 5000
#define FIRST_ANSWER_MS 1000

typedef struct {
    const http_place_t *place;
    http_line_t *line;  //  NULL: none
    http_answer_t answer;
} checker_t;

//  Ask once. Return true if an answer came; the checker's buffer has its body, zero-terminated.
static bool
s_ask (checker_t *self, const char *id, int64_t timeout_ms)
{
    if (!self->line)
        self->line = http_connect (self->place, 0);
    char *target = g_strconcat ("/rockets/", id, NULL);
    bool good = self->line &&
                http_get (self->line, self->place, target, clock_ms () + timeout_ms, &self->answer);
    if (!good || self->answer.is_closing)
        http_line_destroy (&self->line);
    g_free (target);
    return good;
}

//  Return a member of the rocket as text, in the form of s_expect.
static char *
s_text (yajl_val value)
{
    if (!value)
        return g_strdup ("(missing)");
    if (YAJL_IS_STRING (value))
        return g_strdup (YAJL_GET_STRING (value));
    if (YAJL_IS_NUMBER (value))
        return g_strdup (YAJL_GET_NUMBER (value));
    if (YAJL_IS_ARRAY (value))
        return g_strdup_printf ("%zu gaps", YAJL_GET_ARRAY (value)->len);
    return g_strdup (YAJL_IS_NULL (value) ? "null" : "(other)");
}

static bool
s_is (yajl_val rocket, const flight_t *flight, const char *member, const char *expected, bool tell)
{
    const char *path[] = {member, NULL};
    char *found = s_text (yajl_tree_get (rocket, path, yajl_t_any));
    bool good = strcmp (found, expected) == 0;
    if (!good && tell)
        fprintf (stderr, "%s: %s is %s, must be %s\n", flight->id, member, found, expected);
    g_free (found);
    return good;
}

static bool
s_compare (yajl_val rocket, const flight_t *flight, bool tell)
{
    char speed[24];
    char number[24];
    char time[TIMESTAMP_SIZE];
    g_snprintf (speed, sizeof speed, "%lld", (long long) flight->speed);
    g_snprintf (number, sizeof number, "%llu", (unsigned long long) flight->messages);
    timestamp_print (flight->last_time_us, time);
    const char *reason = flight->explosion_reason;
    const struct {
        const char *member;
        const char *expected;
    } members[] = {{"id", flight->id}, {"type", flight->type}, {"speed", speed},
        {"mission", flight->mission}, {"status", reason ? "exploded" : "flying"},
        {"explosionReason", reason ? reason : "null"}, {"lastMessageNumber", number},
        {"lastMessageTime", time}, {"messagesApplied", number}, {"missing", "0 gaps"},
        {"conflicts", "0"}};
    bool good = true;
    for (size_t index = 0; index < G_N_ELEMENTS (members); index++)
        good = s_is (rocket, flight, members[index].member, members[index].expected, tell) && good;
    return good;
}

static bool
s_check (checker_t *self, const flight_t *flight, bool tell)
{
    if (!s_ask (self, flight->id, ANSWER_MS) || self->answer.status != 200) {
        if (tell)
            fprintf (stderr, "%s: the answer is %u\n", flight->id, self->answer.status);
        return false;
    }
    char fault[256] = "";
    const char *body = (const char *) self->answer.buffer->data + self->answer.body_start;
    yajl_val rocket = yajl_tree_parse (body, fault, sizeof fault);
    bool good = rocket && s_compare (rocket, flight, tell);
    if (!rocket && tell)
        fprintf (stderr, "%s: the answer is no JSON: %s\n", flight->id, fault);
    yajl_tree_free (rocket);
    return good;
}

uint64_t
verify_flights (const flights_t *flights, const http_place_t *place, int64_t patience_ms)
{
    uint64_t right = 0;
    int told = 0;
    int64_t until_ms = clock_ms () + patience_ms;
    checker_t checker = {.place = place, .answer.buffer = g_byte_array_new ()};
    for (guint index = 0; index < flights->flights->len; index++) {
        const flight_t *flight = &g_array_index (flights->flights, flight_t, index);
        bool good = flight->messages == 0 || s_check (&checker, flight, false);
        while (!good && clock_ms () < until_ms) {
            g_usleep (20 * 1000);
            good = s_check (&checker, flight, false);
        }
        if (!good && told++ < DIFFERENCES_TOLD)
            good = s_check (&checker, flight, true);
        right += good;
    }
    http_line_destroy (&checker.line);
    g_byte_array_unref (checker.answer.buffer);
    return right;
}

bool
verify_is_known (const flights_t *flights, const http_place_t *place)
{
    checker_t checker = {.place = place, .answer.buffer = g_byte_array_new ()};
    const flight_t *first = &g_array_index (flights->flights, flight_t, 0);
    bool is_known = s_ask (&checker, first->id, FIRST_ANSWER_MS) && checker.answer.status == 200;
    http_line_destroy (&checker.line);
    g_byte_array_unref (checker.answer.buffer);
    return is_known;
}
