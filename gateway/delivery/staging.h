//  The frames of uploads: bodies that are taken a piece at a time, and all or none at the end.
//  Until then their frames are staged: in the journal, marked as an upload's (journal_file.h), and
//  sent to nobody. Their bytes leave memory as soon as the journal has them.
//
//    open        frames are added; each round of the journal takes those that are new, and marks them
//    accepted    the next round takes the last ones and removes the marks: its commit is the
//                acceptance, and the frames are kept then. It fails: given up
//    given up    a round removes frames and marks, in one transaction
//
//    evicted     it was in the way of others, or too slow: its frames go like those of one that is given up.
//                The object stays until its owner drops it
//
//  An upload that is not whole may use room that nobody else needs. When somebody does, the uploads
//  that hold more than their share make room (staging_make_room).
//
//  Rounds borrow records, so an upload that is given up while one has some waits for its end.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_STAGING_H
#define DOWNLINK_STAGING_H

#include "gateway/journal/journal.h"

//  All uploads of a publisher, and one.
typedef struct staging staging_t;
typedef struct staged staged_t;

//  is_journaled: bytes that a round has written are in the journal, and leave memory.
staging_t *staging_new (bool is_journaled);

void staging_destroy (staging_t **self_p);

//  Begin an upload. It is the staging's; the caller ends it by one of accept and drop.
staged_t *staging_begin (staging_t *self, int64_t now_ms);

//  The receipt of an upload, for its records. Borrowed.
receipt_t *staged_receipt (const staged_t *upload);

//  Messages and bytes of one; and true if a round with frames of it could not be written.
uint64_t staged_messages (const staged_t *upload);
uint64_t staged_bytes (const staged_t *upload);
bool staged_is_failed (const staged_t *upload);

//  Is an upload still open? If not, it made room for others, or it was too slow.
typedef enum { EVICTED_NOT, EVICTED_FOR_ROOM, EVICTED_SLOW } evicted_t;
evicted_t staged_evicted (const staged_t *upload);

//  Add a frame to an open upload; the record is taken.
void staging_add (staging_t *self, staged_t *upload, record_t *record, int64_t now_ms);

//  How much an upload that is not whole may hold when others need the room.
typedef struct {
    uint64_t messages;
    uint64_t bytes;
} room_t;

//  Evict one open upload other than `asker` (NULL: any): one that holds more than `each`, or, if
//  all together hold more than `all`, any that holds something. Of several, take the one that has
//  not grown for the longest. Do nothing while the room of an evicted one is still to come. Return
//  true if room has come, or comes with the round under way.
bool staging_make_room (staging_t *self, const staged_t *asker, room_t each, room_t all);

//  Evict the open uploads that hold messages and have not grown by UPLOAD_STEP_MESSAGES in
//  UPLOAD_STEP_MS.
void staging_evict_slow (staging_t *self, int64_t now_ms);

#define UPLOAD_STEP_MESSAGES 1000
#define UPLOAD_STEP_MS 120000  //  longer than a round of a slow disk may take

//  It is whole, and not failed: accept it with the next round. Its receipt tells what becomes of
//  that; it is the caller's to unref.
receipt_t *staging_accept (staging_t *self, staged_t *upload);

//  Give it up.
void staging_drop (staging_t *self, staged_t *upload);

//  Messages and bytes of all uploads that are neither kept nor given up; and of those bytes, which
//  were given to no round yet.
uint64_t staging_messages (const staging_t *self);
uint64_t staging_bytes (const staging_t *self);
uint64_t staging_new_bytes (const staging_t *self);

//  True if there is something to write; has_dropped: something to remove, which is in no hurry.
bool staging_is_due (const staging_t *self);
bool staging_has_dropped (const staging_t *self);

//  Put what is due into a round, and with may_remove what is to be removed.
void staging_fill (staging_t *self, journal_round_t *round, bool may_remove);

//  The round is done. Uploads that are accepted hand over their frames, which are the receiver's.
typedef void (staging_keep_fn) (void *context, record_t *record);
void staging_settle (
    staging_t *self, const journal_round_t *round, staging_keep_fn *keep, void *context);

#endif
