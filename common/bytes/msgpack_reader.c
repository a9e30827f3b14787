//  A head is a first byte and, for most kinds, a big-endian number behind it. s_head reads any
//  head; each msgpack_read_ function then checks the kind, and moves the reader only if it fits.
//  The encoding: https://github.com/msgpack/msgpack/blob/master/spec.md
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/msgpack_reader.h"

typedef struct {
    msgpack_kind_t kind;
    uint64_t value;       //  the number itself, or a count of bytes or elements
    const uint8_t *next;  //  behind the head
} head_t;

//  The meaning of each first byte from 0xc0 to 0xdf: the kind, the width of the number behind it,
//  and the bytes behind the number that the count leaves out (the type of an ext).
typedef struct {
    uint8_t kind;
    uint8_t width;
    uint8_t fixed;  //  the count, if no number follows
} shape_t;

static const shape_t s_shapes[32] = {
    [0x00] = {MSGPACK_NIL, 0, 0},
    [0x02] = {MSGPACK_BOOL, 0, 0},
    [0x03] = {MSGPACK_BOOL, 0, 1},
    [0x04] = {MSGPACK_BIN, 1, 0},
    [0x05] = {MSGPACK_BIN, 2, 0},
    [0x06] = {MSGPACK_BIN, 4, 0},
    [0x07] = {MSGPACK_EXT, 1, 0},
    [0x08] = {MSGPACK_EXT, 2, 0},
    [0x09] = {MSGPACK_EXT, 4, 0},
    [0x0a] = {MSGPACK_FLOAT, 4, 0},
    [0x0b] = {MSGPACK_FLOAT, 8, 0},
    [0x0c] = {MSGPACK_UINT, 1, 0},
    [0x0d] = {MSGPACK_UINT, 2, 0},
    [0x0e] = {MSGPACK_UINT, 4, 0},
    [0x0f] = {MSGPACK_UINT, 8, 0},
    [0x10] = {MSGPACK_NEGATIVE, 1, 0},
    [0x11] = {MSGPACK_NEGATIVE, 2, 0},
    [0x12] = {MSGPACK_NEGATIVE, 4, 0},
    [0x13] = {MSGPACK_NEGATIVE, 8, 0},
    [0x14] = {MSGPACK_EXT, 0, 1},
    [0x15] = {MSGPACK_EXT, 0, 2},
    [0x16] = {MSGPACK_EXT, 0, 4},
    [0x17] = {MSGPACK_EXT, 0, 8},
    [0x18] = {MSGPACK_EXT, 0, 16},
    [0x19] = {MSGPACK_STR, 1, 0},
    [0x1a] = {MSGPACK_STR, 2, 0},
    [0x1b] = {MSGPACK_STR, 4, 0},
    [0x1c] = {MSGPACK_ARRAY, 2, 0},
    [0x1d] = {MSGPACK_ARRAY, 4, 0},
    [0x1e] = {MSGPACK_MAP, 2, 0},
    [0x1f] = {MSGPACK_MAP, 4, 0},
};

//  Sign-extend a number of width bytes. A number of 0 or more becomes a MSGPACK_UINT.
static void
s_extend_sign (head_t *head, unsigned width)
{
    uint64_t sign = 1ull << ((width * 8 - 1) & 63);
    if (head->value & sign)
        head->value |= ~(sign | (sign - 1));
    else
        head->kind = MSGPACK_UINT;
}

//  Read a head whose first byte is from 0xc0 to 0xdf.
static head_t
s_wide_head (const msgpack_reader_t *self)
{
    const uint8_t *next = self->at + 1;
    shape_t shape = s_shapes[*self->at - 0xc0];
    if (shape.kind == MSGPACK_END || (size_t) (self->end - next) < shape.width)
        return (head_t){MSGPACK_END, 0, self->at};
    head_t head = {shape.kind, shape.fixed, next + shape.width};
    for (unsigned byte = 0; byte < shape.width; byte++)
        head.value = head.value << 8 | next[byte];
    if (shape.kind == MSGPACK_NEGATIVE)
        s_extend_sign (&head, shape.width);
    return head;
}

//  Most heads are one byte.
static inline head_t
s_head (const msgpack_reader_t *self)
{
    if (self->at == self->end)
        return (head_t){MSGPACK_END, 0, self->at};
    uint8_t first = *self->at;
    const uint8_t *next = self->at + 1;
    if (first < 0x80)
        return (head_t){MSGPACK_UINT, first, next};
    if (first < 0x90)
        return (head_t){MSGPACK_MAP, first & 0x0fu, next};
    if (first < 0xa0)
        return (head_t){MSGPACK_ARRAY, first & 0x0fu, next};
    if (first < 0xc0)
        return (head_t){MSGPACK_STR, first & 0x1fu, next};
    if (first >= 0xe0)
        return (head_t){MSGPACK_NEGATIVE, (uint64_t) (int64_t) (int8_t) first, next};
    return s_wide_head (self);
}

