//  An accepted frame that is not yet acknowledged, as a worker keeps it in memory.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RECORD_H
#define DOWNLINK_RECORD_H

#include <glib.h>
#include <stdint.h>

#include "common/domain/number_ranges.h"
#include "common/domain/partition.h"
#include "gateway/journal/receipt.h"

typedef struct {
    uint64_t sequence;
    uint64_t stamp;    //  the number of its last sending; 0: it waits
    uint8_t *bytes;    //  the frame; NULL: only the journal has it
    uint64_t digest;   //  frame_digest of the bytes
    uint64_t sent_to;  //  for the link: the incarnation of the peer that it went to last; 0: none
    uint64_t sent_epoch;  //  for the link: the epoch of the partition at that time
    int64_t kept_us;      //  the time when it was kept, on clock_us
    receipt_t *receipt;   //  of its turn
    GList link;           //  in a queue of its lane
    uint32_t size;
    uint32_t partition;
    layout_t layout;  //  when the frame was made
    uint32_t messages;
    uint32_t passed_over;  //  number of acks of later frames in this session of its lane
    bool was_sent;         //  at least once
    bool was_sent_again;
    bool is_acked;      //  its ack came before the link reported it as carried
    bool is_set_aside;  //  by its lane
    bool is_fetched;    //  the journal is reading it back
    bool is_outdated;   //  its partition is of an earlier P
} record_t;

//  Free a record; a GDestroyNotify.
void record_free (void *data);

//  Compare two records by their sequences; a GCompareDataFunc without context.
int record_compare (const void *one, const void *other, void *context);

//  Append a sequence to ranges (of number_range_t), or extend the last range if the sequence
//  touches it.
void record_add_sequence (GArray *ranges, uint64_t sequence);

#endif
