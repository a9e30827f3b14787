//  A cursor is base64url of msgpack: the order as text, then the place as in queries.
//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/cursor.h"

#define CURSOR_MAX_BYTES 2048

char *
cursor_write (const rocket_order_t *order, const place_t *place)
{
    char sort[ROCKET_ORDER_SIZE];
    rocket_order_print (order, sort);
    GByteArray *bytes = g_byte_array_new ();
    msgpack_writer_t writer = msgpack_writer_begin (bytes);
    msgpack_write_key (&writer, sort);
    query_write_place (&writer, order, place);
    msgpack_writer_end (&writer);
    char *cursor = g_base64_encode (bytes->data, bytes->len);
    g_byte_array_unref (bytes);
    g_strdelimit (cursor, "+", '-');
    g_strdelimit (cursor, "/", '_');
    cursor[strcspn (cursor, "=")] = 0;
    return cursor;
}

bool
cursor_read (const rocket_order_t *order, const char *cursor, place_t *place, void **bytes)
{
    *bytes = NULL;
    size_t length = strlen (cursor);
    bool is_alphabet =
        strspn (cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
        length;
    if (length == 0 || length > CURSOR_MAX_BYTES || !is_alphabet)
        return false;
    static const char *const padding[] = {"", "===", "==", "="};
    char *base64 = g_strconcat (cursor, padding[length % 4], NULL);
    g_strdelimit (base64, "-", '+');
    g_strdelimit (base64, "_", '/');
    gsize size = 0;
    *bytes = g_base64_decode (base64, &size);
    g_free (base64);
    char expected[ROCKET_ORDER_SIZE];
    rocket_order_print (order, expected);
    msgpack_reader_t reader;
    text_t sort;
    msgpack_reader_init (&reader, *bytes, size);
    return msgpack_read_str (&reader, &sort) && text_equal (sort, text_from (expected)) &&
           query_read_place (order, &reader, place) && msgpack_is_done (&reader);
}
