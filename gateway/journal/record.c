//  SPDX-License-Identifier: Apache-2.0
#include "gateway/journal/record.h"

void
record_free (void *data)
{
    record_t *record = data;
    receipt_unref (&record->receipt);
    g_free (record->bytes);
    g_free (record);
}

int
record_compare (const void *one, const void *other, void *context)
{
    (void) context;
    uint64_t left = ((const record_t *) one)->sequence;
    uint64_t right = ((const record_t *) other)->sequence;
    return (left > right) - (left < right);
}

void
record_add_sequence (GArray *ranges, uint64_t sequence)
{
    number_range_t *last =
        ranges->len ? &g_array_index (ranges, number_range_t, ranges->len - 1) : NULL;
    if (last && last->last + 1 == sequence) {
        last->last = sequence;
        return;
    }
    number_range_t range = {sequence, sequence};
    g_array_append_val (ranges, range);
}
