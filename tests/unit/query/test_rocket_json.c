//  Rockets in the API: random ones go the whole way, from the view to msgpack to JSON,
//  the quick way and the general one, and are held against yajl's and GLib's idea of the same.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <yajl/yajl_gen.h>

#include "common/bytes/msgpack_json.h"
#include "common/text/timestamp.h"
#include "query/protocol/rocket_json.h"
#include "query/protocol/rocket_map.h"

#define ROUNDS 20000
#define SEED 1969
#define RANGES_MAX 5

//  A rocket, and room for its borrowed texts.
typedef struct {
    rocket_view_t view;
    number_range_t seen[RANGES_MAX];
    char texts[4][MESSAGE_TEXT_MAX_BYTES];
} rocket_of_chance_t;

static uint64_t
s_number (GRand *random)
{
    uint64_t bits = (uint64_t) g_rand_int (random) << 32 | g_rand_int (random);
    return bits >> g_rand_int_range (random, 0, 64);
}

//  Valid UTF-8 of any characters but zero.
static text_t
s_text (GRand *random, char *room, size_t limit)
{
    size_t size = 0;
    size_t wanted = (size_t) g_rand_int_range (random, 1, (gint32) limit);
    bool is_plain = g_rand_boolean (random);
    while (size + 6 < wanted) {
        gunichar character = (gunichar) g_rand_int_range (random, 1, is_plain ? 0x7f : 0x110000);
        if (g_unichar_validate (character))
            size += (size_t) g_unichar_to_utf8 (character, room + size);
    }
    return text_of (room, size);
}

static text_t
s_text_or_none (GRand *random, char *room)
{
    return g_rand_boolean (random) ? s_text (random, room, MESSAGE_TEXT_MAX_BYTES) : (text_t){0};
}

//  Whole seconds and others, before 1970 and after, and the first and the last instant.
static int64_t
s_time_us (GRand *random)
{
    static const int64_t limits[] = {TIMESTAMP_MIN_US, TIMESTAMP_MAX_US, 0, -1};
    if (g_rand_int_range (random, 0, 10) == 0)
        return limits[g_rand_int_range (random, 0, G_N_ELEMENTS (limits))];
    int64_t seconds = (int64_t) g_rand_double_range (
        random, (double) TIMESTAMP_MIN_US / 1e6, (double) TIMESTAMP_MAX_US / 1e6);
    return seconds * 1000000 +
           (g_rand_boolean (random) ? g_rand_int_range (random, 0, 1000000) : 0);
}

static void
s_make (rocket_of_chance_t *self, GRand *random)
{
    uint64_t number = 1 + s_number (random) % 1000;
    self->view = (rocket_view_t){.id = s_text (random, self->texts[0], MESSAGE_CHANNEL_MAX_BYTES),
        .type = s_text_or_none (random, self->texts[1]),
        .mission = s_text_or_none (random, self->texts[2]),
        .explosion_reason = s_text_or_none (random, self->texts[3]),
        .speed = (int64_t) (s_number (random) * (g_rand_boolean (random) ? 1 : UINT64_MAX)),
        .status = (rocket_status_t) g_rand_int_range (random, 0, 3),
        .last_number = s_number (random) >> 1,
        .last_time_us = s_time_us (random),
        .applied = s_number (random) >> 1,
        .conflicts = s_number (random) >> 32,
        .seen = self->seen,
        .seen_count = (size_t) g_rand_int_range (random, 0, RANGES_MAX + 1)};
    for (size_t index = 0; index < self->view.seen_count; index++) {
        self->seen[index].first = number;
        self->seen[index].last = number + s_number (random) % 1000000;
        number = self->seen[index].last + 2 + s_number (random) % 1000000;
    }
}

static void
s_show_text (yajl_gen yajl, const char *name, text_t text)
{
    yajl_gen_string (yajl, (const unsigned char *) name, strlen (name));
    if (text.data)
        yajl_gen_string (yajl, (const unsigned char *) text.data, text.size);
    else
        yajl_gen_null (yajl);
}

static void
s_show_int (yajl_gen yajl, const char *name, int64_t value)
{
    yajl_gen_string (yajl, (const unsigned char *) name, strlen (name));
    yajl_gen_integer (yajl, value);
}

//  GLib's years begin at 1, so those of an era later are shown, with the year put right.
static void
s_show_time (yajl_gen yajl, int64_t time_us)
{
    const int64_t era_seconds = (int64_t) 146097 * 86400;
    int64_t since_us = time_us - TIMESTAMP_MIN_US;
    bool is_shifted = since_us < era_seconds * 1000000;
    int64_t seconds = since_us / 1000000 + TIMESTAMP_MIN_US / 1000000;
    GDateTime *time = g_date_time_new_from_unix_utc (seconds + (is_shifted ? era_seconds : 0));
    int year = g_date_time_get_year (time) - (is_shifted ? 400 : 0);
    char *rest = g_date_time_format (time, "-%m-%dT%H:%M:%S");
    char *text = g_strdup_printf ("%04d%s.%06dZ", year, rest, (int) (since_us % 1000000));
    s_show_text (yajl, "lastMessageTime", text_from (text));
    g_free (text);
    g_free (rest);
    g_date_time_unref (time);
}

static void
s_show_missing (yajl_gen yajl, const rocket_view_t *view)
{
    uint64_t next = 1;
    yajl_gen_string (yajl, (const unsigned char *) "missing", 7);
    yajl_gen_array_open (yajl);
    for (size_t index = 0; index < view->seen_count; index++) {
        if (view->seen[index].first > next) {
            yajl_gen_array_open (yajl);
            yajl_gen_integer (yajl, (long long) next);
            yajl_gen_integer (yajl, (long long) view->seen[index].first - 1);
            yajl_gen_array_close (yajl);
        }
        next = view->seen[index].last + 1;
    }
    yajl_gen_array_close (yajl);
}

