//  The frames that are kept and not acknowledged: each in the lane of its partition, on its way to
//  the partition's owner, until the ack comes.
//
//  Memory is bounded: past KEPT_HELD_MAX_BYTES a frame leaves its bytes to the journal, and they
//  are read back when its turn to be sent comes near.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KEPT_H
#define DOWNLINK_KEPT_H

#include "gateway/journal/record.h"
#include "gateway/metrics/gateway_metrics.h"
#include "gateway/owners/directory.h"

#define KEPT_HELD_MAX_BYTES ((uint64_t) 64 * 1024 * 1024)
#define ROW_BYTES 64  //  of a frame in the journal, beside its own

typedef struct kept kept_t;

//  is_journaled: the journal has the frames too. The metrics are borrowed.
kept_t *kept_new (worker_metrics_t *metrics, bool is_journaled);

//  Set the directory, which is borrowed, before anything else is called.
void kept_set_directory (kept_t *self, const directory_t *directory);

void kept_destroy (kept_t **self_p);

//  A frame is kept: it can be sent. The record is taken; it may have no bytes in memory.
void kept_add (kept_t *self, record_t *record, int64_t now_us);

//  A peer has published an ack for all frames from first to last; they may be more than there are.
//  It counts for those that were sent to this peer as the owner of their partition, and for no
//  others; and with digests (ack_range_fn), only for those that have them. The context is the
//  kept_t.
void kept_acknowledge (
    void *context, const peer_t *peer, uint64_t first, uint64_t last, const void *digests);

//  Send what can be sent; is_busy: not now if something was a short while ago.
void kept_run (kept_t *self, int64_t now_us, bool is_busy);

//  When something is to be sent that waits for that; 0: nothing waits.
int64_t kept_send_at_us (const kept_t *self);

//  Tell the metrics how old the oldest frame of each partition is, and how many frames are set
//  aside.
void kept_measure (const kept_t *self, uint32_t partitions);

size_t kept_count (const kept_t *self);

uint64_t kept_messages (const kept_t *self);

//  Bytes of all of them, as the journal has them; and of those whose bytes are in memory.
uint64_t kept_bytes (const kept_t *self);
uint64_t kept_held_bytes (const kept_t *self);

//  True if frames are to be read back.
bool kept_wants (const kept_t *self);

//  Put those into a round's fetched (of journal_fetch_t), and take them out of the one that is
//  done.
void kept_fetch (kept_t *self, GArray *fetched);
void kept_take_fetched (kept_t *self, GArray *fetched);

//  What was acknowledged and is still in the journal, of number_range_t: the caller's to take out.
GArray *kept_removed (kept_t *self);

#endif
