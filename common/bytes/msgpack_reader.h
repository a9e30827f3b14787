//  Read msgpack from untrusted bytes, value by value, without allocating. The reader compares every
//  count with the bytes that remain, so five bytes cannot ask for 8 GiB. A reader lives on the
//  stack and borrows the bytes; texts point into them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MSGPACK_READER_H
#define DOWNLINK_MSGPACK_READER_H

#include <stdint.h>

#include "common/text/text.h"

typedef enum {
    MSGPACK_END,  //  no bytes are left, or the next ones are not msgpack
    MSGPACK_NIL,
    MSGPACK_BOOL,
    MSGPACK_UINT,  //  an integer of 0 or more, in any encoding
    MSGPACK_NEGATIVE,
    MSGPACK_FLOAT,
    MSGPACK_STR,
    MSGPACK_BIN,
    MSGPACK_ARRAY,
    MSGPACK_MAP,
    MSGPACK_EXT,
} msgpack_kind_t;

typedef struct {
    const uint8_t *at;   //  the next byte
    const uint8_t *end;  //  behind the last byte
} msgpack_reader_t;

void msgpack_reader_init (msgpack_reader_t *self, const void *bytes, size_t size);

//  Return the kind of the next value, without reading it.
msgpack_kind_t msgpack_peek (const msgpack_reader_t *self);

//  Read a value of one kind. Return false and stay at the value if its kind is another one or it is
//  cut off. A count is never larger than the number of bytes that remain.
bool msgpack_read_nil (msgpack_reader_t *self) __attribute__ ((warn_unused_result));
bool msgpack_read_bool (msgpack_reader_t *self, bool *value) __attribute__ ((warn_unused_result));
bool msgpack_read_uint (msgpack_reader_t *self, uint64_t *value)
    __attribute__ ((warn_unused_result));
bool msgpack_read_int (msgpack_reader_t *self, int64_t *value) __attribute__ ((warn_unused_result));
bool msgpack_read_str (msgpack_reader_t *self, text_t *value) __attribute__ ((warn_unused_result));
bool msgpack_read_bin (msgpack_reader_t *self, text_t *value) __attribute__ ((warn_unused_result));
bool msgpack_read_array (msgpack_reader_t *self, uint32_t *count)
    __attribute__ ((warn_unused_result));
bool msgpack_read_map (msgpack_reader_t *self, uint32_t *pairs)
    __attribute__ ((warn_unused_result));

//  Skip one whole value of any kind. Return false if it is cut off or not msgpack.
bool msgpack_skip (msgpack_reader_t *self) __attribute__ ((warn_unused_result));

//  Return true if every byte was read.
bool msgpack_is_done (const msgpack_reader_t *self);

#endif
