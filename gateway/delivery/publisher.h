//  The interface of a publisher: take messages, keep them, deliver them, and report the outcome. A
//  publisher's own structure begins with a publisher_t. Its worker owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PUBLISHER_H
#define DOWNLINK_PUBLISHER_H

#include "gateway/delivery/batch.h"
#include "gateway/journal/receipt.h"

typedef struct publisher publisher_t;

typedef enum {
    OFFER_TAKEN,      //  all messages were taken
    OFFER_FULL,       //  nothing was taken: there is no room now
    OFFER_DISK_FULL,  //  nothing was taken: the disk of the journal is full
    OFFER_TOO_LARGE,  //  nothing was taken: they are more than the whole buffer holds
} offer_t;

//  The staged messages of one upload: a body that arrives in pieces and is accepted as a whole or
//  not at all.
typedef struct staged staged_t;

typedef enum {
    STAGE_TAKEN,      //  the piece was taken
    STAGE_BUSY,       //  nothing was taken: a round is in progress, and there is room soon
    STAGE_FULL,       //  nothing was taken: there is no room now
    STAGE_DISK_FULL,  //  nothing was taken: the disk of the journal is full
    STAGE_TOO_LARGE,  //  nothing was taken: the buffer can never hold this upload
    STAGE_FAILED,     //  nothing was taken: earlier pieces could not be kept
    STAGE_EVICTED,    //  nothing was taken: earlier pieces made room for others
    STAGE_TOO_SLOW,   //  nothing was taken: the upload grew too slowly and lost its pieces
} stage_t;

struct publisher {
    //  Return P and the partition function. P is 0 while they are not known: then offer nothing.
    layout_t (*layout) (const publisher_t *self);

    //  Take the messages of a request, all or none. Set *receipt to the receipt with their outcome,
    //  which the caller unrefs.
    offer_t (*offer) (publisher_t *self, batch_t *batch, receipt_t **receipt);

    //  Begin an upload of a client, as staging_begin does. The publisher owns the upload until
    //  stage_accept or stage_drop ends it.
    staged_t *(*stage_begin) (publisher_t *self, uint64_t client);

    //  Take a piece of an upload, all of the batch or nothing. The piece counts as buffered, and is
    //  not sent before the upload is accepted. An empty batch checks whether the upload can still
    //  be accepted.
    stage_t (*stage) (publisher_t *self, staged_t *upload, batch_t *batch);

    //  Accept a complete upload. Return the receipt with its outcome, which the caller unrefs,
    //  or NULL if its pieces could not be kept.
    receipt_t *(*stage_accept) (publisher_t *self, staged_t **upload);

    //  Abandon an upload: nothing of it is accepted.
    void (*stage_drop) (publisher_t *self, staged_t **upload);

    //  End this turn: keep and send its messages. Never wait. Receipts get their outcome only in
    //  this call, in the order in which they were made.
    void (*run) (publisher_t *self);

    //  Return the longest wait before the next run, in microseconds; INT64_MAX: no limit.
    int64_t (*timeout_us) (const publisher_t *self);

    //  Return a descriptor that is readable when a run has work; -1: none.
    int (*fd) (const publisher_t *self);

    //  Return the number of messages taken and not yet acknowledged.
    uint64_t (*buffered) (const publisher_t *self);

    //  Return true if there is no room now: requests would wait.
    bool (*is_full) (publisher_t *self);

    //  Return true if the reason is a full disk of the journal.
    bool (*is_disk_full) (publisher_t *self);

    //  Return true if taken messages outlive the process.
    bool (*is_durable) (const publisher_t *self);

    void (*destroy) (publisher_t **self_p);
};

#endif
