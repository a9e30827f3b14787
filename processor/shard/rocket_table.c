//  Two arrays: the rockets in the order of their addition, and slots, which a search visits from
//  the place that the hash gives (open addressing, linear probing). A slot holds the hash, so a
//  search rarely reads another rocket, and growth reads none. The arrays grow by an eighth and by a
//  half, so they take 18 to 25 bytes for each rocket.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/rocket_table.h"

#include <glib.h>

#include "common/text/table_hash.h"

#define SLOTS_MIN 16
#define LOAD_PERCENT 80  //  most slots in use
#define PLACES_MAX (UINT32_MAX - 1)

typedef struct {
    uint32_t hash;
    uint32_t number;  //  place of the rocket + 1; 0: the slot is free
} table_slot_t;

struct rocket_table {
    rocket_t **rockets;
    size_t size;
    size_t room;
    GArray *empty;  //  of uint32_t: the places without a rocket
    table_slot_t *slots;
    size_t slots_count;
};

rocket_table_t *
rocket_table_new (void)
{
    rocket_table_t *self = g_new0 (rocket_table_t, 1);
    self->empty = g_array_new (FALSE, FALSE, sizeof (uint32_t));
    self->slots_count = SLOTS_MIN;
    self->slots = g_new0 (table_slot_t, self->slots_count);
    return self;
}

void
rocket_table_destroy (rocket_table_t **self_p, text_pool_t *pool)
{
    rocket_table_t *self = *self_p;
    if (!self)
        return;
    for (size_t place = 0; place < self->size; place++)
        rocket_destroy (&self->rockets[place], pool);
    g_array_unref (self->empty);
    g_free (self->rockets);
    g_free (self->slots);
    g_free (self);
    *self_p = NULL;
}

//  Return the slot where the search for a hash begins.
static size_t
s_first (const rocket_table_t *self, uint32_t hash)
{
    return (size_t) ((uint64_t) hash * self->slots_count >> 32);
}

static size_t
s_next (const rocket_table_t *self, size_t slot)
{
    return slot + 1 == self->slots_count ? 0 : slot + 1;
}

rocket_t *
rocket_table_find_place (const rocket_table_t *self, text_t id, size_t *place)
{
    uint32_t hash = table_hash_32 (id);
    for (size_t at = s_first (self, hash); self->slots[at].number; at = s_next (self, at)) {
        if (self->slots[at].hash != hash)
            continue;
        *place = self->slots[at].number - 1;
        rocket_t *rocket = self->rockets[*place];
        if (text_equal (rocket_id (rocket), id))
            return rocket;
    }
    return NULL;
}

rocket_t *
rocket_table_find (const rocket_table_t *self, text_t id)
{
    size_t place;
    return rocket_table_find_place (self, id, &place);
}

static void
s_fill (rocket_table_t *self, table_slot_t slot)
{
    size_t at = s_first (self, slot.hash);
    while (self->slots[at].number)
        at = s_next (self, at);
    self->slots[at] = slot;
}

static void
s_grow_slots (rocket_table_t *self)
{
    table_slot_t *old = self->slots;
    size_t count = self->slots_count;
    self->slots_count += self->slots_count / 2;
    self->slots = g_new0 (table_slot_t, self->slots_count);
    for (size_t at = 0; at < count; at++)
        if (old[at].number)
            s_fill (self, old[at]);
    g_free (old);
}

//  Return a new place, without a rocket.
static uint32_t
s_new_place (rocket_table_t *self)
{
    g_assert (self->size < PLACES_MAX);
    if (self->size == self->room) {
        self->room += self->room / 8 + SLOTS_MIN;
        self->rockets = g_renew (rocket_t *, self->rockets, self->room);
    }
    self->rockets[self->size] = NULL;
    return (uint32_t) self->size++;
}

//  Return an empty place for a rocket, perhaps a new one.
static uint32_t
s_take_place (rocket_table_t *self)
{
    if (self->empty->len > 0) {
        uint32_t place = g_array_index (self->empty, uint32_t, self->empty->len - 1);
        g_array_set_size (self->empty, self->empty->len - 1);
        return place;
    }
    return s_new_place (self);
}

static void
s_put (rocket_table_t *self, rocket_t *rocket, uint32_t place)
{
    size_t count = self->size - self->empty->len;
    if (count * 100 > self->slots_count * LOAD_PERCENT)
        s_grow_slots (self);
    self->rockets[place] = rocket;
    s_fill (self, (table_slot_t){table_hash_32 (rocket_id (rocket)), place + 1});
}

size_t
rocket_table_add (rocket_table_t *self, rocket_t *rocket)
{
    uint32_t place = s_take_place (self);
    s_put (self, rocket, place);
    return place;
}

bool
rocket_table_add_at (rocket_table_t *self, rocket_t *rocket, size_t place)
{
    if (place < self->size || place >= PLACES_MAX)
        return false;
    while (self->size < place) {
        uint32_t empty = s_new_place (self);
        g_array_append_val (self->empty, empty);
    }
    s_put (self, rocket, s_new_place (self));
    return true;
}

//  Return the slot of a rocket of the table.
static size_t
s_slot_of (const rocket_table_t *self, const rocket_t *rocket)
{
    size_t at = s_first (self, table_hash_32 (rocket_id (rocket)));
    while (self->slots[at].number && self->rockets[self->slots[at].number - 1] != rocket)
        at = s_next (self, at);
    g_assert (self->slots[at].number);
    return at;
}

size_t
rocket_table_place (const rocket_table_t *self, const rocket_t *rocket)
{
    return self->slots[s_slot_of (self, rocket)].number - 1;
}

//  Return true if a search that begins at first visits a slot before it comes to another one.
static bool
s_visits_before (const rocket_table_t *self, size_t first, size_t slot, size_t other)
{
    size_t to_slot = (slot + self->slots_count - first) % self->slots_count;
    size_t to_other = (other + self->slots_count - first) % self->slots_count;
    return to_slot < to_other;
}

//  Free a slot. Move the ones behind it, so that every search still finds its rocket.
static void
s_free_slot (rocket_table_t *self, size_t slot)
{
    for (size_t at = s_next (self, slot); self->slots[at].number; at = s_next (self, at)) {
        if (!s_visits_before (self, s_first (self, self->slots[at].hash), slot, at))
            continue;
        self->slots[slot] = self->slots[at];
        slot = at;
    }
    self->slots[slot] = (table_slot_t){0};
}

void
rocket_table_remove (rocket_table_t *self, rocket_t *rocket, text_pool_t *pool)
{
    size_t at = s_slot_of (self, rocket);
    uint32_t place = self->slots[at].number - 1;
    s_free_slot (self, at);
    self->rockets[place] = NULL;
    g_array_append_val (self->empty, place);
    rocket_destroy (&rocket, pool);
}

size_t
rocket_table_size (const rocket_table_t *self)
{
    return self->size;
}

rocket_t *
rocket_table_at (const rocket_table_t *self, size_t place)
{
    return self->rockets[place];
}
