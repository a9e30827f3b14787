//  The bytes are those that msgpack-c packs, and the reader reads them back.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <msgpack/pack.h>

#include "common/bytes/msgpack_reader.h"
#include "common/bytes/msgpack_writer.h"

#define ROUNDS 200000
#define SEED 31

//  Writes every value twice.
typedef struct {
    GByteArray *ours;
    GByteArray *theirs;
    msgpack_writer_t writer;
    msgpack_packer packer;
} pair_t;

static int
s_append (void *data, const char *bytes, size_t size)
{
    g_byte_array_append (data, (const guint8 *) bytes, (guint) size);
    return 0;
}

static void
s_begin (pair_t *self)
{
    self->ours = g_byte_array_new ();
    self->theirs = g_byte_array_new ();
    self->writer = msgpack_writer_begin (self->ours);
    msgpack_packer_init (&self->packer, self->theirs, s_append);
}

static void
s_expect_same (pair_t *self)
{
    msgpack_writer_end (&self->writer);
    cr_assert_eq (self->ours->len, self->theirs->len);
    cr_assert_arr_eq (self->ours->data, self->theirs->data, self->theirs->len);
    g_byte_array_unref (self->ours);
    g_byte_array_unref (self->theirs);
}

static void
s_number (pair_t *self, uint64_t number)
{
    msgpack_write_uint (&self->writer, number);
    msgpack_pack_uint64 (&self->packer, number);
    msgpack_write_int (&self->writer, (int64_t) number);
    msgpack_pack_int64 (&self->packer, (int64_t) number);
}

static void
s_bytes (pair_t *self, size_t size)
{
    char *bytes = g_strnfill (size, 'b');
    msgpack_write_str (&self->writer, text_of (bytes, size));
    msgpack_pack_str (&self->packer, size);
    msgpack_pack_str_body (&self->packer, bytes, size);
    msgpack_write_bin (&self->writer, text_of (bytes, size));
    msgpack_pack_bin (&self->packer, size);
    msgpack_pack_bin_body (&self->packer, bytes, size);
    g_free (bytes);
}

Test (msgpack_writer, numbers_are_packed_as_msgpack_c_packs_them)
{
    pair_t pair;
    GRand *random = g_rand_new_with_seed (SEED);
    s_begin (&pair);
    for (unsigned bit = 0; bit < 64; bit++) {
        for (uint64_t around = 0; around < 3; around++) {
            s_number (&pair, (1ull << bit) + around - 1);
            s_number (&pair, -((1ull << bit) + around - 1));
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t bits = (uint64_t) g_rand_int (random) << 32 | g_rand_int (random);
        s_number (&pair, bits >> g_rand_int_range (random, 0, 64));
        s_number (&pair, -(bits >> g_rand_int_range (random, 0, 64)));
    }
    s_expect_same (&pair);
    g_rand_free (random);
}

Test (msgpack_writer, texts_and_binary_are_packed_as_msgpack_c_packs_them)
{
    static const size_t sizes[] = {
        0, 1, 31, 32, 33, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 1000000};
    pair_t pair;
    s_begin (&pair);
    for (size_t index = 0; index < G_N_ELEMENTS (sizes); index++)
        s_bytes (&pair, sizes[index]);
    for (size_t size = 0; size < 1200; size++)
        s_bytes (&pair, size);
    s_expect_same (&pair);
}

Test (msgpack_writer, heads_of_maps_and_arrays_are_those_of_msgpack_c)
{
    static const uint32_t counts[] = {0, 1, 15, 16, 255, 256, 65535, 65536, UINT32_MAX};
    pair_t pair;
    s_begin (&pair);
    for (size_t index = 0; index < G_N_ELEMENTS (counts); index++) {
        msgpack_write_map (&pair.writer, counts[index]);
        msgpack_pack_map (&pair.packer, counts[index]);
        msgpack_write_array (&pair.writer, counts[index]);
        msgpack_pack_array (&pair.packer, counts[index]);
    }
    msgpack_write_bool (&pair.writer, true);
    msgpack_pack_true (&pair.packer);
    msgpack_write_bool (&pair.writer, false);
    msgpack_pack_false (&pair.packer);
    msgpack_write_str (&pair.writer, (text_t){0});
    msgpack_pack_nil (&pair.packer);
    s_expect_same (&pair);
}

Test (msgpack_writer, what_was_in_the_array_stays_before_what_is_written)
{
    GByteArray *bytes = g_byte_array_new ();
    msgpack_reader_t reader;
    text_t text;
    uint64_t number = 0;
    for (uint64_t round = 0; round < 1000; round++) {
        msgpack_writer_t writer = msgpack_writer_begin (bytes);
        msgpack_write_key (&writer, "speed");
        msgpack_write_uint (&writer, round);
        msgpack_writer_end (&writer);
    }
    msgpack_reader_init (&reader, bytes->data, bytes->len);
    for (uint64_t round = 0; round < 1000; round++) {
        cr_assert (msgpack_read_str (&reader, &text) && text_equal (text, text_from ("speed")));
        cr_assert (msgpack_read_uint (&reader, &number));
        cr_assert_eq (number, round);
    }
    cr_expect (msgpack_is_done (&reader));
    g_byte_array_unref (bytes);
}
