//  Bodies are decoded within their bounds, for any bytes.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <stdint.h>

#include "http/coding/http_accept_encoding.h"
#include "http/coding/http_encoder.h"

#define SEED 20261127
#define MANY ((size_t) 8 * 1024 * 1024)

static const http_coding_t s_codings[] = {CODING_GZIP, CODING_ZSTD};

static text_t
s_text (GBytes *bytes)
{
    size_t size = 0;
    const char *data = g_bytes_get_data (bytes, &size);
    return text_of (data, size);
}

//  Encode in steps of no round size.
static GBytes *
s_encode (http_coding_t coding, text_t text)
{
    GBytes *bytes = g_bytes_new (text.data, text.size);
    http_encoder_t *encoder = http_encoder_new (coding, bytes);
    g_bytes_unref (bytes);
    GByteArray *out = g_byte_array_new ();
    uint8_t step[1021];
    for (size_t size; (size = http_encoder_read (encoder, step, sizeof step)) > 0;)
        g_byte_array_append (out, step, (guint) size);
    cr_expect_eq (http_encoder_read (encoder, step, sizeof step), 0);
    http_encoder_destroy (&encoder);
    return g_byte_array_free_to_bytes (out);
}

static decode_t
s_decode (http_coding_t coding, text_t bytes, size_t limit, text_t expected)
{
    GByteArray *out = g_byte_array_new ();
    decode_t result = http_decode (coding, bytes, limit, out);
    cr_assert (out->len <= limit + 1);
    if (result == DECODE_DONE)
        cr_expect (text_equal (text_of ((const char *) out->data, out->len), expected));
    g_byte_array_unref (out);
    return result;
}

//  A text that looks like messages, and shrinks like them.
static char *
s_lines (size_t size)
{
    GString *text = g_string_new (NULL);
    for (unsigned number = 1; text->len < size; number++)
        g_string_append_printf (text,
            "{\"metadata\":{\"channel\":\"%08x\",\"messageNumber\":%u},\"message\":{\"by\":%u}}\n",
            number * 2654435761u, number, number % 977);
    return g_string_free (text, FALSE);
}

Test (http_coding, the_names_of_codings_have_no_case_and_a_list_is_unknown)
{
    static const struct {
        const char *field;
        http_coding_t coding;
    } cases[] = {{NULL, CODING_IDENTITY}, {"", CODING_IDENTITY}, {"identity", CODING_IDENTITY},
        {"gzip", CODING_GZIP}, {"GZip", CODING_GZIP}, {"x-gzip", CODING_GZIP},
        {"zstd", CODING_ZSTD}, {"gzip, gzip", CODING_UNKNOWN}, {"deflate", CODING_UNKNOWN},
        {"br", CODING_UNKNOWN}, {"gzipp", CODING_UNKNOWN}};
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++)
        cr_expect_eq (http_coding_read (cases[index].field), cases[index].coding, "%zu", index);
}

Test (http_coding, a_client_gets_the_coding_that_it_likes_best)
{
    static const struct {
        const char *list;
        http_coding_t coding;
    } cases[] = {{NULL, CODING_IDENTITY}, {"", CODING_IDENTITY}, {"br", CODING_IDENTITY},
        {"gzip", CODING_GZIP}, {"X-GZIP", CODING_GZIP}, {"gzip, deflate, br, zstd", CODING_ZSTD},
        {"gzip;q=0.8, zstd;q=0.5", CODING_GZIP}, {"gzip ; q=0", CODING_IDENTITY},
        {"*", CODING_ZSTD}, {"zstd;q=0, *;q=0.1", CODING_GZIP},
        {"identity, gzip;q=0.5", CODING_IDENTITY}, {"identity;q=0.2,gzip;q=0.5", CODING_GZIP},
        {"gzip;q=2", CODING_IDENTITY}, {"gzip;level=1", CODING_IDENTITY},
        {"gzip;q=0.5x", CODING_IDENTITY}, {",,;,gzip", CODING_GZIP}, {"gzip;q=", CODING_IDENTITY},
        {"gzip;q=nan", CODING_IDENTITY}, {"*;q=0", CODING_IDENTITY}};
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++)
        cr_expect_eq (http_accept_encoding_choose (cases[index].list), cases[index].coding, "%s",
            cases[index].list ? cases[index].list : "no list");
}

