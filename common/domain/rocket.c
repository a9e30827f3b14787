//  Each part of the state is a sum or is set by the message with the highest number, and a number
//  counts once. So the order of arrival does not matter.
//
//  There may be millions of rockets, so memory counts: the status follows from the registers, the
//  id is at the end of the structure, and rare parts are in separate blocks. A launched rocket with
//  a UUID takes 144 bytes with malloc's overhead. Every 16 further bytes would cost 16 MB for a
//  million rockets.
//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/rocket.h"

#include <glib.h>

#include "common/text/timestamp.h"

//  A register: a text, and the number of the message that set it, 0 for none.
typedef struct {
    pooled_text_t *text;
    uint64_t number;
} written_t;

//  The parts that most rockets lack.
typedef struct {
    written_t explosion;
    uint32_t conflicts;
    uint32_t gaps_closed;
} rare_t;

struct rocket {
    uint64_t speed;  //  modulo 2^64
    uint64_t last_number;
    int64_t last_time_us;
    uint64_t applied;
    written_t type;
    written_t mission;
    number_ranges_t seen;  //  empty under ORDERING_LATEST, else it ends at last_number
    recent_hashes_t hashes;
    rare_t *rare;   //  NULL: all its parts are zero
    uint8_t marks;  //  rocket_mark_t bits
    uint8_t id_size;
    char id[];
};

#define FORGOTTEN 128  //  a mark that only this file sets

_Static_assert(MESSAGE_CHANNEL_MAX_BYTES <= UINT8_MAX, "id_size holds every size");

rocket_t *
rocket_new (text_t id)
{
    g_assert (id.size >= 1 && id.size <= MESSAGE_CHANNEL_MAX_BYTES);
    size_t size = offsetof (rocket_t, id) + id.size;
    rocket_t *self = g_malloc0 (MAX (size, sizeof *self));
    self->id_size = (uint8_t) id.size;
    memcpy (self->id, id.data, id.size);
    return self;
}

//  Return the rare parts to read.
static const rare_t *
s_rare (const rocket_t *self)
{
    static const rare_t nothing;
    return self->rare ? self->rare : &nothing;
}

//  Return the rare parts to write.
static rare_t *
s_need_rare (rocket_t *self)
{
    if (!self->rare)
        self->rare = g_new0 (rare_t, 1);
    return self->rare;
}

//  Return the number in the window of hashes that has this slot. It may be 0 or less at first.
static int64_t
s_number_of_slot (uint64_t last_number, uint64_t slot)
{
    return (int64_t) last_number - (int64_t) ((last_number - slot) % ROCKET_HASHES);
}

static bool
s_is_untouched (const rocket_view_t *view)
{
    uint32_t hashes = 0;
    for (size_t slot = 0; slot < ROCKET_HASHES; slot++)
        hashes |= view->hashes[slot];
    return view->speed == 0 && view->last_time_us == 0 && view->applied == 0 &&
           view->conflicts == 0 && view->gaps_closed == 0 && view->seen_count == 0 && hashes == 0;
}

//  A register has a text exactly if a number set it.
static bool
s_is_good_register (text_t text, uint64_t number, uint64_t last_number)
{
    return (text.data != NULL) == (number != 0) && text.size <= MESSAGE_TEXT_MAX_BYTES &&
           (text.data || text.size == 0) && number <= last_number;
}

//  A message has one kind, and a launch writes the mission too.
static bool
s_are_good_registers (const rocket_view_t *view)
{
    uint64_t explosion = view->explosion_number;
    rocket_status_t status = view->type_number ? ROCKET_FLYING : ROCKET_UNKNOWN;
    if (explosion)
        status = ROCKET_EXPLODED;
    return s_is_good_register (view->type, view->type_number, view->last_number) &&
           s_is_good_register (view->mission, view->mission_number, view->last_number) &&
           s_is_good_register (view->explosion_reason, explosion, view->last_number) &&
           view->mission_number >= view->type_number &&
           (!explosion || (explosion != view->type_number && explosion != view->mission_number)) &&
           view->status == status;
}

static bool
s_are_good_counters (const rocket_view_t *view)
{
    if (view->last_number == 0)
        return s_is_untouched (view);
    return view->last_number <= MESSAGE_NUMBER_MAX && view->applied >= 1 &&
           view->applied <= view->last_number && view->conflicts <= UINT32_MAX &&
           view->gaps_closed <= UINT32_MAX &&
           view->gaps_closed <= view->last_number - view->applied &&
           view->last_time_us >= TIMESTAMP_MIN_US && view->last_time_us <= TIMESTAMP_MAX_US;
}

