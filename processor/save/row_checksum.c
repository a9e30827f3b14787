//  SPDX-License-Identifier: Apache-2.0
#include "processor/save/row_checksum.h"

#include <glib.h>

#include "common/text/text_hash.h"

#define NUMBERS 11  //  of a rocket, without its ranges and hashes

//  Write a number. Return the place behind it.
static char *
s_add_number (char *place, uint64_t number)
{
    guint64 little = GUINT64_TO_LE (number);
    memcpy (place, &little, sizeof little);
    return place + sizeof little;
}

//  Write a text with its size first, so that bytes cannot move from one text to the next. No text
//  and an empty text differ. Return the place behind it.
static char *
s_add_text (char *place, text_t text)
{
    place = s_add_number (place, text.data ? text.size : UINT64_MAX);
    if (text.data)
        memcpy (place, text.data, text.size);
    return place + text.size;
}

static size_t
s_size (const rocket_view_t *rocket)
{
    size_t texts_size =
        rocket->id.size + rocket->type.size + rocket->mission.size + rocket->explosion_reason.size;
    return texts_size + (4 + NUMBERS + 2 * rocket->seen_count + ROCKET_HASHES) * sizeof (uint64_t);
}

int64_t
row_checksum (const rocket_view_t *rocket)
{
    const uint64_t numbers[NUMBERS] = {(uint64_t) rocket->speed, rocket->status,
        rocket->last_number, (uint64_t) rocket->last_time_us, rocket->applied, rocket->conflicts,
        rocket->gaps_closed, rocket->type_number, rocket->mission_number, rocket->explosion_number,
        rocket->seen_count};
    size_t size = s_size (rocket);
    char *bytes = g_malloc (size);
    char *place = s_add_text (bytes, rocket->id);
    place = s_add_text (place, rocket->type);
    place = s_add_text (place, rocket->mission);
    place = s_add_text (place, rocket->explosion_reason);
    for (size_t index = 0; index < NUMBERS; index++)
        place = s_add_number (place, numbers[index]);
    for (size_t index = 0; index < rocket->seen_count; index++) {
        place = s_add_number (place, rocket->seen[index].first);
        place = s_add_number (place, rocket->seen[index].last);
    }
    for (size_t index = 0; index < ROCKET_HASHES; index++)
        place = s_add_number (place, rocket->hashes[index]);
    g_assert (place == bytes + size);
    uint64_t hash = text_hash (text_of (bytes, size));
    g_free (bytes);
    int64_t checksum;
    memcpy (&checksum, &hash, sizeof checksum);
    return checksum;
}
