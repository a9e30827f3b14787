//  A rocket is remembered by a hash of 64 bits. If two ids share a hash, a new rocket may count as
//  existing, and its messages are accepted.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/newcomers.h"

#include <glib.h>

#include "common/process/clock.h"
#include "common/text/table_hash.h"

#define EXISTS_MS 60000
#define MISSING_MS 1000
#define KNOWN_MAX 262144  //  rockets that are remembered; some 10 MB
#define ASKED_MAX 1024    //  inquiries in progress

typedef struct {
    newcomers_t *newcomers;
    inquiry_t *inquiry;
    uint64_t key;
    GList link;
} ask_t;

//  The knowledge of a rocket.
typedef struct {
    bool is_asked;  //  the inquiry is in progress
    bool exists;
    int64_t until_ms;  //  the answer counts until then
} known_t;

struct newcomers {
    const directory_t *directory;
    asker_t *asker;
    GHashTable *known;  //  of known_t, by the hash of the id
    GQueue asked;       //  of ask_t
    uint64_t replies;   //  that came so far
};

newcomers_t *
newcomers_new (const directory_t *directory, asker_t *asker)
{
    newcomers_t *self = g_new0 (newcomers_t, 1);
    self->directory = directory;
    self->asker = asker;
    self->known = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, g_free);
    return self;
}

static void
s_free_ask (ask_t *ask)
{
    g_queue_unlink (&ask->newcomers->asked, &ask->link);
    g_free (ask);
}

void
newcomers_destroy (newcomers_t **self_p)
{
    newcomers_t *self = *self_p;
    if (!self)
        return;
    GList *link;
    while ((link = g_queue_pop_head_link (&self->asked))) {
        ask_t *ask = link->data;
        asker_cancel (self->asker, ask->inquiry);
        g_free (ask);
    }
    g_hash_table_destroy (self->known);
    g_free (self);
    *self_p = NULL;
}

static gpointer
s_key (uint64_t hash)
{
    return (gpointer) (uintptr_t) hash;
}

static gboolean
s_is_answered (gpointer key, gpointer value, gpointer context)
{
    (void) key;
    (void) context;
    return !((const known_t *) value)->is_asked;
}

bool
newcomers_are_limited (newcomers_t *self)
{
    bool is_limited = directory_alarms (self->directory).full_processors > 0;
    if (!is_limited && g_hash_table_size (self->known) > self->asked.length)
        g_hash_table_foreach_remove (self->known, s_is_answered, NULL);
    return is_limited;
}

uint64_t
newcomers_replies (const newcomers_t *self)
{
    return self->replies;
}

//  Take the answer of an owner. Without one, the next look asks again.
static void
s_answered (void *context, const outcome_t *outcome)
{
    ask_t *ask = context;
    newcomers_t *self = ask->newcomers;
    known_t *known = g_hash_table_lookup (self->known, s_key (ask->key));
    bool exists = outcome->status == 200;
    known->is_asked = false;
    known->exists = exists;
    known->until_ms = 0;
    if (exists || outcome->status == 404)
        known->until_ms = clock_ms () + (exists ? EXISTS_MS : MISSING_MS);
    self->replies++;
    s_free_ask (ask);
}

static void
s_ask (newcomers_t *self, text_t channel, uint64_t key, known_t *known)
{
    if (self->asked.length >= ASKED_MAX)
        return;
    if (!known && g_hash_table_size (self->known) >= KNOWN_MAX)
        g_hash_table_foreach_remove (self->known, s_is_answered, NULL);
    if (!known) {
        known = g_new0 (known_t, 1);
        g_hash_table_insert (self->known, s_key (key), known);
    }
    known->is_asked = true;
    ask_t *ask = g_new0 (ask_t, 1);
    *ask = (ask_t){.newcomers = self, .key = key, .link.data = ask};
    g_queue_push_tail_link (&self->asked, &ask->link);
    ask->inquiry = asker_rocket (self->asker, channel, s_answered, ask);
}

//  Return true if the rocket's owner is full.
static bool
s_is_limited (const newcomers_t *self, text_t channel)
{
    layout_t layout = directory_layout (self->directory);
    const peer_t *owner = layout.partitions
                              ? directory_owner (self->directory, partition_of (channel, layout))
                              : NULL;
    return owner && owner->announcement.is_full;
}

newcomers_verdict_t
newcomers_look (newcomers_t *self, text_t channel)
{
    if (!s_is_limited (self, channel))
        return NEWCOMERS_NONE;
    uint64_t key = table_hash (channel);
    known_t *known = g_hash_table_lookup (self->known, s_key (key));
    bool is_fresh = known && !known->is_asked && clock_ms () < known->until_ms;
    if (is_fresh)
        return known->exists ? NEWCOMERS_NONE : NEWCOMERS_REFUSED;
    if (!(known && known->is_asked))
        s_ask (self, channel, key, known);
    return NEWCOMERS_ASKED;
}
