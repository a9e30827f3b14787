//  The frames of one partition on their way to its owner, in one of three queues:
//
//    waiting    not sent, or to be sent again; in the order of their sequences
//    in flight  sent to the owner, in the order of sending (their stamps)
//    set aside  sent LANE_PASSES_MAX times, and passed over each time: the owner refuses the frame
//
//  A frame leaves when its ack comes, whichever queue it is in. It goes back from flight to waiting
//    - when the session is another one: the owner, its epoch or the link to it has changed, so what was
//      sent before may be lost; or
//    - when a frame that was sent after it is acknowledged: links are first in, first out, so this
//      one, or its ack, was lost.
//  Time alone sends nothing again: within a session whatever was sent arrives, however slow the
//  owner is. The frames that are set aside hold up no others, and go back to waiting with another
//  session: the next owner may be of a version that takes them. Nothing that was accepted is thrown
//  away. When the acks of the last frames are lost, no later ack tells of it; so owners say again
//  and again which frame of a partition they have saved last.
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LANE_H
#define DOWNLINK_LANE_H

#include <stdbool.h>

#include "gateway/journal/record.h"

//  The window: no more than this is in flight, but for the frame that goes beyond the bytes.
#define LANE_WINDOW_FRAMES 256
#define LANE_WINDOW_BYTES (1024 * 1024)

//  Acks that get lost pass a frame over as well, but hardly so often in a row.
#define LANE_PASSES_MAX 16

//  Zeroed memory is a lane without frames. It owns none of its records.
typedef struct {
    GQueue waiting;
    GQueue in_flight;
    GQueue set_aside;
    size_t in_flight_bytes;
    uint64_t session;      //  that the flight was sent in
    uint64_t acked_stamp;  //  the highest stamp that was acknowledged
} lane_t;

//  A frame to be sent: it is waiting, behind all others.
void lane_add (lane_t *self, record_t *record);

//  A frame was acknowledged: it leaves.
void lane_acknowledge (lane_t *self, record_t *record);

//  Hands a frame to the owner's socket. False if it takes none now.
typedef bool (lane_send_fn) (void *context, record_t *record);

//  Send what the window lets through, and again what was lost. session is that of the directory; 0:
//  there is no owner, so nothing moves. *sendings is counted up for the stamps. A frame without
//  bytes holds up those behind it.
void lane_run (
    lane_t *self, uint64_t session, uint64_t *sendings, lane_send_fn *send, void *context);

//  When the oldest of the frames was kept, on clock_us; 0: there are none.
int64_t lane_oldest_us (const lane_t *self);

//  Return how many frames are set aside.
size_t lane_set_aside (const lane_t *self);

//  Shown frames that will be sent next and have no bytes, in order.
typedef void (lane_fetch_fn) (void *context, record_t *record);
void lane_look_ahead (lane_t *self, lane_fetch_fn *fetch, void *context);

#endif
