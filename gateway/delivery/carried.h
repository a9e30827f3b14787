//  The frames that are carried and not known to be saved. The journal has dropped them already.
//  They stay here for two reasons: a client may wait until its messages are applied, and the lag
//  counts them.
//
//  Most links carry the frames of a partition in order, and their acks come in that order. So an
//  ack also ends the earlier frames of its partition, whose acks are lost. Nobody knows whether
//  those are applied, so no client is told so. Over an unordered link an ack ends its own frame,
//  and frames that were carried more than CARRIED_FORGET_US ago.
//
//  Memory is bounded: beyond CARRIED_MAX the oldest frames of a partition are merged into one, for
//  which no client waits. When a partition has a new owner, the frames whose acks were lost with
//  the old owner are forgotten after a while.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CARRIED_H
#define DOWNLINK_CARRIED_H

#include "gateway/journal/record.h"
#include "gateway/metrics/gateway_metrics.h"

#define CARRIED_MAX 65536
#define CARRIED_FORGET_US ((int64_t) 60 * 1000 * 1000)  //  no client waits for longer

typedef struct carried carried_t;

//  Make an empty object. The metrics are borrowed.
carried_t *carried_new (worker_metrics_t *metrics);

void carried_destroy (carried_t **self_p);

//  Add a frame. Take the receipt from the record; the record stays the caller's.
void carried_add (carried_t *self, record_t *record);

size_t carried_count (const carried_t *self);

//  Return true if there is such a frame, and set its partition.
bool carried_find (const carried_t *self, uint64_t sequence, uint64_t digest, uint32_t *partition);

//  End a frame, which must be here, because it is saved. End earlier frames too, as described
//  above.
void carried_save (carried_t *self, uint64_t sequence, bool is_unordered);

//  Note the epoch of a partition (0: no owner). CARRIED_FORGET_US after a new owner has taken the
//  partition, forget the frames that were carried before that.
void carried_look (carried_t *self, uint32_t partition, uint64_t epoch, int64_t now_us);

//  Forget all frames: they are of an earlier P.
void carried_clear (carried_t *self);

//  Return the time when the oldest frame of a partition was kept, on clock_us; 0 without frames.
int64_t carried_oldest_us (const carried_t *self, uint32_t partition);

#endif
