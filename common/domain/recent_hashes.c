//  A number's slot is number % RECENT_HASHES. While all numbers are below RECENT_HASHES, a shorter
//  array holds the slots. It grows in two steps only, as a step costs a fifth of folding a message.
//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/recent_hashes.h"

#include <glib.h>
#include <string.h>

//  Return the number of slots for this highest number.
static size_t
s_slots (uint64_t last_number)
{
    if (last_number < RECENT_HASHES_FEW)
        return RECENT_HASHES_FEW;
    return last_number < RECENT_HASHES / 2 ? RECENT_HASHES / 2 : RECENT_HASHES;
}

static bool
s_is_few (uint64_t last_number)
{
    return last_number < RECENT_HASHES_FEW;
}

static uint32_t *
s_hashes (recent_hashes_t *self, uint64_t last_number)
{
    return s_is_few (last_number) ? self->few : self->many;
}

//  Grow the slots if this number needs more.
static void
s_grow (recent_hashes_t *self, uint64_t last_number, uint64_t number)
{
    size_t before = s_slots (last_number);
    size_t slots = s_slots (number);
    if (slots == before)
        return;
    uint32_t *many = g_renew (uint32_t, s_is_few (last_number) ? NULL : self->many, slots);
    if (s_is_few (last_number))
        memcpy (many, self->few, sizeof self->few);
    memset (many + before, 0, (slots - before) * sizeof *many);
    self->many = many;
}

void
recent_hashes_raise (recent_hashes_t *self, uint64_t last_number, uint64_t number, uint32_t hash)
{
    g_assert (number > last_number);
    if (last_number < RECENT_HASHES / 2)
        s_grow (self, last_number, number);
    uint32_t *hashes = s_hashes (self, number);
    if (number - last_number > RECENT_HASHES)
        memset (hashes, 0, RECENT_HASHES * sizeof *hashes);
    else
        for (uint64_t skipped = last_number + 1; skipped < number; skipped++)
            hashes[skipped % RECENT_HASHES] = 0;
    hashes[number % RECENT_HASHES] = hash;
}

bool
recent_hashes_covers (uint64_t last_number, uint64_t number)
{
    return number + RECENT_HASHES > last_number;
}

void
recent_hashes_set (recent_hashes_t *self, uint64_t last_number, uint64_t number, uint32_t hash)
{
    s_hashes (self, last_number)[number % RECENT_HASHES] = hash;
}

uint32_t
recent_hashes_get (const recent_hashes_t *self, uint64_t last_number, uint64_t number)
{
    if (!recent_hashes_covers (last_number, number))
        return 0;
    const uint32_t *hashes = s_is_few (last_number) ? self->few : self->many;
    return hashes[number % RECENT_HASHES];
}

//  Lists copy the hashes of every rocket, so sizes are constants: the compiler makes a few moves,
//  and the CPU overlaps them with those of the next rockets.
void
recent_hashes_list (
    const recent_hashes_t *self, uint64_t last_number, uint32_t hashes[RECENT_HASHES])
{
    memset (hashes, 0, RECENT_HASHES * sizeof *hashes);
    if (s_is_few (last_number))
        memcpy (hashes, self->few, sizeof self->few);
    else if (s_slots (last_number) < RECENT_HASHES)
        memcpy (hashes, self->many, RECENT_HASHES / 2 * sizeof *hashes);
    else
        memcpy (hashes, self->many, RECENT_HASHES * sizeof *hashes);
}

void
recent_hashes_assign (
    recent_hashes_t *self, uint64_t last_number, const uint32_t hashes[RECENT_HASHES])
{
    s_grow (self, 0, last_number);
    memcpy (s_hashes (self, last_number), hashes, s_slots (last_number) * sizeof *hashes);
}

void
recent_hashes_clear (recent_hashes_t *self, uint64_t last_number)
{
    if (!s_is_few (last_number))
        g_free (self->many);
    *self = (recent_hashes_t){0};
}
