//  The frames of uploads: bodies that arrive in pieces and are accepted as a whole or not at all.
//  Until an upload is accepted its frames are staged: the journal has them with a mark
//  (journal_file.h), and they are not sent. Their bytes leave memory when the journal has them. An
//  upload is in one of these phases:
//
//    open        takes frames; each round of the journal takes the new ones and marks them
//    accepted    the next round takes the last frames and removes the marks: its commit accepts
//                the upload, and the frames are kept. If the round fails, the upload is given up
//    given up    a round removes its frames and marks, in one transaction
//    evicted     made room for others, or was too slow: a round removes its frames and marks; the
//                object stays until its owner drops it
//
//  An incomplete upload may use free room. When another request needs the room, uploads of clients
//  that hold more than their share make room (staging_make_room).
//
//  Rounds borrow records, so an abandoned upload lives until the round that has its records ends.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STAGING_H
#define DOWNLINK_STAGING_H

#include "gateway/journal/journal.h"

//  All uploads of a publisher, and one of them.
typedef struct staging staging_t;
typedef struct staged staged_t;

//  Make an empty staging. is_journaled: bytes that a round has written leave memory.
//  awaits_carrying: as for turn_new.
staging_t *staging_new (bool is_journaled, bool awaits_carrying);

void staging_destroy (staging_t **self_p);

//  Begin an upload. client is a number that stands for the client; all uploads of one client have
//  one share; 0: this upload has a share of its own. The staging owns the upload; the caller ends
//  it with staging_accept or staging_drop.
staged_t *staging_begin (staging_t *self, uint64_t client, int64_t now_ms);

//  Return the receipt of an upload, for its records. Borrowed.
receipt_t *staged_receipt (const staged_t *upload);

//  Return the number of messages of an upload, the number of its bytes, and true if a round with
//  its frames failed.
uint64_t staged_messages (const staged_t *upload);
uint64_t staged_bytes (const staged_t *upload);
bool staged_is_failed (const staged_t *upload);

//  Return EVICTED_NOT unless an upload was evicted; else the reason.
typedef enum { EVICTED_NOT, EVICTED_FOR_ROOM, EVICTED_SLOW } evicted_t;
evicted_t staged_evicted (const staged_t *upload);

//  Add a frame to an open upload. It takes the record.
void staging_add (staging_t *self, staged_t *upload, record_t *record, int64_t now_ms);

//  The most that the incomplete uploads of a client may hold when others need room.
typedef struct {
    uint64_t messages;
    uint64_t bytes;
} room_t;

//  Evict one open upload other than `asker` (NULL: any): an upload whose client holds more than
//  `each`, or, if all uploads together hold more than `all`, any that holds messages. Of several,
//  choose the upload that has not grown for the longest time. Do nothing while an evicted upload
//  still holds room. Return true if room is free, or will be after the current round.
bool staging_make_room (staging_t *self, const staged_t *asker, room_t each, room_t all);

//  Evict the open uploads that hold messages and have not grown by UPLOAD_STEP_MESSAGES in
//  UPLOAD_STEP_MS.
void staging_evict_slow (staging_t *self, int64_t now_ms);

#define UPLOAD_STEP_MESSAGES 1000
#define UPLOAD_STEP_MS 120000  //  longer than a round of a slow disk may take

//  Accept a complete upload, which must not have failed, with the next round. Return its receipt,
//  which the caller unrefs.
receipt_t *staging_accept (staging_t *self, staged_t *upload);

//  Abandon an upload.
void staging_drop (staging_t *self, staged_t *upload);

//  Return the number of messages and of bytes of all uploads that are neither kept nor abandoned,
//  and the number of bytes that no round has yet.
uint64_t staging_messages (const staging_t *self);
uint64_t staging_bytes (const staging_t *self);
uint64_t staging_new_bytes (const staging_t *self);

//  Return true if frames wait to be added; and if frames wait to be deleted, which is not urgent.
bool staging_is_due (const staging_t *self);
bool staging_has_dropped (const staging_t *self);

//  Add waiting frames to a round, and with may_remove also frames to delete.
void staging_fill (staging_t *self, journal_round_t *round, bool may_remove);

//  End a round. Give the frames of accepted uploads to the receiver, which owns them.
typedef void (staging_keep_fn) (void *context, record_t *record);
void staging_settle (
    staging_t *self, const journal_round_t *round, staging_keep_fn *keep, void *context);

#endif
