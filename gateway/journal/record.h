//  A frame that was accepted and is not acknowledged yet, as the gateway knows it in memory.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RECORD_H
#define DOWNLINK_RECORD_H

#include <glib.h>
#include <stdint.h>

#include "common/domain/number_ranges.h"
#include "gateway/journal/receipt.h"

typedef struct {
    uint64_t sequence;
    uint64_t stamp;       //  when it was sent, as a count of sendings; 0: it is waiting
    uint8_t *bytes;       //  the frame; NULL: only the journal has it
    uint64_t digest;      //  frame_digest of the bytes
    uint64_t sent_to;     //  the incarnation of the peer it was sent to last; 0: it was never sent
    uint64_t sent_epoch;  //  and the epoch under which that owned the partition
    int64_t kept_us;      //  when it was kept, on clock_us
    receipt_t *receipt;   //  of the turn it was made in
    GList link;           //  in one queue of its lane
    uint32_t size;
    uint32_t partition;
    uint32_t messages;
    uint32_t passed_over;  //  by acks of later frames, in this session of its lane
    bool is_set_aside;     //  by its lane
    bool is_fetched;       //  it is being read back from the journal
} record_t;

//  A GDestroyNotify of records.
void record_free (void *data);

//  Put a sequence behind ranges of them (of number_range_t), into the last one if it touches that.
void sequences_add (GArray *ranges, uint64_t sequence);

#endif
