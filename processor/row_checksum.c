//  SPDX-License-Identifier: Apache-2.0
#include "processor/row_checksum.h"

#include <glib.h>

#include "common/partition.h"

static void
s_add_number (GByteArray *bytes, uint64_t number)
{
    guint64 little = GUINT64_TO_LE (number);
    g_byte_array_append (bytes, (const guint8 *) &little, sizeof little);
}

//  With its size before it, so that bytes cannot move from one text to the next; none is not empty.
static void
s_add_text (GByteArray *bytes, text_t text)
{
    s_add_number (bytes, text.data ? text.size : UINT64_MAX);
    if (text.size)
        g_byte_array_append (bytes, (const guint8 *) text.data, (guint) text.size);
}

int64_t
row_checksum (const rocket_view_t *rocket)
{
    const uint64_t numbers[] = {(uint64_t) rocket->speed, rocket->status, rocket->last_number,
        (uint64_t) rocket->last_time_us, rocket->applied, rocket->conflicts, rocket->gaps_closed,
        rocket->type_number, rocket->mission_number, rocket->explosion_number, rocket->seen_count};
    GByteArray *bytes = g_byte_array_sized_new (512);
    s_add_text (bytes, rocket->id);
    s_add_text (bytes, rocket->type);
    s_add_text (bytes, rocket->mission);
    s_add_text (bytes, rocket->explosion_reason);
    for (size_t index = 0; index < G_N_ELEMENTS (numbers); index++)
        s_add_number (bytes, numbers[index]);
    for (size_t index = 0; index < rocket->seen_count; index++) {
        s_add_number (bytes, rocket->seen[index].first);
        s_add_number (bytes, rocket->seen[index].last);
    }
    for (size_t index = 0; index < ROCKET_HASHES; index++)
        s_add_number (bytes, rocket->hashes[index]);
    uint64_t hash = channel_hash (text_of ((const char *) bytes->data, bytes->len));
    g_byte_array_unref (bytes);
    int64_t checksum;
    memcpy (&checksum, &hash, sizeof checksum);
    return checksum;
}
