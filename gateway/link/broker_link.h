//  The part that all links over a broker share: what they borrow, the frame that is being sent, the
//  judgement of acks, and the log lines about the bus. The structure of such a link begins with a
//  broker_link_t, and it may use the functions below in its interface.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BROKER_LINK_H
#define DOWNLINK_BROKER_LINK_H

#include "gateway/link/bus_check.h"
#include "gateway/link/choose_link.h"
#include "gateway/link/frame_records.h"

typedef struct {
    link_t base;
    bus_t bus;
    const char *topic;  //  as processors announce it; borrowed
    const directory_t *directory;
    worker_metrics_t *metrics;
    link_ear_t ear;
    frame_records_t *records;  //  of the frame that is being sent
    bool is_away;              //  as the log says
    bus_check_t check;
} broker_link_t;

//  Begin with a link's interface, base, which is copied, and with the objects that the link
//  borrows.
void broker_link_init (broker_link_t *self, const link_t *base, bus_t bus, const char *topic,
    const link_setup_t *setup);

//  Free everything that broker_link_init made, but not the structure.
void broker_link_clear (broker_link_t *self);

//  link.hear.
void broker_link_hear (link_t *base, const link_ear_t *ear);

//  link.believes: believe the ack of the partition's owner, since any owner may have read the frame
//  from the broker. Acks carry digests, so no ack of a forged frame counts for a real one.
bool broker_link_believes (
    const link_t *base, const peer_t *peer, uint32_t partition, const record_t *record);

//  link.log_set_aside.
void broker_link_log_set_aside (const link_t *base, uint32_t partition, size_t frames);

//  Make the records of a frame, in self->records.
void broker_link_make (broker_link_t *self, const record_t *record);

//  Note in the link and in the metrics whether the bus is away. Log a change. reason: the last
//  error, or empty.
void broker_link_note_away (broker_link_t *self, bool is_away, const char *reason);

//  Compare the bus with the buses of the processors: bus_check_look.
void broker_link_check (broker_link_t *self);

//  Return the fault that keeps all frames back until an operator mends it, or NULL. own: a fault
//  that the link itself has found; NULL or empty: none.
const char *broker_link_fault (const broker_link_t *self, const char *own);

//  Return the condition. reason: the last error, or empty; fault: as broker_link_fault returns it.
link_condition_t broker_link_condition (
    const broker_link_t *self, const char *reason, const char *fault);

#endif
