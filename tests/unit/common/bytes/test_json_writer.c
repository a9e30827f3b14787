//  The JSON text equals yajl's text of the same values, byte for byte.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <signal.h>
#include <yajl/yajl_gen.h>

#include "common/bytes/json_writer.h"

#define ROUNDS 20000
#define SEED 20260211
#define DEPTH_MAX 8
#define TEXT_MAX 300

//  Writes every value twice.
typedef struct {
    json_writer_t *json;
    yajl_gen yajl;
    GRand *random;
} pair_t;

static pair_t
s_new_pair (void)
{
    return (pair_t){json_writer_new (), yajl_gen_alloc (NULL), g_rand_new_with_seed (SEED)};
}

static void
s_free_pair (pair_t *self)
{
    json_writer_destroy (&self->json);
    yajl_gen_free (self->yajl);
    g_rand_free (self->random);
}

static void
s_reset (pair_t *self)
{
    json_writer_reset (self->json);
    yajl_gen_reset (self->yajl, NULL);
    yajl_gen_clear (self->yajl);
}

static void
s_expect_same (pair_t *self)
{
    const unsigned char *bytes = NULL;
    size_t size = 0;
    yajl_gen_get_buf (self->yajl, &bytes, &size);
    text_t text = json_writer_text (self->json);
    cr_assert (text_equal (text, text_of ((const char *) bytes, size)), "%.*s is not %.*s",
        (int) text.size, text.data, (int) size, (const char *) bytes);
}

static void
s_text (pair_t *self, text_t text)
{
    json_text (self->json, text);
    cr_assert_eq (yajl_gen_string (self->yajl, (const unsigned char *) text.data, text.size),
        yajl_gen_status_ok);
}

//  Any bytes; those to be escaped are frequent in one of two.
static void
s_random_text (pair_t *self)
{
    static const char specials[] = "\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9\xf0\x9f\x9a\x80";
    char bytes[TEXT_MAX];
    size_t size = (size_t) g_rand_int_range (self->random, 0, 40);
    if (g_rand_int_range (self->random, 0, 20) == 0)
        size = (size_t) g_rand_int_range (self->random, 0, TEXT_MAX);
    bool is_special = g_rand_boolean (self->random);
    for (size_t index = 0; index < size; index++) {
        bytes[index] = (char) g_rand_int_range (self->random, ' ', 0x7f);
        if (is_special && g_rand_int_range (self->random, 0, 8) == 0)
            bytes[index] = specials[g_rand_int_range (self->random, 0, sizeof specials)];
    }
    s_text (self, text_of (bytes, size));
}

static uint64_t
s_random_number (pair_t *self)
{
    uint64_t bits = (uint64_t) g_rand_int (self->random) << 32 | g_rand_int (self->random);
    return bits >> g_rand_int_range (self->random, 0, 64);
}

static void
s_random_number_value (pair_t *self)
{
    uint64_t number = s_random_number (self);
    int64_t negative = -(int64_t) (number >> 1);
    if (g_rand_boolean (self->random)) {
        char digits[32];
        json_uint (self->json, number);
        g_snprintf (digits, sizeof digits, "%" G_GUINT64_FORMAT, number);
        yajl_gen_number (self->yajl, digits, strlen (digits));
    }
    else {
        json_int (self->json, negative);
        yajl_gen_integer (self->yajl, negative);
    }
}

static void s_random_value (pair_t *self, int depth);

static void
s_random_object (pair_t *self, int depth)
{
    json_begin_object (self->json);
    yajl_gen_map_open (self->yajl);
    for (int left = g_rand_int_range (self->random, 0, 6); left > 0; left--) {
        s_random_text (self);
        s_random_value (self, depth);
    }
    json_end_object (self->json);
    yajl_gen_map_close (self->yajl);
}

static void
s_random_array (pair_t *self, int depth)
{
    json_begin_array (self->json);
    yajl_gen_array_open (self->yajl);
    for (int left = g_rand_int_range (self->random, 0, 6); left > 0; left--)
        s_random_value (self, depth);
    json_end_array (self->json);
    yajl_gen_array_close (self->yajl);
}

static void
s_random_value (pair_t *self, int depth)
{
    bool truth = g_rand_boolean (self->random);
    switch (g_rand_int_range (self->random, 0, depth < DEPTH_MAX ? 6 : 4)) {
    case 0:
        json_null (self->json);
        yajl_gen_null (self->yajl);
        break;
    case 1:
        json_bool (self->json, truth);
        yajl_gen_bool (self->yajl, truth);
        break;
    case 2:
        s_random_number_value (self);
        break;
    case 3:
        s_random_text (self);
        break;
    case 4:
        s_random_object (self, depth + 1);
        break;
    default:
        s_random_array (self, depth + 1);
        break;
    }
}

