//  Writes msgpack, value by value, each in its shortest form, at the end of a GByteArray. Room is made
//  for many values at once, as asking the array for each of them costs more than the value does.
//
//      msgpack_writer_t writer = msgpack_writer_begin (bytes);
//      msgpack_write_map (&writer, 1);
//      msgpack_write_key (&writer, "speed");
//      msgpack_write_uint (&writer, 500);
//      msgpack_writer_end (&writer);
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MSGPACK_WRITER_H
#define DOWNLINK_MSGPACK_WRITER_H

#include <glib.h>
#include <stdint.h>

#include "common/text/text.h"

//  Between begin and end the array is the writer's.
typedef struct {
    GByteArray *out;
    uint8_t *at;         //  where the next value goes
    const uint8_t *end;  //  of the room that was made
} msgpack_writer_t;

msgpack_writer_t msgpack_writer_begin (GByteArray *out);
void msgpack_writer_end (msgpack_writer_t *self);

//  Behind a map come so many keys with their values, behind an array so many values.
void msgpack_write_map (msgpack_writer_t *self, uint32_t pairs);
void msgpack_write_array (msgpack_writer_t *self, uint32_t count);

void msgpack_write_nil (msgpack_writer_t *self);
void msgpack_write_bool (msgpack_writer_t *self, bool value);
void msgpack_write_uint (msgpack_writer_t *self, uint64_t value);
void msgpack_write_int (msgpack_writer_t *self, int64_t value);
void msgpack_write_bin (msgpack_writer_t *self, text_t value);
void msgpack_write_str (msgpack_writer_t *self, text_t value);  //  nil for none

//  The length of a literal is known to the compiler.
static inline void
msgpack_write_key (msgpack_writer_t *self, const char *key)
{
    msgpack_write_str (self, text_from (key));
}

#endif