//  The ranges end at the highest number and hold the counted numbers, and nothing else unless gaps
//  were closed; each closed gap has at least one uncounted number.
static bool
s_are_good_ranges (const rocket_view_t *view)
{
    uint64_t numbers = 0;
    for (size_t index = 0; index < view->seen_count; index++)
        numbers += view->seen[index].last - view->seen[index].first + 1;
    bool is_sum_good =
        view->gaps_closed ? view->applied + view->gaps_closed <= numbers : view->applied == numbers;
    return is_sum_good && view->seen_count <= view->applied &&
           view->seen[view->seen_count - 1].last == view->last_number;
}

//  Numbers that set a register or have a hash were counted. seen is empty after ORDERING_LATEST.
static bool
s_are_good_numbers (const rocket_view_t *view, const number_ranges_t *seen)
{
    for (uint64_t slot = 0; slot < ROCKET_HASHES; slot++) {
        int64_t number = s_number_of_slot (view->last_number, slot);
        bool may_be_known = number >= 1 && (number_ranges_is_empty (seen) ||
                                               number_ranges_has (seen, (uint64_t) number));
        if (view->hashes[slot] && !may_be_known)
            return false;
    }
    if (number_ranges_is_empty (seen))
        return true;
    return s_are_good_ranges (view) &&
           (!view->type_number || number_ranges_has (seen, view->type_number)) &&
           (!view->mission_number || number_ranges_has (seen, view->mission_number)) &&
           (!view->explosion_number || number_ranges_has (seen, view->explosion_number));
}

static void
s_restore_rare (rocket_t *self, const rocket_view_t *view, text_pool_t *pool)
{
    if (!view->explosion_number && !view->conflicts && !view->gaps_closed)
        return;
    *s_need_rare (self) = (rare_t){
        .explosion = {text_pool_hold (pool, view->explosion_reason), view->explosion_number},
        .conflicts = (uint32_t) view->conflicts,
        .gaps_closed = (uint32_t) view->gaps_closed};
}

//  Return true if a view of a forgotten rocket has only the members that such a rocket keeps.
static bool
s_is_empty (const rocket_view_t *view)
{
    uint32_t hashes = 0;
    for (size_t slot = 0; slot < ROCKET_HASHES; slot++)
        hashes |= view->hashes[slot];
    return hashes == 0 && !view->type.data && !view->mission.data && !view->explosion_reason.data &&
           view->speed == 0 && view->last_number == 0 && view->conflicts == 0 &&
           view->gaps_closed == 0 && view->type_number == 0 && view->mission_number == 0 &&
           view->explosion_number == 0 && view->seen_count == 0 && view->applied >= 1 &&
           view->last_time_us >= TIMESTAMP_MIN_US && view->last_time_us <= TIMESTAMP_MAX_US;
}

static rocket_t *
s_restore_forgotten (const rocket_view_t *view)
{
    if (!s_is_empty (view))
        return NULL;
    rocket_t *self = rocket_new (view->id);
    self->last_time_us = view->last_time_us;
    self->applied = view->applied;
    self->marks = FORGOTTEN;
    return self;
}

rocket_t *
rocket_restore (const rocket_view_t *view, text_pool_t *pool)
{
    bool has_id = view->id.data && view->id.size >= 1 && view->id.size <= MESSAGE_CHANNEL_MAX_BYTES;
    if (has_id && view->status == ROCKET_FORGOTTEN)
        return s_restore_forgotten (view);
    if (!has_id || !s_are_good_registers (view) || !s_are_good_counters (view))
        return NULL;
    rocket_t *self = rocket_new (view->id);
    if (!number_ranges_assign (&self->seen, view->seen, view->seen_count) ||
        !s_are_good_numbers (view, &self->seen)) {
        rocket_destroy (&self, pool);
        return NULL;
    }
    self->speed = (uint64_t) view->speed;
    self->last_number = view->last_number;
    self->last_time_us = view->last_time_us;
    self->applied = view->applied;
    self->type = (written_t){text_pool_hold (pool, view->type), view->type_number};
    self->mission = (written_t){text_pool_hold (pool, view->mission), view->mission_number};
    s_restore_rare (self, view, pool);
    recent_hashes_assign (&self->hashes, self->last_number, view->hashes);
    return self;
}