Test (json_writer, random_values_are_written_as_yajl_writes_them)
{
    pair_t pair = s_new_pair ();
    for (int round = 0; round < ROUNDS; round++) {
        s_reset (&pair);
        s_random_value (&pair, 0);
        s_expect_same (&pair);
    }
    s_free_pair (&pair);
}

Test (json_writer, every_byte_is_escaped_as_yajl_does_it_at_every_place_of_a_text)
{
    pair_t pair = s_new_pair ();
    for (int byte = 0; byte < 256; byte++) {
        for (size_t size = 1; size <= 20; size++) {
            for (size_t place = 0; place < size; place++) {
                char text[20];
                memset (text, 'x', sizeof text);
                text[place] = (char) byte;
                s_reset (&pair);
                s_text (&pair, text_of (text, size));
                s_expect_same (&pair);
            }
        }
    }
    s_free_pair (&pair);
}

Test (json_writer, the_lowest_and_the_highest_integers_are_whole)
{
    json_writer_t *json = json_writer_new ();
    json_begin_array (json);
    json_int (json, INT64_MIN);
    json_int (json, INT64_MAX);
    json_int (json, 0);
    json_uint (json, UINT64_MAX);
    json_uint (json, 99);
    json_uint (json, 100);
    json_end_array (json);
    cr_expect (text_equal (json_writer_text (json),
        text_from ("[-9223372036854775808,9223372036854775807,0,18446744073709551615,99,100]")));
    json_writer_destroy (&json);
}

Test (json_writer, a_number_is_rounded_to_its_decimals)
{
    static const struct {
        double value;
        unsigned decimals;
    } cases[] = {{0, 3}, {0.1, 3}, {2.0009765625, 3}, {0.0004, 3}, {0.0006, 3}, {1200, 3},
        {1200, 0}, {99.9996, 3}, {123456789.25, 1}};
    json_writer_t *json = json_writer_new ();
    json_begin_array (json);
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++)
        json_decimal (json, cases[index].value, cases[index].decimals);
    json_end_array (json);
    cr_expect (text_equal (
        json_writer_text (json), text_from ("[0,0.1,2.001,0,0.001,1200,1200,100,123456789.2]")));
    json_writer_destroy (&json);
}

Test (json_writer, a_line_is_the_text_with_a_line_feed)
{
    json_writer_t *json = json_writer_new ();
    for (size_t size = 0; size < 5000; size++) {
        json_writer_reset (json);
        char *text = g_strnfill (size, 'a');
        json_string (json, text);
        text_t line = json_writer_line (json);
        cr_assert_eq (line.size, size + 3);
        cr_assert_eq (line.data[size + 2], '\n');
        cr_assert_eq (json_writer_text (json).size, size + 2);
        g_free (text);
    }
    json_writer_destroy (&json);
}

Test (json_writer, a_long_text_is_whole)
{
    pair_t pair = s_new_pair ();
    char *text = g_strnfill (1000000, 'a');
    for (size_t place = 0; place < 1000000; place += 999)
        text[place] = '\n';
    s_text (&pair, text_from (text));
    s_expect_same (&pair);
    g_free (text);
    s_free_pair (&pair);
}

Test (json_writer, no_text_is_null_and_an_empty_text_is_empty)
{
    json_writer_t *json = json_writer_new ();
    json_begin_array (json);
    json_string (json, NULL);
    json_string (json, "");
    json_end_array (json);
    cr_expect (text_equal (json_writer_text (json), text_from ("[null,\"\"]")));
    json_writer_destroy (&json);
}

Test (json_writer, a_number_as_a_name_meets_a_check, .signal = SIGTRAP)
{
    json_writer_t *json = json_writer_new ();
    json_begin_object (json);
    json_int (json, 1);
}

Test (json_writer, a_second_text_behind_the_first_meets_a_check, .signal = SIGTRAP)
{
    json_writer_t *json = json_writer_new ();
    json_int (json, 1);
    json_int (json, 2);
}

Test (json_writer, an_object_that_ends_behind_a_name_meets_a_check, .signal = SIGTRAP)
{
    json_writer_t *json = json_writer_new ();
    json_begin_object (json);
    json_key (json, "name");
    json_end_object (json);
}
