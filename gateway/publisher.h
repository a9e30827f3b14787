//  Takes accepted messages to where they are kept, and says when they are safe: the interface.
//  A publisher is a publisher_t at the beginning of a structure of its own; its worker owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PUBLISHER_H
#define DOWNLINK_PUBLISHER_H

#include "gateway/batch.h"

typedef struct publisher publisher_t;

typedef enum {
    OFFER_TAKEN,      //  all of it, or
    OFFER_FULL,       //  nothing: there is no room now
    OFFER_TOO_LARGE,  //  nothing: there will never be room for so many at once
} offer_t;

struct publisher {
    //  P; 0 as long as it is not known, and then nothing can be offered.
    uint32_t (*partitions) (const publisher_t *self);

    //  Take the messages of a request, all or none. *turn says which turn of the loop they go with.
    offer_t (*offer) (publisher_t *self, batch_t *batch, uint64_t *turn);

    //  The highest turn all of whose messages are safe: their requests can be answered.
    uint64_t (*safe) (const publisher_t *self);

    //  End this turn: keep and send what it took, hear what was acknowledged. Never waits.
    void (*run) (publisher_t *self);

    //  True if something was taken since the last run: do not wait before the next one.
    bool (*is_due) (const publisher_t *self);

    //  Messages taken and not yet acknowledged.
    uint64_t (*buffered) (const publisher_t *self);

    void (*destroy) (publisher_t **self_p);
};

#endif