//  Free all that a rocket holds.
static void
s_clear (rocket_t *self, text_pool_t *pool)
{
    text_pool_release (pool, &self->type.text);
    text_pool_release (pool, &self->mission.text);
    if (self->rare)
        text_pool_release (pool, &self->rare->explosion.text);
    g_free (self->rare);
    recent_hashes_clear (&self->hashes, self->last_number);
    number_ranges_clear (&self->seen);
}

void
rocket_forget (rocket_t *self, text_pool_t *pool, int64_t now_us)
{
    g_assert (!rocket_is_forgotten (self));
    uint64_t changes = self->applied + s_rare (self)->conflicts + 1;
    s_clear (self, pool);
    self->speed = 0;
    self->last_number = 0;
    self->last_time_us = CLAMP (now_us, TIMESTAMP_MIN_US, TIMESTAMP_MAX_US);
    self->applied = changes;
    self->type = self->mission = (written_t){0};
    self->seen = (number_ranges_t){0};
    self->hashes = (recent_hashes_t){0};
    self->rare = NULL;
    self->marks |= FORGOTTEN;
}

bool
rocket_is_forgotten (const rocket_t *self)
{
    return (self->marks & FORGOTTEN) != 0;
}

int64_t
rocket_forgotten_us (const rocket_t *self)
{
    return self->last_time_us;
}

void
rocket_destroy (rocket_t **self_p, text_pool_t *pool)
{
    rocket_t *self = *self_p;
    if (!self)
        return;
    s_clear (self, pool);
    g_free (self);
    *self_p = NULL;
}

static void
s_count_up (uint32_t *counter)
{
    if (*counter < UINT32_MAX)
        (*counter)++;
}

//  Count a number under ORDERING_LATEST. Return false if the message must be ignored.
static bool
s_count_latest (rocket_t *self, uint64_t number)
{
    if (number <= self->last_number)
        return false;
    number_ranges_clear (&self->seen);
    return true;
}

//  Mark all numbers up to the highest one as seen.
static void
s_give_up_gaps (rocket_t *self)
{
    number_range_t all = {1, self->last_number};
    bool is_good = number_ranges_assign (&self->seen, &all, 1);
    g_assert (is_good);
    if (self->applied + s_rare (self)->gaps_closed < self->last_number)
        s_count_up (&s_need_rare (self)->gaps_closed);
}

//  Count a number under ORDERING_CONVERGE. Return false if it was counted or given up before.
static bool
s_count (rocket_t *self, uint64_t number)
{
    if (self->last_number && number_ranges_is_empty (&self->seen)) {
        //  The rocket comes from ORDERING_LATEST, which keeps no ranges. So no number up to the
        //  highest one may count again.
        if (number <= self->last_number)
            return false;
        s_give_up_gaps (self);
    }
    number_added_t added = number_ranges_add (&self->seen, number);
    if (added == NUMBER_CLOSED_A_GAP)
        s_count_up (&s_need_rare (self)->gaps_closed);
    return added != NUMBER_KNOWN;
}

//  Return the result for a message that does not count: a conflict if the known hash of its number
//  differs, else a duplicate.
static fold_t
s_repeated (rocket_t *self, const message_t *message, fold_t unknown)
{
    uint32_t hash = recent_hashes_get (&self->hashes, self->last_number, message->number);
    if (hash == 0)
        return unknown;
    if (hash == message_content_hash (message))
        return FOLD_DUPLICATE;
    s_count_up (&s_need_rare (self)->conflicts);
    return FOLD_CONFLICT;
}

static void
s_remember (rocket_t *self, const message_t *message)
{
    uint64_t number = message->number;
    if (number > self->last_number) {
        recent_hashes_raise (
            &self->hashes, self->last_number, number, message_content_hash (message));
        self->last_number = number;
        self->last_time_us = message->time_us;
    }
    else if (recent_hashes_covers (self->last_number, number))
        recent_hashes_set (
            &self->hashes, self->last_number, number, message_content_hash (message));
}