Test (http_coding, what_is_encoded_is_decoded_up_to_the_limit_itself)
{
    char *lines = s_lines (MANY);
    static const size_t sizes[] = {0, 1, 1000, 65535, 65536, 65537, 3000000, MANY};
    for (size_t one = 0; one < G_N_ELEMENTS (s_codings); one++) {
        for (size_t index = 0; index < G_N_ELEMENTS (sizes); index++) {
            text_t text = text_of (lines, sizes[index]);
            GBytes *bytes = s_encode (s_codings[one], text);
            cr_expect_eq (s_decode (s_codings[one], s_text (bytes), MANY, text), DECODE_DONE);
            cr_expect_eq (s_decode (s_codings[one], s_text (bytes), text.size, text), DECODE_DONE);
            if (text.size > 0)
                cr_expect_eq (s_decode (s_codings[one], s_text (bytes), text.size - 1, text),
                    DECODE_TOO_LARGE);
            g_bytes_unref (bytes);
        }
    }
    g_free (lines);
}

Test (http_coding, a_small_body_does_not_become_a_large_one)
{
    char *zeros = g_malloc0 (MANY);
    for (size_t one = 0; one < G_N_ELEMENTS (s_codings); one++) {
        GBytes *bytes = s_encode (s_codings[one], text_of (zeros, MANY));
        cr_assert_lt (g_bytes_get_size (bytes), MANY / CODING_RATIO_MAX);
        cr_expect_eq (s_decode (s_codings[one], s_text (bytes), 1 << 30, text_of (zeros, MANY)),
            DECODE_TOO_DENSE);
        g_bytes_unref (bytes);
        bytes = s_encode (s_codings[one], text_of (zeros, CODING_FREE_BYTES));
        cr_expect_eq (
            s_decode (s_codings[one], s_text (bytes), MANY, text_of (zeros, CODING_FREE_BYTES)),
            DECODE_DONE);
        g_bytes_unref (bytes);
    }
    g_free (zeros);
}

Test (http_coding, parts_are_joined_and_anything_behind_them_is_refused)
{
    for (size_t one = 0; one < G_N_ELEMENTS (s_codings); one++) {
        GBytes *first = s_encode (s_codings[one], text_from ("one\n"));
        GBytes *second = s_encode (s_codings[one], text_from ("two\n"));
        GString *joined = g_string_new_len (s_text (first).data, (gssize) s_text (first).size);
        g_string_append_len (joined, s_text (second).data, (gssize) s_text (second).size);
        cr_expect_eq (s_decode (s_codings[one], text_of (joined->str, joined->len), 100,
                          text_from ("one\ntwo\n")),
            DECODE_DONE);
        g_string_append (joined, "three");
        cr_expect_eq (
            s_decode (s_codings[one], text_of (joined->str, joined->len), 100, text_from ("")),
            DECODE_BROKEN);
        g_string_free (joined, TRUE);
        g_bytes_unref (first);
        g_bytes_unref (second);
    }
}

Test (http_coding, bytes_that_are_cut_off_or_damaged_are_refused_or_read_alike)
{
    GRand *random = g_rand_new_with_seed (SEED);
    char *lines = s_lines (5000);
    text_t text = text_of (lines, 5000);
    for (size_t one = 0; one < G_N_ELEMENTS (s_codings); one++) {
        GBytes *bytes = s_encode (s_codings[one], text);
        text_t whole = s_text (bytes);
        for (size_t size = 0; size < whole.size; size++)
            cr_expect_eq (s_decode (s_codings[one], text_of (whole.data, size), MANY, text),
                DECODE_BROKEN, "%zu", size);
        for (int round = 0; round < 20000; round++) {
            char *damaged = g_memdup2 (whole.data, whole.size);
            damaged[g_rand_int_range (random, 0, (gint32) whole.size)] ^=
                (char) (1 << g_rand_int_range (random, 0, 8));
            GByteArray *out = g_byte_array_new ();
            (void) !http_decode (s_codings[one], text_of (damaged, whole.size), 100000, out);
            cr_assert (out->len <= 100001);
            g_byte_array_unref (out);
            g_free (damaged);
        }
        g_bytes_unref (bytes);
    }
    g_free (lines);
    g_rand_free (random);
}
