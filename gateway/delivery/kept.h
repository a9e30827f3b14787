//  The kept frames that are not carried yet. Each is in the lane of its partition, on its way over
//  the link. Frames that are carried and not saved are in carried.h.
//
//  When the layout changes, because the state was moved, all frames are outdated: their messages
//  belong to other partitions. remake.h makes new frames of them before they are sent.
//
//  Memory is bounded: beyond KEPT_HELD_MAX_BYTES only the journal has a frame's bytes. They are
//  read back shortly before the frame is sent.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KEPT_H
#define DOWNLINK_KEPT_H

#include "gateway/link/link.h"
#include "gateway/metrics/gateway_metrics.h"
#include "gateway/owners/directory.h"

#define KEPT_HELD_MAX_BYTES ((uint64_t) 64 * 1024 * 1024)
#define ROW_BYTES 64  //  of a frame in the journal, beside its own

typedef struct kept kept_t;

//  Make an empty object. is_journaled: the journal has the frames too. The metrics are borrowed.
kept_t *kept_new (worker_metrics_t *metrics, bool is_journaled);

//  Set the link, which is borrowed, and register to hear the fate of frames. Call this before all
//  other functions.
void kept_set_link (kept_t *self, link_t *link);

void kept_destroy (kept_t **self_p);

//  Add a frame that is kept and may be sent. Take the record, which may have no bytes in memory.
void kept_add (kept_t *self, record_t *record, int64_t now_us);

//  Take the ack of a peer for the frames from first to last; the range may hold unknown frames. The
//  ack counts only if the link believes it, and, with digests (ack_range_fn), only for frames with
//  those digests. The context is the kept_t.
void kept_acknowledge (
    void *context, const peer_t *peer, uint64_t first, uint64_t last, const void *digests);

//  Send the waiting frames. is_busy: send at most every two milliseconds.
void kept_run (kept_t *self, int64_t now_us, bool is_busy);

//  Return the time of the next sending, or 0 if no sending waits.
int64_t kept_send_at_us (const kept_t *self);

//  Set the metrics: the age of the oldest unsaved frame of each partition, and the frames that are
//  set aside.
void kept_measure (kept_t *self, const directory_t *directory, int64_t now_us);

size_t kept_count (const kept_t *self);

uint64_t kept_messages (const kept_t *self);

//  Return the bytes of all frames in the journal, and the bytes of the frames in memory.
uint64_t kept_bytes (const kept_t *self);
uint64_t kept_held_bytes (const kept_t *self);

//  Return true if the journal must read frames back.
bool kept_wants (const kept_t *self);

//  Add the frames to read back to a round's `fetched` (of journal_fetch_t); and take their bytes
//  from a round that is done.
void kept_fetch (kept_t *self, GArray *fetched);
void kept_take_fetched (kept_t *self, GArray *fetched);

//  Return the number of outdated frames.
size_t kept_outdated (const kept_t *self);

//  Take the oldest outdated frames, up to max_bytes. Return those that are in memory; the journal
//  reads the others back for a later call. All still count as kept. The caller owns the list (of
//  record_t *), and gives the frames back or replaces them.
GPtrArray *kept_take_outdated (kept_t *self, size_t max_bytes) __attribute__ ((warn_unused_result));
void kept_give_back_outdated (kept_t *self, const GPtrArray *records);

//  Keep the frames `made` in place of the outdated ones. Both lists are empty afterwards.
void kept_replace (kept_t *self, GPtrArray *outdated, GPtrArray *made);

//  Return the acknowledged frames that the journal still has, of number_range_t. The caller owns
//  them and deletes the frames from the journal.
GArray *kept_removed (kept_t *self);

#endif