static void
s_write (written_t *self, text_pool_t *pool, text_t text, uint64_t number)
{
    if (number < self->number)
        return;
    //  Hold the new text before releasing the old one, as both may be the same.
    pooled_text_t *held = text_pool_hold (pool, text);
    text_pool_release (pool, &self->text);
    *self = (written_t){held, number};
}

static void
s_apply (rocket_t *self, text_pool_t *pool, const message_t *message)
{
    switch (message->kind) {
    case MESSAGE_LAUNCHED:
        self->speed += message->speed;
        s_write (&self->type, pool, message->type, message->number);
        s_write (&self->mission, pool, message->mission, message->number);
        return;
    case MESSAGE_SPED_UP:
        self->speed += message->speed;
        return;
    case MESSAGE_SLOWED:
        self->speed -= message->speed;
        return;
    case MESSAGE_EXPLODED:
        s_write (&s_need_rare (self)->explosion, pool, message->reason, message->number);
        return;
    case MESSAGE_MISSION_CHANGED:
        s_write (&self->mission, pool, message->mission, message->number);
        return;
    }
    g_assert_not_reached ();
}

fold_t
rocket_fold (rocket_t *self, text_pool_t *pool, const message_t *message, ordering_t ordering)
{
    bool is_latest = ordering == ORDERING_LATEST;
    if (rocket_is_forgotten (self))
        return FOLD_FORGOTTEN;
    uint32_t gaps_closed = s_rare (self)->gaps_closed;
    bool counts =
        is_latest ? s_count_latest (self, message->number) : s_count (self, message->number);
    if (!counts)
        return s_repeated (self, message, is_latest ? FOLD_LATE : FOLD_DUPLICATE);
    self->applied++;
    rocket_set_mark (self, ROCKET_QUIET, false);
    s_remember (self, message);
    s_apply (self, pool, message);
    return s_rare (self)->gaps_closed == gaps_closed ? FOLD_APPLIED : FOLD_CLOSED_A_GAP;
}

text_t
rocket_id (const rocket_t *self)
{
    return text_of (self->id, self->id_size);
}

bool
rocket_is_marked (const rocket_t *self, rocket_mark_t mark)
{
    return (self->marks & mark) != 0;
}

void
rocket_set_mark (rocket_t *self, rocket_mark_t mark, bool is_marked)
{
    self->marks = (uint8_t) (is_marked ? self->marks | mark : self->marks & ~mark);
}

//  Return the sum as a signed number, without an implementation-defined conversion.
static int64_t
s_signed (uint64_t sum)
{
    return sum <= INT64_MAX ? (int64_t) sum : -1 - (int64_t) (UINT64_MAX - sum);
}

rocket_status_t
rocket_status (const rocket_t *self)
{
    if (rocket_is_forgotten (self))
        return rocket_is_marked (self, ROCKET_ENDED) ? ROCKET_GONE : ROCKET_FORGOTTEN;
    if (s_rare (self)->explosion.number)
        return ROCKET_EXPLODED;
    return self->type.number ? ROCKET_FLYING : ROCKET_UNKNOWN;
}

void
rocket_prefetch (const rocket_t *self)
{
    __builtin_prefetch (self);
    __builtin_prefetch (&self->hashes);
}

void
rocket_view (const rocket_t *self, rocket_view_t *view)
{
    const rare_t *rare = s_rare (self);
    view->row = 0;
    view->id = rocket_id (self);
    view->type = pooled_text_bytes (self->type.text);
    view->mission = pooled_text_bytes (self->mission.text);
    view->explosion_reason = pooled_text_bytes (rare->explosion.text);
    view->speed = s_signed (self->speed);
    view->status = rocket_status (self);
    view->last_number = self->last_number;
    view->last_time_us = self->last_time_us;
    view->applied = self->applied;
    view->conflicts = rare->conflicts;
    view->gaps_closed = rare->gaps_closed;
    view->type_number = self->type.number;
    view->mission_number = self->mission.number;
    view->explosion_number = rare->explosion.number;
    view->seen = number_ranges_list (&self->seen, &view->seen_count);
    recent_hashes_list (&self->hashes, self->last_number, view->hashes);
}

rocket_keys_t
rocket_keys (const rocket_t *self)
{
    return (rocket_keys_t){.speed = s_signed (self->speed),
        .last_number = self->last_number,
        .last_time_us = self->last_time_us,
        .status = rocket_status (self),
        .type = self->type.text,
        .mission = self->mission.text};
}
