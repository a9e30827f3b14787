//  The frames of one partition on their way over the link, in one of three queues:
//
//    waiting    not sent, or to be sent again; in the order of their sequences
//    in flight  sent, in the order of sending (their stamps)
//    set aside  sent LANE_PASSES_MAX times, and passed over each time: the owner refuses the frame
//
//  A frame leaves its lane when it is carried, whichever queue it is in. Over ZeroMQ a frame is
//  carried when its ack says that it is saved. A frame in flight goes back to waiting
//    - when the session changes: another owner, epoch or link, so frames in flight may be lost; or
//    - when a frame that was sent later is carried: links are first in, first out, so the earlier
//      frame, or its ack, was lost; or
//    - when the link returns it.
//  Time alone resends nothing: within a session every frame arrives, however slow the owner is.
//  Frames that are set aside delay no others. They wait again in the next session, whose owner may
//  take them. No accepted frame is ever discarded. If the acks of the last frames are lost, no
//  later ack shows it, so owners repeat the ack of the last saved frame of a partition.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LANE_H
#define DOWNLINK_LANE_H

#include <stdbool.h>

#include "gateway/journal/record.h"

//  The window: the most frames and bytes in flight. The last frame may exceed the bytes.
#define LANE_WINDOW_FRAMES 256
#define LANE_WINDOW_BYTES (1024 * 1024)

//  So many acks of later frames pass a frame over before it is set aside. Lost acks also pass a
//  frame over, but rarely so often in a row.
#define LANE_PASSES_MAX 16

//  Zeroed memory is a lane without frames. It owns none of its records.
typedef struct {
    GQueue waiting;
    GQueue in_flight;
    GQueue set_aside;
    size_t in_flight_bytes;
    uint64_t session;      //  of the flight
    uint64_t acked_stamp;  //  the highest acknowledged stamp
} lane_t;

//  Add a frame behind all waiting ones.
void lane_add (lane_t *self, record_t *record);

//  Remove a frame that was acknowledged.
void lane_acknowledge (lane_t *self, record_t *record);

//  Move a frame that was not carried from flight back to waiting. is_refused: count this like an
//  ack that passed the frame over.
void lane_return (lane_t *self, record_t *record, bool is_refused);

//  Send a frame over the link. Return false if the link takes none now.
typedef bool (lane_send_fn) (void *context, record_t *record);

//  Send waiting frames, lost ones first, while the window has room. session is the link's session
//  of this partition; 0: send nothing. *sendings counts the stamps of all lanes. A frame without
//  bytes delays the frames behind it.
void lane_run (
    lane_t *self, uint64_t session, uint64_t *sendings, lane_send_fn *send, void *context);

//  Move all frames to the end of a queue, in the order of their sequences, and forget the session.
void lane_empty (lane_t *self, GQueue *frames);

//  Return the time when the oldest frame was kept, on clock_us; 0 without frames.
int64_t lane_oldest_us (const lane_t *self);

//  Return the number of frames that are set aside.
size_t lane_set_aside (const lane_t *self);

//  Take a frame that is about to be sent and has no bytes. Calls come in order.
typedef void (lane_fetch_fn) (void *context, record_t *record);
void lane_look_ahead (lane_t *self, lane_fetch_fn *fetch, void *context);

#endif
