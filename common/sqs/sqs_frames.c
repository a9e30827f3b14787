//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/sqs_frames.h"

#include <glib.h>
#include <string.h>

#include "common/text/table_hash.h"

#define INCOMPLETE_MAX 1024  //  frames
#define DECIMAL 10

//  A frame of which some pieces are missing.
typedef struct {
    uint8_t tag[FRAME_TAG_SIZE];
    uint32_t partition;
    unsigned parts;
    uint64_t seen;  //  a bit for each piece
    GList link;     //  the oldest first
} incomplete_t;

struct sqs_frames {
    GHashTable *table;  //  of incomplete_t, by tag
    GQueue oldest;
};

void
sqs_frames_print (const uint8_t tag[FRAME_TAG_SIZE], char text[SQS_TAG_DIGITS + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t index = 0; index < FRAME_TAG_SIZE; index++) {
        text[2 * index] = digits[tag[index] >> 4];
        text[2 * index + 1] = digits[tag[index] & 15];
    }
    text[SQS_TAG_DIGITS] = 0;
}

bool
sqs_frames_read (const char *text, size_t index, frame_head_t *head, uint64_t *digest)
{
    uint8_t tag[FRAME_TAG_SIZE];
    size_t size = strlen (text);
    if (size % SQS_TAG_DIGITS || index >= size / SQS_TAG_DIGITS)
        return false;
    const char *at = text + index * SQS_TAG_DIGITS;
    for (size_t place = 0; place < FRAME_TAG_SIZE; place++, at += 2) {
        int high = g_ascii_xdigit_value (at[0]);
        int low = g_ascii_xdigit_value (at[1]);
        if (high < 0 || low < 0)
            return false;
        tag[place] = (uint8_t) (high << 4 | low);
    }
    return frame_tag_read (tag, sizeof tag, head, digest);
}

//  Read a number of one or two digits, and move behind it. Return 0 if there is none.
static unsigned
s_read_number (const char **at)
{
    unsigned number = 0;
    for (int digits = 0; digits < 2 && g_ascii_isdigit (**at); digits++, (*at)++)
        number = DECIMAL * number + (unsigned) g_ascii_digit_value (**at);
    return number;
}

bool
sqs_part_read (const char *text, unsigned *part, unsigned *parts)
{
    *part = s_read_number (&text);
    if (*text++ != '/')
        return false;
    *parts = s_read_number (&text);
    return !*text && *part >= 1 && *part <= *parts && *parts <= SQS_PARTS_MAX;
}

static guint
s_hash (const void *tag)
{
    return table_hash_32 (text_of (tag, FRAME_TAG_SIZE));
}

static gboolean
s_equal (const void *one, const void *other)
{
    return memcmp (one, other, FRAME_TAG_SIZE) == 0;
}

sqs_frames_t *
sqs_frames_new (void)
{
    sqs_frames_t *self = g_new0 (sqs_frames_t, 1);
    self->table = g_hash_table_new (s_hash, s_equal);
    return self;
}

static void
s_drop (sqs_frames_t *self, incomplete_t *frame)
{
    g_hash_table_remove (self->table, frame->tag);
    g_queue_unlink (&self->oldest, &frame->link);
    g_free (frame);
}

void
sqs_frames_destroy (sqs_frames_t **self_p)
{
    sqs_frames_t *self = *self_p;
    if (!self)
        return;
    while (self->oldest.head)
        s_drop (self, self->oldest.head->data);
    g_hash_table_destroy (self->table);
    g_free (self);
    *self_p = NULL;
}

//  Return the frame with a tag; a new one if there is none.
static incomplete_t *
s_frame (sqs_frames_t *self, const uint8_t *tag, uint32_t partition, unsigned parts)
{
    incomplete_t *frame = g_hash_table_lookup (self->table, tag);
    if (frame && frame->parts == parts)
        return frame;
    if (frame)
        s_drop (self, frame);
    if (self->oldest.length == INCOMPLETE_MAX)
        s_drop (self, self->oldest.head->data);
    frame = g_new0 (incomplete_t, 1);
    memcpy (frame->tag, tag, FRAME_TAG_SIZE);
    frame->partition = partition;
    frame->parts = parts;
    frame->link.data = frame;
    g_hash_table_insert (self->table, frame->tag, frame);
    g_queue_push_tail_link (&self->oldest, &frame->link);
    return frame;
}

bool
sqs_frames_note (
    sqs_frames_t *self, const frame_head_t *head, uint64_t digest, unsigned part, unsigned parts)
{
    uint8_t tag[FRAME_TAG_SIZE];
    frame_tag_write (tag, head, digest);
    incomplete_t *frame = s_frame (self, tag, head->partition, parts);
    frame->seen |= UINT64_C (1) << (part - 1);
    if (frame->seen != UINT64_MAX >> (SQS_PARTS_MAX - parts))
        return false;
    s_drop (self, frame);
    return true;
}

void
sqs_frames_forget (sqs_frames_t *self, uint32_t partition)
{
    for (GList *link = self->oldest.head; link;) {
        incomplete_t *frame = link->data;
        link = link->next;
        if (frame->partition == partition)
            s_drop (self, frame);
    }
}
