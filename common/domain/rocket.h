//  The state of one rocket, folded from its messages.
//
//  Under ORDERING_CONVERGE the state depends on the set of messages alone, not on their order or on
//  repeats: speed is a sum; type, mission and explosionReason are registers, each set by the
//  message with the highest number; an explosion is final; the numbers counted are ranges. Under
//  ORDERING_LATEST a message is ignored unless its number is above the highest one applied.
//
//  A rocket can be forgotten: only its id and a time are left, and it ignores every further
//  message of any number. So a late or repeated message never brings the rocket back, and
//  the order of messages does not matter here either.
//
//  One thread owns a rocket and the pool of its texts.
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
typedef enum {
    ROCKET_UNKNOWN = 0,
    ROCKET_FLYING = 1,
    ROCKET_EXPLODED = 2,
    ROCKET_FORGOTTEN =
        3,            //  last_time_us is when it was forgotten, applied is above all earlier ones
    ROCKET_GONE = 4,  //  a store removes it; never stored
} rocket_status_t;

#define ROCKET_STATUSES 3  //  of rockets that are shown

typedef enum {
    FOLD_APPLIED,       //  the message was applied
    FOLD_DUPLICATE,     //  its number was counted or given up before; nothing changed
    FOLD_CONFLICT,      //  its number was counted with other content; only conflicts rose
    FOLD_FORGOTTEN,     //  the rocket was forgotten; nothing changed
    FOLD_LATE,          //  ORDERING_LATEST: its number is too low; nothing changed
    FOLD_CLOSED_A_GAP,  //  applied, and the lowest gap was given up because there were too many
} fold_t;

typedef struct rocket rocket_t;

//  All of a rocket, to show, sort or store it. Texts and ranges are borrowed from the rocket until
//  it changes.
typedef struct {
    text_t id;
    text_t type;              //  none until launched
    text_t mission;           //  none until launched or changed
    text_t explosion_reason;  //  none until exploded
    int64_t speed;            //  the sum, modulo 2^64
    rocket_status_t status;
    uint32_t row;          //  number of its row in its partition of a store, from 1 on; 0: unknown
    uint64_t last_number;  //  the highest number counted
    int64_t last_time_us;  //  messageTime of the message with that number
    uint64_t applied;      //  messages that were applied
    uint64_t conflicts;    //  this count and the next stop at UINT32_MAX
    uint64_t gaps_closed;  //  gaps given up: too many ranges, or the ordering changed
    uint64_t type_number;  //  the number that set each register, 0 for none
    uint64_t mission_number;
    uint64_t explosion_number;
    const number_range_t *seen;  //  ORDERING_CONVERGE: the numbers counted; ORDERING_LATEST: none
    size_t seen_count;
    uint32_t hashes[ROCKET_HASHES];  //  content hashes by number modulo ROCKET_HASHES; 0: unknown
} rocket_view_t;

//  Make a rocket without messages. The id is copied.
rocket_t *rocket_new (text_t id);

//  Make a rocket from a stored view. The new rocket folds exactly like the rocket that was viewed.
//  Return NULL if the view contradicts itself. In the view, an empty text has data; a text without
//  data is no text.
rocket_t *rocket_restore (const rocket_view_t *view, text_pool_t *pool)
    __attribute__ ((warn_unused_result));

void rocket_destroy (rocket_t **self_p, text_pool_t *pool);

//  Fold a message, which keeps the rules of message_check and has this rocket's channel. The
//  ordering may change between messages: a message that ORDERING_LATEST ignored stays ignored.
fold_t rocket_fold (
    rocket_t *self, text_pool_t *pool, const message_t *message, ordering_t ordering);

text_t rocket_id (const rocket_t *self);

rocket_status_t rocket_status (const rocket_t *self);

//  Forget a rocket that was not forgotten yet. now_us is the time since 1970.
void rocket_forget (rocket_t *self, text_pool_t *pool, int64_t now_us);
bool rocket_is_forgotten (const rocket_t *self);

//  Return when a forgotten rocket was forgotten, in microseconds since 1970.
int64_t rocket_forgotten_us (const rocket_t *self);

//  Marks for the shard that keeps the rocket. Folding sets none of them, and removes ROCKET_QUIET.
//  The values are bits.
typedef enum {
    ROCKET_CHANGED = 1,  //  it changed since its last save began
    ROCKET_SAVING = 2,  //  its save has begun and not ended; without these two marks it is as saved
    ROCKET_UNTOLD = 4,  //  it was saved, and its update was not published yet
    ROCKET_OVERDUE = 8,  //  its update was due while it was unsaved: publish at its next save
    ROCKET_QUIET = 16,   //  it has not changed since a sweep of the retention; folding removes it
    ROCKET_ENDED = 32,   //  it was forgotten long ago: the store removes it with its next save
} rocket_mark_t;

bool rocket_is_marked (const rocket_t *self, rocket_mark_t mark);
void rocket_set_mark (rocket_t *self, rocket_mark_t mark, bool is_marked);

//  Load the rocket into the cache, because it will be viewed soon. Without this a walk over all
//  rockets would wait for memory.
void rocket_prefetch (const rocket_t *self);

void rocket_view (const rocket_t *self, rocket_view_t *view);

//  The members by which lists are ordered and filtered, besides the id. The texts are borrowed;
//  NULL: none.
typedef struct {
    int64_t speed;
    uint64_t last_number;
    int64_t last_time_us;
    rocket_status_t status;
    const pooled_text_t *type;
    const pooled_text_t *mission;
} rocket_keys_t;

rocket_keys_t rocket_keys (const rocket_t *self);

//  Copy a view and all that it borrows into one block, which the caller frees with g_free. Any
//  thread may use the copy.
rocket_view_t *rocket_view_copy (const rocket_view_t *view) __attribute__ ((warn_unused_result));

//  Write the gaps below the highest number, as `missing` shows them (none under ORDERING_LATEST).
//  gaps has room for NUMBER_RANGES_MAX. Return their count.
size_t rocket_view_missing (const rocket_view_t *view, number_range_t *gaps);

//  Return "unknown", "flying" or "exploded"; "forgotten" for a forgotten rocket.
const char *rocket_status_name (rocket_status_t status);

//  Set *status to the stored status with this name, which may be "forgotten". Return false for an
//  unknown name.
bool rocket_status_of_stored (text_t name, rocket_status_t *status)
    __attribute__ ((warn_unused_result));

//  Set *status to the shown status with this name. Return false for an unknown name.
bool rocket_status_of (text_t name, rocket_status_t *status) __attribute__ ((warn_unused_result));

#endif
