//  SPDX-License-Identifier: Apache-2.0
#include "launch/flights.h"

#include <stdlib.h>
#include <string.h>

#include "common/text/timestamp.h"

#define START_US 1643827145863370  //  2022-02-02T18:39:05.863370Z

static const char *const s_types[] = {"Atlas-H", "Titan-IV", "Scout", "Falcon-1", "Falcon-9",
    "Electron", "Saturn-I", "Juno-II", "Antares", "Athena", "Pegasus"};
static const char *const s_missions[] = {
    "ARTEMIS", "GEMINI", "MERCURY", "SKYLAB", "SHUTTLE_MIR", "APOLLO", "APOLLO_SOYUZ"};
static const char *const s_reasons[] = {
    "PRESSURE_VESSEL_FAILURE", "FROZEN_O_RINGS", "UNKNOWN_OBJECT_COLLISION", "SYSTEM_MALFUNCTION"};

#define PICK(rand, list) list[g_rand_int_range (rand, 0, (gint32) G_N_ELEMENTS (list))]

//  A message and its place in the order of sending.
typedef struct {
    double place;
    char *text;
} sending_t;

static gint
s_compare (gconstpointer a, gconstpointer b)
{
    double one = ((const sending_t *) a)->place;
    double two = ((const sending_t *) b)->place;
    return (one > two) - (one < two);
}

static void
s_name (flight_t *flight, GRand *rand)
{
    g_snprintf (flight->id, sizeof flight->id, "%08x-%04x-4%03x-%04x-%04x%08x", g_rand_int (rand),
        g_rand_int (rand) & 0xffff, g_rand_int (rand) & 0xfff,
        0x8000 | (g_rand_int (rand) & 0x3fff), g_rand_int (rand) & 0xffff, g_rand_int (rand));
}

static char *
s_launch (flight_t *flight, GRand *rand)
{
    int speed = g_rand_int_range (rand, 100, 2000);
    flight->type = PICK (rand, s_types);
    flight->mission = PICK (rand, s_missions);
    flight->speed += speed;
    return g_strdup_printf ("RocketLaunched\"},\"message\":{\"type\":\"%s\",\"launchSpeed\":%d,"
                            "\"mission\":\"%s\"}}",
        flight->type, speed, flight->mission);
}

static char *
s_change_speed (flight_t *flight, GRand *rand)
{
    bool up = g_rand_double (rand) < 0.6;
    int by = g_rand_int_range (rand, 1, up ? 4000 : 3000);
    flight->speed += up ? by : -by;
    return g_strdup_printf (
        "RocketSpeed%s\"},\"message\":{\"by\":%d}}", up ? "Increased" : "Decreased", by);
}

//  Write the type and the body of a rocket's next message, and fold it into the expected state.
static char *
s_body (flight_t *flight, GRand *rand, bool is_last)
{
    if (flight->messages == 1)
        return s_launch (flight, rand);
    if (is_last && g_rand_double (rand) < 0.2) {
        flight->explosion_reason = PICK (rand, s_reasons);
        return g_strdup_printf (
            "RocketExploded\"},\"message\":{\"reason\":\"%s\"}}", flight->explosion_reason);
    }
    if (g_rand_double (rand) < 0.1) {
        flight->mission = PICK (rand, s_missions);
        return g_strdup_printf (
            "RocketMissionChanged\"},\"message\":{\"newMission\":\"%s\"}}", flight->mission);
    }
    return s_change_speed (flight, rand);
}

static char *
s_message (flight_t *flight, GRand *rand, bool is_last)
{
    char time[TIMESTAMP_SIZE];
    flight->messages++;
    flight->last_time_us = START_US + (int64_t) flight->messages * 1000000;
    timestamp_print (flight->last_time_us, time);
    char *body = s_body (flight, rand, is_last);
    char *text = g_strdup_printf ("{\"metadata\":{\"channel\":\"%s\",\"messageNumber\":%llu,"
                                  "\"messageTime\":\"%s\",\"messageType\":\"%s",
        flight->id, (unsigned long long) flight->messages, time, body);
    g_free (body);
    return text;
}

flights_t *
flights_new (const flight_plan_t *plan)
{
    flights_t *self = g_new0 (flights_t, 1);
    self->flights = g_array_new (FALSE, TRUE, sizeof (flight_t));
    self->messages = g_ptr_array_new_with_free_func (g_free);
    GRand *rand = g_rand_new_with_seed ((guint32) plan->seed);
    GArray *sendings = g_array_new (FALSE, TRUE, sizeof (sending_t));
    g_array_set_size (self->flights, (guint) plan->rockets);
    for (guint index = 0; index < self->flights->len; index++)
        s_name (&g_array_index (self->flights, flight_t, index), rand);
    double shuffle = (double) plan->shuffle;
    for (uint64_t place = 0; place < plan->messages; place++) {
        flight_t *flight =
            &g_array_index (self->flights, flight_t, (guint) (place % plan->rockets));
        bool is_last = place + plan->rockets >= plan->messages;
        sending_t sending = {(double) place, s_message (flight, rand, is_last)};
        if (plan->shuffle)
            sending.place += g_rand_double_range (rand, -shuffle / 2, shuffle / 2);
        g_array_append_val (sendings, sending);
        if (g_rand_double (rand) < plan->duplicates) {
            sending_t repeat = {sending.place + g_rand_double_range (rand, 1, 50 + shuffle),
                g_strdup (sending.text)};
            g_array_append_val (sendings, repeat);
        }
    }
    g_array_sort (sendings, s_compare);
    for (guint index = 0; index < sendings->len; index++)
        g_ptr_array_add (self->messages, g_array_index (sendings, sending_t, index).text);
    g_array_unref (sendings);
    g_rand_free (rand);
    return self;
}

void
flights_destroy (flights_t **self_p)
{
    flights_t *self = *self_p;
    if (!self)
        return;
    g_array_unref (self->flights);
    g_ptr_array_unref (self->messages);
    g_free (self);
    *self_p = NULL;
}