void
msgpack_reader_init (msgpack_reader_t *self, const void *bytes, size_t size)
{
    self->at = bytes;
    self->end = size ? self->at + size : self->at;
}

msgpack_kind_t
msgpack_peek (const msgpack_reader_t *self)
{
    return s_head (self).kind;
}

bool
msgpack_read_nil (msgpack_reader_t *self)
{
    head_t head = s_head (self);
    if (head.kind != MSGPACK_NIL)
        return false;
    self->at = head.next;
    return true;
}

bool
msgpack_read_bool (msgpack_reader_t *self, bool *value)
{
    head_t head = s_head (self);
    if (head.kind != MSGPACK_BOOL)
        return false;
    *value = head.value != 0;
    self->at = head.next;
    return true;
}

bool
msgpack_read_uint (msgpack_reader_t *self, uint64_t *value)
{
    head_t head = s_head (self);
    if (head.kind != MSGPACK_UINT)
        return false;
    *value = head.value;
    self->at = head.next;
    return true;
}

bool
msgpack_read_int (msgpack_reader_t *self, int64_t *value)
{
    head_t head = s_head (self);
    bool fits = head.kind == MSGPACK_NEGATIVE ||
                (head.kind == MSGPACK_UINT && head.value <= (uint64_t) INT64_MAX);
    if (!fits)
        return false;
    *value = (int64_t) head.value;
    self->at = head.next;
    return true;
}

static bool
s_read_bytes (msgpack_reader_t *self, msgpack_kind_t kind, text_t *value)
{
    head_t head = s_head (self);
    if (head.kind != kind || head.value > (uint64_t) (self->end - head.next))
        return false;
    *value = text_of ((const char *) head.next, (size_t) head.value);
    self->at = head.next + head.value;
    return true;
}

bool
msgpack_read_str (msgpack_reader_t *self, text_t *value)
{
    return s_read_bytes (self, MSGPACK_STR, value);
}

bool
msgpack_read_bin (msgpack_reader_t *self, text_t *value)
{
    return s_read_bytes (self, MSGPACK_BIN, value);
}

bool
msgpack_read_array (msgpack_reader_t *self, uint32_t *count)
{
    head_t head = s_head (self);
    if (head.kind != MSGPACK_ARRAY || head.value > (uint64_t) (self->end - head.next))
        return false;
    *count = (uint32_t) head.value;
    self->at = head.next;
    return true;
}

bool
msgpack_read_map (msgpack_reader_t *self, uint32_t *pairs)
{
    head_t head = s_head (self);
    if (head.kind != MSGPACK_MAP || head.value * 2 > (uint64_t) (self->end - head.next))
        return false;
    *pairs = (uint32_t) head.value;
    self->at = head.next;
    return true;
}

//  Return the size of a value by its first byte if it is a short text or a single byte, else 0.
static inline size_t
s_short_size (uint8_t first)
{
    if (first >= 0xa0 && first < 0xc0)
        return 1 + (first & 0x1fu);
    return first < 0x80 || first >= 0xe0 || first == 0xc0;
}

//  Skip a longer value, but not the elements of an array or a map: add their number to the values
//  left to skip. Return the next byte, or NULL if the value is cut off.
static __attribute__ ((noinline)) const uint8_t *
s_skip_long (const uint8_t *at, const uint8_t *end, uint64_t *left)
{
    head_t head = s_head (&(msgpack_reader_t){at, end});
    uint64_t bytes = 0;
    if (head.kind == MSGPACK_END)
        return NULL;
    if (head.kind == MSGPACK_STR || head.kind == MSGPACK_BIN)
        bytes = head.value;
    else if (head.kind == MSGPACK_EXT)
        bytes = head.value + 1;
    else if (head.kind == MSGPACK_ARRAY)
        *left += head.value;
    else if (head.kind == MSGPACK_MAP)
        *left += head.value * 2;
    uint64_t remaining = (uint64_t) (end - head.next);
    if (bytes > remaining || *left - 1 > remaining - bytes)
        return NULL;
    return head.next + bytes;
}

bool
msgpack_skip (msgpack_reader_t *self)
{
    //  The number of values left to skip. A loop, so that no nesting can exhaust the stack.
    const uint8_t *at = self->at;
    for (uint64_t left = 1; left > 0; left--) {
        size_t short_size = at < self->end ? s_short_size (*at) : 0;
        if (short_size > 0 && short_size <= (size_t) (self->end - at))
            at += short_size;
        else {
            at = s_skip_long (at, self->end, &left);
            if (!at)
                return false;
        }
    }
    self->at = at;
    return true;
}

bool
msgpack_is_done (const msgpack_reader_t *self)
{
    return self->at == self->end;
}
