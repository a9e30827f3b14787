//  Takes accepted messages to where they are kept, and says what became of them: the interface.
//  A publisher is a publisher_t at the beginning of a structure of its own; its worker owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PUBLISHER_H
#define DOWNLINK_PUBLISHER_H

#include "gateway/delivery/batch.h"
#include "gateway/journal/receipt.h"

typedef struct publisher publisher_t;

typedef enum {
    OFFER_TAKEN,      //  all of it, or
    OFFER_FULL,       //  nothing: there is no room now
    OFFER_DISK_FULL,  //  nothing: the disk of the journal is full
    OFFER_TOO_LARGE,  //  nothing: there will never be room for so many at once
} offer_t;

//  The messages of one upload so far: a body that comes in pieces, and is taken as a whole or not.
typedef struct staged staged_t;

typedef enum {
    STAGE_TAKEN,      //  the piece, or
    STAGE_BUSY,       //  nothing: what was taken before is being kept, and there is room soon; or
    STAGE_FULL,       //  nothing: there is no room now, or
    STAGE_DISK_FULL,  //  nothing: the disk of the journal is full, or
    STAGE_TOO_LARGE,  //  nothing: there will never be room for the upload and this
    STAGE_FAILED,     //  nothing: what was taken before could not be kept
    STAGE_EVICTED,    //  nothing: what was taken before made room for others
    STAGE_TOO_SLOW,   //  nothing: the upload grew too slowly, and what was taken before is gone
} stage_t;

struct publisher {
    //  P; 0 as long as it is not known, and then nothing can be offered.
    uint32_t (*partitions) (const publisher_t *self);

    //  Take the messages of a request, all or none. *receipt tells what becomes of them; it is the
    //  caller's to unref.
    offer_t (*offer) (publisher_t *self, batch_t *batch, receipt_t **receipt);

    //  Begin an upload; it is the publisher's until it is ended by one of stage_accept and
    //  stage_drop.
    staged_t *(*stage_begin) (publisher_t *self);

    //  Take a piece of it, all of the batch or nothing. It counts as buffered, and is sent to
    //  nobody before the upload is accepted. An empty batch tells whether the upload can still be
    //  accepted.
    stage_t (*stage) (publisher_t *self, staged_t *upload, batch_t *batch);

    //  It is whole. The receipt tells what becomes of it, and is the caller's to unref; NULL: what
    //  was taken could not be kept.
    receipt_t *(*stage_accept) (publisher_t *self, staged_t **upload);

    //  Give it up: nothing of it is accepted.
    void (*stage_drop) (publisher_t *self, staged_t **upload);

    //  End this turn: keep and send what it took, hear what was acknowledged. Never waits. Receipts
    //  change in this call only, in the order in which they were given out.
    void (*run) (publisher_t *self);

    //  How long to wait at most before the next run, in microseconds; INT64_MAX: as you like.
    int64_t (*timeout_us) (const publisher_t *self);

    //  A descriptor that is readable when there is something to run for; -1: none.
    int (*fd) (const publisher_t *self);

    //  Messages taken and not yet acknowledged.
    uint64_t (*buffered) (const publisher_t *self);

    //  True if no more can be taken at the moment: requests would wait.
    bool (*is_full) (publisher_t *self);

    //  True if that is because the disk of the journal is full.
    bool (*is_disk_full) (publisher_t *self);

    //  True if what was taken outlives the process.
    bool (*is_durable) (const publisher_t *self);

    void (*destroy) (publisher_t **self_p);
};

#endif
