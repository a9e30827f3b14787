//  Write msgpack with msgpack-c, value by value, each in its shortest form, at the end of a
//  GByteArray.
//
//      msgpack_writer_t writer = msgpack_writer_begin (bytes);
//      msgpack_write_map (&writer, 1);
//      msgpack_write_key (&writer, "speed");
//      msgpack_write_uint (&writer, 500);
//      msgpack_writer_end (&writer);
//
//  All of it is inline: a head of a known size costs a store, not a call.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MSGPACK_WRITER_H
#define DOWNLINK_MSGPACK_WRITER_H

#include <glib.h>
#include <msgpack/pack.h>
#include <stdint.h>

#include "common/text/text.h"

#define MSGPACK_WRITER_ROOM 1024  //  for many values; the writer grows the array for more

//  Between begin and end the writer owns the array.
typedef struct {
    GByteArray *out;
    uint8_t *at;         //  the next value's place
    const uint8_t *end;  //  of the room in the array
} msgpack_writer_t;

//  Make room for size bytes and more.
void msgpack_writer_grow (msgpack_writer_t *self, size_t size);

//  msgpack-c's write function. It never fails.
static inline __attribute__ ((always_inline)) int
msgpack_writer_append (void *context, const char *bytes, size_t size)
{
    msgpack_writer_t *self = (msgpack_writer_t *) context;
    if (G_UNLIKELY ((size_t) (self->end - self->at) < size))
        msgpack_writer_grow (self, size);
    memcpy (self->at, bytes, size);
    self->at += size;
    return 0;
}

static inline msgpack_writer_t
msgpack_writer_begin (GByteArray *out)
{
    guint size = out->len;
    g_byte_array_set_size (out, size + MSGPACK_WRITER_ROOM);
    return (msgpack_writer_t){out, out->data + size, out->data + out->len};
}

//  Cut the array behind the last value.
static inline void
msgpack_writer_end (msgpack_writer_t *self)
{
    g_byte_array_set_size (self->out, (guint) (self->at - self->out->data));
}

static inline msgpack_packer
msgpack_writer_packer (msgpack_writer_t *self)
{
    return (msgpack_packer){self, msgpack_writer_append};
}

//  Write the head of a map, whose keys and values follow, or of an array, whose values follow.
static inline void
msgpack_write_map (msgpack_writer_t *self, uint32_t pairs)
{
    msgpack_packer packer = msgpack_writer_packer (self);
    msgpack_pack_map (&packer, pairs);
}

static inline void
msgpack_write_array (msgpack_writer_t *self, uint32_t count)
{
    msgpack_packer packer = msgpack_writer_packer (self);
    msgpack_pack_array (&packer, count);
}

static inline void
msgpack_write_bool (msgpack_writer_t *self, bool value)
{
    msgpack_packer packer = msgpack_writer_packer (self);
    value ? msgpack_pack_true (&packer) : msgpack_pack_false (&packer);
}

static inline void
msgpack_write_uint (msgpack_writer_t *self, uint64_t value)
{
    msgpack_packer packer = msgpack_writer_packer (self);
    msgpack_pack_uint64 (&packer, value);
}

static inline void
msgpack_write_int (msgpack_writer_t *self, int64_t value)
{
    msgpack_packer packer = msgpack_writer_packer (self);
    msgpack_pack_int64 (&packer, value);
}

static inline void
msgpack_write_bin (msgpack_writer_t *self, text_t value)
{
    msgpack_packer packer = msgpack_writer_packer (self);
    msgpack_pack_bin (&packer, value.size);
    msgpack_pack_bin_body (&packer, value.data, value.size);
}

//  Write a string, or nil for no text.
static inline void
msgpack_write_str (msgpack_writer_t *self, text_t value)
{
    msgpack_packer packer = msgpack_writer_packer (self);
    if (!value.data) {
        msgpack_pack_nil (&packer);
        return;
    }
    msgpack_pack_str (&packer, value.size);
    msgpack_pack_str_body (&packer, value.data, value.size);
}

//  Write a literal; the compiler knows its size.
static inline void
msgpack_write_key (msgpack_writer_t *self, const char *key)
{
    msgpack_write_str (self, text_from (key));
}

#endif
