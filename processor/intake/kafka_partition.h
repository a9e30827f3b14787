//  Read one partition of a topic. Each assignment has its own queue, so no record that was fetched
//  under an earlier assignment is ever read: that assignment may have been ahead of a state that
//  went back. The processor's thread owns the partition.
//
//    phase                  reads                          ends when
//    KAFKA_PARTITION_IDLE   no                             it is assigned
//    KAFKA_PARTITION_READS  yes                            it is revoked, or a fault comes
//    KAFKA_PARTITION_WAITS  no: a fault needs some time    the time is over, or it is revoked
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KAFKA_PARTITION_H
#define DOWNLINK_KAFKA_PARTITION_H

#include <glib.h>

#include "processor/intake/kafka_feed.h"

#define KAFKA_BATCH 256                                       //  records that are taken at once
#define KAFKA_EARLIEST ((int64_t) RD_KAFKA_OFFSET_BEGINNING)  //  instead of an offset

typedef enum {
    KAFKA_PARTITION_IDLE,
    KAFKA_PARTITION_READS,
    KAFKA_PARTITION_WAITS
} kafka_partition_phase_t;

typedef struct {
    uint32_t number;
    kafka_partition_phase_t phase;
    rd_kafka_queue_t *queue;  //  in READS
    int64_t again_at_ms;      //  in WAITS
    uint64_t assignment;      //  number of the present or last assignment
    int64_t next;             //  offset of the record to read next, or KAFKA_EARLIEST
    GArray *letters;          //  of int64_t: offsets of dead letters on their way, rising
    bool may_have_more;       //  the queue was not found empty since records came
    int64_t saved;            //  the offset that is saved with the state; -1: none yet
    int64_t committed;        //  the offset that was committed last; -1: none
    int64_t newest_ms;        //  time of the record that was read last; 0: none
    int64_t unsaved_ms;       //  time of the oldest record that is read and not saved; 0: none
    int64_t behind_ms;        //  when records began to wait unread; 0: none waits
} kafka_partition_t;

void kafka_partition_init (kafka_partition_t *self, uint32_t number);
void kafka_partition_free (kafka_partition_t *self);

//  Begin an assignment at an offset, or KAFKA_EARLIEST.
void kafka_partition_assign (kafka_partition_t *self, const kafka_feed_t *feed, int64_t offset);

//  End the assignment.
void kafka_partition_revoke (kafka_partition_t *self, const kafka_feed_t *feed);

//  Stop reading for some milliseconds, then go on at an offset, or KAFKA_EARLIEST.
void kafka_partition_pause (
    kafka_partition_t *self, const kafka_feed_t *feed, int64_t offset, int64_t ms);

//  Go on reading if a pause is over.
void kafka_partition_run (kafka_partition_t *self, const kafka_feed_t *feed);

//  Take records and events that came, KAFKA_BATCH of them at most. Return their number. The caller
//  destroys them.
size_t kafka_partition_take (kafka_partition_t *self, rd_kafka_message_t *records[KAFKA_BATCH]);

//  Note that a letter for the record at an offset is on its way, or delivered.
void kafka_partition_hold (kafka_partition_t *self, int64_t offset);
void kafka_partition_let_go (kafka_partition_t *self, int64_t offset);

//  Set *offset to the offset before which all records are folded and all letters are delivered.
//  Return false if it is not known yet.
bool kafka_partition_settled (const kafka_partition_t *self, int64_t *offset);

#endif
