//  The interface of a link: it carries frames to the processors. Journal, lanes and resending stand
//  before every link; a link only sends, and says what has become of a frame:
//
//    carried    whoever has the frame now keeps it as safe as the link makes things, so the journal
//               may let it go
//    saved      its messages are in the state. This implies carried
//
//  The saved frames are told by processors, whose acks come over ZeroMQ with every link
//  (directory.h). A link only says which of these acks count.
//
//  A link's own structure begins with a link_t. Its worker owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LINK_H
#define DOWNLINK_LINK_H

#include <stdbool.h>

#include "gateway/journal/record.h"
#include "gateway/owners/peer.h"

typedef struct link link_t;

struct link {
    //  Return P and the partition function; P is 0 while they are not known.
    layout_t (*layout) (const link_t *self);

    //  Return the session of a partition: a number that is new whenever frames that were sent in the
    //  older one may be lost. Return 0 while nothing can be sent.
    uint64_t (*session) (const link_t *self, uint32_t partition);

    //  Send a frame, which has bytes, in the session of its partition. Return false if the link
    //  takes none now. It borrows the bytes for the call, and may write sent_to and sent_epoch.
    bool (*send) (link_t *self, record_t *record);

    //  Return true if the ack of a peer counts for a frame that was sent.
    bool (*believes) (const link_t *self, const peer_t *peer, const record_t *record);

    //  Log that frames of a partition are set aside, because they were refused again and again.
    void (*log_set_aside) (const link_t *self, uint32_t partition, size_t frames);

    void (*destroy) (link_t **self_p);
};

#endif
