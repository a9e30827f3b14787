//  The interface of a link, which carries frames to the processors. Journal, lanes and resending
//  are the same for every link; a link only sends, and reports the fate of each frame:
//
//    carried    the receiver stores the frame, as safely as its bus can, so the journal may drop it
//    saved      its messages are in the state. This implies carried
//
//  Links report carried frames. Processors report saved frames: with every link their acks come
//  over ZeroMQ (directory.h), and the link only decides which of these acks count.
//
//  A link's own structure begins with a link_t. Its worker owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LINK_H
#define DOWNLINK_LINK_H

#include <stdbool.h>

#include "gateway/journal/record.h"
#include "gateway/owners/peer.h"

typedef struct link link_t;

//  The owner of the frames. The link calls these functions during link.run.
typedef struct {
    void *context;

    //  A frame is carried.
    void (*carried) (void *context, uint64_t sequence);

    //  A frame is not known to be carried: send it again. is_refused: the bus would refuse it
    //  again.
    void (*returned) (void *context, uint64_t sequence, bool is_refused);
} link_ear_t;

//  The condition of a link, for people.
typedef struct {
    const char *bus;     //  its name in --bus
    bool is_away;        //  the receiver of the frames does not answer
    const char *reason;  //  the last error; NULL: none is known. Borrowed until the next run
    const char *fault;   //  a sentence: the link sends nothing until an operator mends it; or NULL
} link_condition_t;

struct link {
    //  A frame is carried when it is saved: the link itself reports nothing.
    bool is_carried_when_saved;

    //  Frames of a partition may overtake each other, so acks come in any order.
    bool is_unordered;

    //  Set the owner of the frames, which must outlive the link. Call it before all other
    //  functions.
    void (*hear) (link_t *self, const link_ear_t *ear);

    //  Report the fate of frames to their owner. Never wait.
    void (*run) (link_t *self);

    //  Return the longest wait before the next run, in microseconds; INT64_MAX: no limit.
    int64_t (*timeout_us) (const link_t *self);

    //  Return a descriptor that is readable when a run has work; -1: none.
    int (*fd) (const link_t *self);

    //  Return P and the partition function; P is 0 while they are not known.
    layout_t (*layout) (const link_t *self);

    //  Return the session of a partition: a number that is new whenever frames that were sent in
    //  the older one may be lost. Return 0 while nothing can be sent.
    uint64_t (*session) (const link_t *self, uint32_t partition);

    //  Send a frame, which has bytes, in the session of its partition. Return false if the link
    //  takes none now. It borrows the bytes for the call, and may write sent_to and sent_epoch.
    bool (*send) (link_t *self, record_t *record);

    //  Return true if the ack of a peer counts for a frame of a partition. record is NULL if the
    //  frame is carried already.
    bool (*believes) (
        const link_t *self, const peer_t *peer, uint32_t partition, const record_t *record);

    //  Log that frames of a partition are set aside, because they were refused again and again.
    void (*log_set_aside) (const link_t *self, uint32_t partition, size_t frames);

    link_condition_t (*condition) (const link_t *self);

    void (*destroy) (link_t **self_p);
};

#endif
