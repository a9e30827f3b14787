//  A head is a first byte and, for what is large, a big-endian number behind it.
//  The encoding: https://github.com/msgpack/msgpack/blob/master/spec.md
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/msgpack_writer.h"

#define STEP_BYTES 512  //  more room than needed is made at once
#define HEAD_BYTES 9    //  that a head takes at most

//  The room is part of the array until the end, which takes off what was not used.
static void
s_grow (msgpack_writer_t *self, size_t size)
{
    size_t written = (size_t) (self->at - self->out->data);
    g_byte_array_set_size (self->out, (guint) (written + size + STEP_BYTES));
    self->at = self->out->data + written;
    self->end = self->out->data + self->out->len;
}

static inline void
s_make_room (msgpack_writer_t *self, size_t size)
{
    if (G_UNLIKELY ((size_t) (self->end - self->at) < size))
        s_grow (self, size);
}

msgpack_writer_t
msgpack_writer_begin (GByteArray *out)
{
    guint size = out->len;
    g_byte_array_set_size (out, size + STEP_BYTES);
    return (msgpack_writer_t){out, out->data + size, out->data + size + STEP_BYTES};
}

void
msgpack_writer_end (msgpack_writer_t *self)
{
    g_byte_array_set_size (self->out, (guint) (self->at - self->out->data));
}

static inline void
s_put_byte (msgpack_writer_t *self, unsigned byte)
{
    *self->at++ = (uint8_t) byte;
}

//  A first byte and a number of so many bytes.
static inline void
s_put_number (msgpack_writer_t *self, unsigned first, uint64_t value, unsigned width)
{
    uint64_t big_endian = GUINT64_TO_BE (value << (64 - 8 * width));
    s_put_byte (self, first);
    memcpy (self->at, &big_endian, width);
    self->at += width;
}

//  The head of what has a count: it is in the first byte if it is small, else there are first bytes
//  for a width of 1 (0: there is none), 2 and 4.
typedef struct {
    uint8_t fixed;
    uint8_t fixed_max;
    uint8_t one;
    uint8_t two;
    uint8_t four;
} counted_t;

static inline void
s_put_count (msgpack_writer_t *self, counted_t kind, uint64_t count)
{
    if (count <= kind.fixed_max && kind.fixed)
        s_put_byte (self, kind.fixed | (unsigned) count);
    else if (count <= UINT8_MAX && kind.one)
        s_put_number (self, kind.one, count, 1);
    else if (count <= UINT16_MAX)
        s_put_number (self, kind.two, count, 2);
    else
        s_put_number (self, kind.four, count, 4);
}

void
msgpack_write_map (msgpack_writer_t *self, uint32_t pairs)
{
    s_make_room (self, HEAD_BYTES);
    s_put_count (self, (counted_t){0x80, 15, 0, 0xde, 0xdf}, pairs);
}

void
msgpack_write_array (msgpack_writer_t *self, uint32_t count)
{
    s_make_room (self, HEAD_BYTES);
    s_put_count (self, (counted_t){0x90, 15, 0, 0xdc, 0xdd}, count);
}

void
msgpack_write_nil (msgpack_writer_t *self)
{
    s_make_room (self, HEAD_BYTES);
    s_put_byte (self, 0xc0);
}

void
msgpack_write_bool (msgpack_writer_t *self, bool value)
{
    s_make_room (self, HEAD_BYTES);
    s_put_byte (self, value ? 0xc3 : 0xc2);
}

void
msgpack_write_uint (msgpack_writer_t *self, uint64_t value)
{
    s_make_room (self, HEAD_BYTES);
    if (value < 0x80)
        s_put_byte (self, (unsigned) value);
    else if (value <= UINT8_MAX)
        s_put_number (self, 0xcc, value, 1);
    else if (value <= UINT16_MAX)
        s_put_number (self, 0xcd, value, 2);
    else if (value <= UINT32_MAX)
        s_put_number (self, 0xce, value, 4);
    else
        s_put_number (self, 0xcf, value, 8);
}

void
msgpack_write_int (msgpack_writer_t *self, int64_t value)
{
    if (value >= 0) {
        msgpack_write_uint (self, (uint64_t) value);
        return;
    }
    s_make_room (self, HEAD_BYTES);
    if (value >= -32)
        s_put_byte (self, (uint8_t) value);
    else if (value >= INT8_MIN)
        s_put_number (self, 0xd0, (uint64_t) value, 1);
    else if (value >= INT16_MIN)
        s_put_number (self, 0xd1, (uint64_t) value, 2);
    else if (value >= INT32_MIN)
        s_put_number (self, 0xd2, (uint64_t) value, 4);
    else
        s_put_number (self, 0xd3, (uint64_t) value, 8);
}

static inline void
s_put_bytes (msgpack_writer_t *self, counted_t kind, text_t value)
{
    g_assert (value.size <= UINT32_MAX);
    s_make_room (self, HEAD_BYTES + value.size);
    s_put_count (self, kind, value.size);
    if (value.size)
        memcpy (self->at, value.data, value.size);
    self->at += value.size;
}

void
msgpack_write_bin (msgpack_writer_t *self, text_t value)
{
    s_put_bytes (self, (counted_t){0, 0, 0xc4, 0xc5, 0xc6}, value);
}

void
msgpack_write_str (msgpack_writer_t *self, text_t value)
{
    if (value.data)
        s_put_bytes (self, (counted_t){0xa0, 31, 0xd9, 0xda, 0xdb}, value);
    else
        msgpack_write_nil (self);
}
