//  The state of one rocket: a message folded in, in any order.
//
//  Under ORDERING_CONVERGE the state is what the messages so far give when taken by number, each
//  once, whatever order they came in: speed is a sum; type, mission and explosionReason are
//  registers, each won by the highest number that wrote it; an explosion is for good; the numbers
//  seen are ranges. Under ORDERING_LATEST a number not above the highest applied one is ignored.
//
//  One thread owns a rocket and the pool its texts are in.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROCKET_H
#define DOWNLINK_ROCKET_H

#include "common/domain/message.h"
#include "common/domain/number_ranges.h"
#include "common/domain/recent_hashes.h"
#include "common/text/text_pool.h"

#define ROCKET_HASHES RECENT_HASHES  //  the highest numbers whose content is remembered

typedef enum { ORDERING_CONVERGE, ORDERING_LATEST } ordering_t;

//  The values are stored.
typedef enum { ROCKET_UNKNOWN = 0, ROCKET_FLYING = 1, ROCKET_EXPLODED = 2 } rocket_status_t;

typedef enum {
    FOLD_APPLIED,       //  the message counts
    FOLD_DUPLICATE,     //  its number was counted before, or given up: nothing changed
    FOLD_CONFLICT,      //  its number was counted with other content: only conflicts was raised
    FOLD_LATE,          //  ORDERING_LATEST: not above the highest: nothing changed
    FOLD_CLOSED_A_GAP,  //  it counts, and a gap was given up, as the rocket had too many
} fold_t;

typedef struct rocket rocket_t;

//  All of a rocket, for those who show, sort or store it. Texts and ranges are borrowed from the
//  rocket until it changes.
typedef struct {
    text_t id;
    text_t type;              //  none until launched
    text_t mission;           //  none until launched or changed
    text_t explosion_reason;  //  none until exploded
    int64_t speed;            //  the sum, modulo 2^64
    rocket_status_t status;
    uint64_t last_number;  //  the highest one counted
    int64_t last_time_us;  //  messageTime of the highest one
    uint64_t applied;      //  messages that count
    uint64_t conflicts;    //  this and the next are counted up to UINT32_MAX
    uint64_t gaps_closed;  //  gaps given up: too many ranges, or the ordering changed
    uint64_t type_number;  //  which number won each register, 0 for none
    uint64_t mission_number;
    uint64_t explosion_number;
    const number_range_t *seen;  //  ORDERING_CONVERGE: the numbers counted; ORDERING_LATEST: none
    size_t seen_count;
    uint32_t hashes[ROCKET_HASHES];  //  content by number modulo ROCKET_HASHES, 0 for not known
} rocket_view_t;

//  A rocket that no message was folded into. The id is copied.
rocket_t *rocket_new (text_t id);

//  A rocket from its view, as it was stored: it folds on exactly like the one that was viewed. NULL
//  if the view contradicts itself. An empty text that was written has data; NULL is for none.
rocket_t *rocket_restore (const rocket_view_t *view, text_pool_t *pool)
    __attribute__ ((warn_unused_result));

void rocket_destroy (rocket_t **self_p, text_pool_t *pool);

//  Fold a message in. The message keeps the rules of message_check and is of this rocket's channel.
//  The ordering may change between messages: what ORDERING_LATEST passed over stays passed over.
fold_t rocket_fold (
    rocket_t *self, text_pool_t *pool, const message_t *message, ordering_t ordering);

text_t rocket_id (const rocket_t *self);

//  Marks for whoever keeps rockets; folding sets none. The values are bits.
typedef enum {
    ROCKET_CHANGED = 1,  //  it changed since it was last given to be saved
    ROCKET_SAVING =
        2,  //  it was given to be saved, and is not yet: without these two it is as saved
    ROCKET_UNTOLD = 4,   //  it was saved, and those who listen were not told yet
    ROCKET_OVERDUE = 8,  //  they should have been, but it was not as saved: at its next save
} rocket_mark_t;

bool rocket_is_marked (const rocket_t *self, rocket_mark_t mark);
void rocket_set_mark (rocket_t *self, rocket_mark_t mark, bool is_marked);

//  It will be viewed soon: bring it near. Whoever walks through all rockets waits for memory, else.
void rocket_prefetch (const rocket_t *self);

void rocket_view (const rocket_t *self, rocket_view_t *view);

//  A view with copies of all that it borrows, in one block: to be freed with g_free. Any thread may
//  have it.
rocket_view_t *rocket_view_copy (const rocket_view_t *view) __attribute__ ((warn_unused_result));

//  The gaps below the highest number, as `missing` shows them (empty under ORDERING_LATEST). gaps
//  has room for NUMBER_RANGES_MAX. Returns how many there are.
size_t rocket_view_missing (const rocket_view_t *view, number_range_t *gaps);

//  "unknown", "flying", "exploded".
const char *rocket_status_name (rocket_status_t status);

//  The status of that name; false if there is none.
bool rocket_status_of (text_t name, rocket_status_t *status) __attribute__ ((warn_unused_result));

#endif
