//  Fuzz cursors, which clients send back. A cursor is good in one order only, and writing the place
//  that it holds gives a cursor for the same place.
//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/cursor.h"
#include "tests/fuzz/input.h"

#define KEYS (SORT_LAST_NUMBER + 1)

static void
s_write_again (const rocket_order_t *order, const place_t *place)
{
    void *bytes = NULL;
    place_t again;
    char *cursor = cursor_write (order, place);
    bool is_read = cursor_read (order, cursor, &again, &bytes);
    g_assert (is_read);
    g_assert (rocket_order_compare (order, place, &again) == 0);
    g_assert (place->value.is_null == again.value.is_null);
    g_free (cursor);
    g_free (bytes);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    char *cursor = input_string (input_rest (&input));
    int found = 0;
    for (int number = 0; number < 2 * KEYS; number++) {
        rocket_order_t order = {.key = (sort_key_t) (number % KEYS), .descending = number >= KEYS};
        place_t place;
        void *bytes = NULL;
        bool is_read = cursor_read (&order, cursor, &place, &bytes);
        //  A place with a time beyond the years of RFC 3339 cannot be read, so none is written.
        if (is_read)
            s_write_again (&order, &place);
        found += is_read;
        g_free (bytes);
    }
    g_assert (found <= 1);
    g_free (cursor);
    return 0;
}