static void
s_show (yajl_gen yajl, const rocket_view_t *view)
{
    static const char *const statuses[] = {"unknown", "flying", "exploded"};
    yajl_gen_map_open (yajl);
    s_show_text (yajl, "id", view->id);
    s_show_text (yajl, "type", view->type);
    s_show_int (yajl, "speed", view->speed);
    s_show_text (yajl, "mission", view->mission);
    s_show_text (yajl, "status", text_from (statuses[view->status]));
    s_show_text (yajl, "explosionReason", view->explosion_reason);
    s_show_int (yajl, "lastMessageNumber", (int64_t) view->last_number);
    s_show_time (yajl, view->last_time_us);
    s_show_int (yajl, "messagesApplied", (int64_t) view->applied);
    s_show_missing (yajl, view);
    s_show_int (yajl, "conflicts", (int64_t) view->conflicts);
    yajl_gen_map_close (yajl);
}

//  All that a test writes into.
typedef struct {
    GRand *random;
    GByteArray *map;
    json_writer_t *json;
    yajl_gen yajl;
} tools_t;

static tools_t
s_new_tools (void)
{
    return (tools_t){g_rand_new_with_seed (SEED), g_byte_array_new (), json_writer_new (),
        yajl_gen_alloc (NULL)};
}

static void
s_free_tools (tools_t *self)
{
    g_rand_free (self->random);
    g_byte_array_unref (self->map);
    json_writer_destroy (&self->json);
    yajl_gen_free (self->yajl);
}

//  Make a rocket, and its map.
static void
s_next (tools_t *self, rocket_of_chance_t *rocket)
{
    s_make (rocket, self->random);
    g_byte_array_set_size (self->map, 0);
    rocket_map_write (self->map, &rocket->view);
}

static text_t
s_map (const tools_t *self)
{
    return text_of ((const char *) self->map->data, self->map->len);
}

static void
s_expect_shown (tools_t *self, bool is_written, const rocket_view_t *view)
{
    const unsigned char *bytes = NULL;
    size_t size = 0;
    yajl_gen_reset (self->yajl, NULL);
    yajl_gen_clear (self->yajl);
    s_show (self->yajl, view);
    yajl_gen_get_buf (self->yajl, &bytes, &size);
    text_t text = json_writer_text (self->json);
    cr_assert (is_written);
    cr_assert (text_equal (text, text_of ((const char *) bytes, size)), "%.*s\nis not\n%.*s",
        (int) text.size, text.data, (int) size, (const char *) bytes);
}

Test (rocket_json, random_rockets_are_shown_as_yajl_would_show_them)
{
    tools_t tools = s_new_tools ();
    for (int round = 0; round < ROUNDS; round++) {
        rocket_of_chance_t rocket;
        s_next (&tools, &rocket);
        json_writer_reset (tools.json);
        s_expect_shown (&tools, rocket_json_write (tools.json, s_map (&tools)), &rocket.view);
        json_writer_reset (tools.json);
        s_expect_shown (&tools, msgpack_json_write (tools.json, s_map (&tools)), &rocket.view);
    }
    s_free_tools (&tools);
}

Test (rocket_json, rockets_stand_in_a_list_like_any_value)
{
    tools_t tools = s_new_tools ();
    rocket_of_chance_t rocket;
    s_next (&tools, &rocket);
    json_begin_array (tools.json);
    cr_assert (rocket_json_write (tools.json, s_map (&tools)));
    cr_assert (rocket_json_write (tools.json, s_map (&tools)));
    json_end_array (tools.json);
    char *list = g_strndup (json_writer_text (tools.json).data, json_writer_text (tools.json).size);
    json_writer_reset (tools.json);
    cr_assert (rocket_json_write (tools.json, s_map (&tools)));
    text_t one = json_writer_text (tools.json);
    char *expected =
        g_strdup_printf ("[%.*s,%.*s]", (int) one.size, one.data, (int) one.size, one.data);
    cr_expect_str_eq (list, expected);
    g_free (expected);
    g_free (list);
    s_free_tools (&tools);
}

//  A byte of the map is changed: the quick way must not accept a map that the general way refuses.
Test (rocket_json, a_map_that_is_changed_is_shown_or_refused_as_the_general_way_does_it)
{
    tools_t tools = s_new_tools ();
    json_writer_t *general = json_writer_new ();
    for (int round = 0; round < ROUNDS; round++) {
        rocket_of_chance_t rocket;
        s_next (&tools, &rocket);
        guint place = (guint) g_rand_int_range (tools.random, 0, (gint32) tools.map->len);
        tools.map->data[place] = (guint8) g_rand_int_range (tools.random, 0, 256);
        json_writer_reset (tools.json);
        json_writer_reset (general);
        bool is_shown = rocket_json_write (tools.json, s_map (&tools));
        cr_assert_eq (is_shown, msgpack_json_write (general, s_map (&tools)));
        cr_assert (
            !is_shown || text_equal (json_writer_text (tools.json), json_writer_text (general)));
    }
    json_writer_destroy (&general);
    s_free_tools (&tools);
}

Test (rocket_json, a_map_that_ends_too_soon_is_refused)
{
    tools_t tools = s_new_tools ();
    rocket_of_chance_t rocket;
    s_next (&tools, &rocket);
    for (size_t size = 0; size < tools.map->len; size++) {
        json_writer_reset (tools.json);
        cr_expect_not (rocket_json_write (tools.json, text_of (s_map (&tools).data, size)));
    }
    s_free_tools (&tools);
}
