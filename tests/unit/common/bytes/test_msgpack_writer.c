//  msgpack-c packs the values; the writer keeps its place in an array that grows.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "common/bytes/msgpack_reader.h"
#include "common/bytes/msgpack_writer.h"

#define VALUES 3000

Test (msgpack_writer, an_array_grows_at_any_place_and_keeps_its_first_bytes)
{
    char text[2 * MSGPACK_WRITER_ROOM];
    memset (text, 'x', sizeof text);
    for (uint32_t round = 0; round < 2 * MSGPACK_WRITER_ROOM; round += 7) {
        GByteArray *bytes = g_byte_array_new ();
        g_byte_array_append (bytes, (const guint8 *) "before", 6);
        msgpack_writer_t writer = msgpack_writer_begin (bytes);
        msgpack_write_str (&writer, text_of (text, round));
        msgpack_write_int (&writer, INT64_MIN);
        msgpack_write_str (&writer, (text_t){0});
        msgpack_writer_end (&writer);
        cr_assert_eq (memcmp (bytes->data, "before", 6), 0);

        msgpack_reader_t reader;
        text_t read = {0};
        int64_t number = 0;
        msgpack_reader_init (&reader, bytes->data + 6, bytes->len - 6);
        cr_assert (msgpack_read_str (&reader, &read) && text_equal (read, text_of (text, round)));
        cr_assert (msgpack_read_int (&reader, &number) && number == INT64_MIN);
        cr_assert (msgpack_read_nil (&reader) && msgpack_is_done (&reader));
        g_byte_array_unref (bytes);
    }
}

Test (msgpack_writer, many_values_come_back_in_order)
{
    GByteArray *bytes = g_byte_array_new ();
    msgpack_writer_t writer = msgpack_writer_begin (bytes);
    msgpack_write_array (&writer, VALUES);
    for (uint64_t value = 0; value < VALUES; value++)
        msgpack_write_uint (&writer, value * value * value);
    msgpack_writer_end (&writer);

    msgpack_reader_t reader;
    uint32_t count = 0;
    msgpack_reader_init (&reader, bytes->data, bytes->len);
    cr_assert (msgpack_read_array (&reader, &count) && count == VALUES);
    for (uint64_t value = 0; value < VALUES; value++) {
        uint64_t read = 0;
        cr_assert (msgpack_read_uint (&reader, &read) && read == value * value * value);
    }
    cr_assert (msgpack_is_done (&reader));
    g_byte_array_unref (bytes);
}
