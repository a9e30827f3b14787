//  SPDX-License-Identifier: Apache-2.0
#include "common/bus/frame_tag.h"

#include <glib.h>
#include <string.h>

static void
s_put_number (uint8_t *at, uint64_t number)
{
    uint64_t big_endian = GUINT64_TO_BE (number);
    memcpy (at, &big_endian, sizeof big_endian);
}

static uint64_t
s_read_number (const uint8_t *bytes)
{
    uint64_t number;
    memcpy (&number, bytes, sizeof number);
    return GUINT64_FROM_BE (number);
}

void
frame_tag_write (uint8_t tag[FRAME_TAG_SIZE], const frame_head_t *head, uint64_t digest)
{
    memcpy (tag, head->source, FRAME_SOURCE_SIZE);
    s_put_number (tag + FRAME_SOURCE_SIZE, head->sequence);
    s_put_number (tag + FRAME_SOURCE_SIZE + 8, digest);
}

bool
frame_tag_may_be_on (text_t record)
{
    const size_t size = sizeof FRAME_RECORD_BEGIN - 1;
    return record.size >= size && memcmp (record.data, FRAME_RECORD_BEGIN, size) == 0;
}

bool
frame_tag_read (const void *bytes, size_t size, frame_head_t *head, uint64_t *digest)
{
    const uint8_t *tag = bytes;
    if (size != FRAME_TAG_SIZE)
        return false;
    memcpy (head->source, tag, FRAME_SOURCE_SIZE);
    head->sequence = s_read_number (tag + FRAME_SOURCE_SIZE);
    *digest = s_read_number (tag + FRAME_SOURCE_SIZE + 8);
    return true;
}
