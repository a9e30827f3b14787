//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/sqs_parcels.h"

#include <string.h>

#define OVERHEAD_BYTES 512  //  of the attributes of a piece
#define PIECE_BYTES (SQS_BATCH_BYTES - OVERHEAD_BYTES)
#define NONCHARACTER_SIZE 3

//  Append JSON. Escape the characters U+FFFE and U+FFFF, which occur only in strings, because SQS
//  refuses them.
static void
s_append (GString *lines, text_t json)
{
    const char *end = json.data + json.size;
    const char *begin = json.data;
    for (const char *at = begin; (at = memchr (at, 0xef, (size_t) (end - at)));) {
        bool is_long = end - at >= NONCHARACTER_SIZE;
        uint8_t last = is_long ? (uint8_t) at[2] : 0;
        if (!is_long || (uint8_t) at[1] != 0xbf || (last != 0xbe && last != 0xbf)) {
            at++;
            continue;
        }
        g_string_append_len (lines, begin, at - begin);
        g_string_append (lines, last == 0xbe ? "\\ufffe" : "\\uffff");
        begin = at += NONCHARACTER_SIZE;
    }
    g_string_append_len (lines, begin, end - begin);
}

static sqs_piece_t *
s_new_piece (const frame_records_t *records, void *frame)
{
    sqs_piece_t *self = g_new0 (sqs_piece_t, 1);
    self->frame = frame;
    self->lines = g_string_new (NULL);
    self->link.data = self;
    sqs_frames_print (frame_records_tag (records), self->tag);
    return self;
}

void
sqs_piece_free (sqs_piece_t *self)
{
    g_string_free (self->lines, TRUE);
    g_free (self);
}

//  Number the last pieces of a queue.
static void
s_number (GQueue *pieces, size_t count)
{
    GList *link = pieces->tail;
    for (size_t part = count; part > 0; part--, link = link->prev)
        g_snprintf (((sqs_piece_t *) link->data)->part, SQS_PART_SIZE, "%zu/%zu", part, count);
}

size_t
sqs_pieces_make (const frame_records_t *records, void *frame, GQueue *pieces)
{
    size_t count = 0;
    const frame_record_t *all = frame_records_all (records, &count);
    size_t made = 0;
    sqs_piece_t *piece = NULL;
    GString *line = g_string_new (NULL);
    for (size_t index = 0; index < count; index++) {
        g_string_truncate (line, 0);
        s_append (line, all[index].value);
        g_string_append_c (line, '\n');
        if (!piece || piece->lines->len + line->len > PIECE_BYTES) {
            piece = s_new_piece (records, frame);
            g_queue_push_tail_link (pieces, &piece->link);
            made++;
        }
        g_string_append_len (piece->lines, line->str, (gssize) line->len);
    }
    g_string_free (line, TRUE);
    g_assert (made <= SQS_PARTS_MAX);
    if (made > 1)
        s_number (pieces, made);
    return made;
}

//  Return true if a piece may join a parcel that has some.
static bool
s_may_join (const sqs_parcel_t *parcel, const sqs_piece_t *piece)
{
    const sqs_piece_t *first = parcel->pieces.head->data;
    return !first->part[0] && !piece->part[0] && parcel->pieces.length < SQS_PARCEL_FRAMES &&
           parcel->lines->len + piece->lines->len <= SQS_PARCEL_BYTES;
}

static size_t
s_cost (const sqs_piece_t *piece)
{
    return piece->lines->len + SQS_TAG_DIGITS;
}

static void
s_put (sqs_parcel_t *parcel, sqs_piece_t *piece)
{
    g_queue_push_tail_link (&parcel->pieces, &piece->link);
    g_string_append_len (parcel->lines, piece->lines->str, (gssize) piece->lines->len);
    g_string_append (parcel->tags, piece->tag);
}

//  End a parcel. Its frames identify it: of two messages with the same identity a FIFO queue drops
//  the second.
static void
s_seal (sqs_parcel_t *parcel)
{
    const sqs_piece_t *first = parcel->pieces.head->data;
    char *all = g_strconcat (parcel->tags->str, first->part, NULL);
    parcel->once = g_compute_checksum_for_string (G_CHECKSUM_SHA256, all, -1);
    g_free (all);
}

size_t
sqs_parcels_pack (GQueue *pieces, sqs_parcel_t parcels[SQS_BATCH_MAX])
{
    size_t count = 0;
    size_t left = SQS_BATCH_BYTES;
    while (pieces->head) {
        sqs_piece_t *piece = pieces->head->data;
        bool joins = count > 0 && s_may_join (&parcels[count - 1], piece);
        size_t cost = s_cost (piece) + (joins ? 0 : OVERHEAD_BYTES - SQS_TAG_DIGITS);
        if (cost > left || (!joins && count == SQS_BATCH_MAX))
            break;
        if (!joins)
            parcels[count++] =
                (sqs_parcel_t){.lines = g_string_new (NULL), .tags = g_string_new (NULL)};
        left -= cost;
        g_queue_unlink (pieces, &piece->link);
        s_put (&parcels[count - 1], piece);
    }
    for (size_t index = 0; index < count; index++)
        s_seal (&parcels[index]);
    return count;
}

void
sqs_parcel_describe (const sqs_parcel_t *self, const char *group, sqs_entry_t *entry)
{
    const sqs_piece_t *first = self->pieces.head->data;
    *entry = (sqs_entry_t){.body = text_of (self->lines->str, self->lines->len),
        .group = group,
        .once = self->once,
        .attributes = {{SQS_FRAMES_NAME, self->tags->str}},
        .attributes_count = 1};
    if (first->part[0])
        entry->attributes[entry->attributes_count++] =
            (sqs_attribute_t){SQS_PART_NAME, first->part};
}

void
sqs_parcel_clear (sqs_parcel_t *self)
{
    g_string_free (self->lines, TRUE);
    g_string_free (self->tags, TRUE);
    g_free (self->once);
}
