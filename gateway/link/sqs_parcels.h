//  Pack frames into messages of SQS: lines of JSON, as POST /messages takes them. Small frames
//  travel together in one message; a large frame is cut into pieces between its lines. Attributes
//  name the frames:
//
//    downlink-frame  the tags (common/bus/frame_tag.h) of the frames, in hexadecimal, one behind the
//                    other
//    downlink-part   "2/3": the message holds the second of three pieces of its only frame
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_PARCELS_H
#define DOWNLINK_SQS_PARCELS_H

#include <glib.h>

#include "common/sqs/sqs_batch.h"
#include "common/sqs/sqs_frames.h"
#include "gateway/link/frame_records.h"

//  A message takes frames until it has SQS_PARCEL_BYTES, so that ten messages fill a batch.
#define SQS_PARCEL_BYTES (24 * 1024)
#define SQS_PARCEL_FRAMES 64

//  The lines of a frame, or of a piece of it.
typedef struct {
    void *frame;  //  of the caller
    char tag[2 * FRAME_TAG_SIZE + 1];
    char part[SQS_PART_SIZE];  //  empty: all of the frame
    GString *lines;
    GList link;
} sqs_piece_t;

//  Make the pieces of a frame, and append them to a queue. Return their number.
size_t sqs_pieces_make (const frame_records_t *records, void *frame, GQueue *pieces);

//  Free a piece that is in no queue.
void sqs_piece_free (sqs_piece_t *self);

//  A message.
typedef struct {
    GQueue pieces;  //  of sqs_piece_t
    GString *lines;
    GString *tags;
    char *once;
} sqs_parcel_t;

//  Take pieces from the head of a queue: as many as a batch holds. Return the number of parcels.
size_t sqs_parcels_pack (GQueue *pieces, sqs_parcel_t parcels[SQS_BATCH_MAX]);

//  Describe a parcel for a batch; the entry borrows. group: NULL unless the queue is FIFO.
void sqs_parcel_describe (const sqs_parcel_t *self, const char *group, sqs_entry_t *entry);

//  Free all members but the pieces.
void sqs_parcel_clear (sqs_parcel_t *self);

#endif
