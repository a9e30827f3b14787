//  The events are a sequence (a balanced tree), found by number or, through a table, by rocket.
//  Two tables remember shown states; the older table is dropped when its time is over.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/events/update_log.h"

#include <sys/random.h>

#include "common/text/text_key.h"

#define ENTRY_BYTES 250  //  the memory of an event besides its text
#define SHOWN_MS 2000    //  updates come within this time, unless their processor hangs
#define SHOWN_MAX 50000  //  rockets in each of the two tables

typedef struct {
    log_entry_t entry;
    GSequenceIter *place;
    char id[];
} logged_update_t;

typedef struct {
    text_t id;
    rocket_version_t version;
    char bytes[];
} shown_t;

struct update_log {
    uint32_t name;  //  random, to recognise ids of other logs
    size_t max_bytes;
    size_t bytes;
    GSequence *order;   //  of logged_update_t *, by number; owned
    GHashTable *by_id;  //  the same updates by id; the key is the address of the entry's id
    uint64_t end;       //  number of the last event
    uint64_t floor;     //  no position below it is valid
    uint64_t breaks;
    GHashTable *shown[2];  //  of shown_t *, by id; the newer one first
    int64_t turn_ms;       //  the time to drop the older one
};

static void
s_free_logged (void *data)
{
    logged_update_t *logged = data;
    g_bytes_unref (logged->entry.event);
    g_free (logged);
}

static GHashTable *
s_shown_new (void)
{
    return g_hash_table_new_full (text_key_hash, text_key_equal, NULL, g_free);
}

update_log_t *
update_log_new (size_t max_bytes)
{
    update_log_t *self = g_new0 (update_log_t, 1);
    ssize_t random = getrandom (&self->name, sizeof self->name, 0);
    g_assert (random == sizeof self->name);
    self->max_bytes = max_bytes;
    self->order = g_sequence_new (s_free_logged);
    self->by_id = g_hash_table_new (text_key_hash, text_key_equal);
    self->shown[0] = s_shown_new ();
    self->shown[1] = s_shown_new ();
    return self;
}

void
update_log_destroy (update_log_t **self_p)
{
    update_log_t *self = *self_p;
    if (!self)
        return;
    g_hash_table_destroy (self->by_id);
    g_sequence_free (self->order);
    g_hash_table_destroy (self->shown[0]);
    g_hash_table_destroy (self->shown[1]);
    g_free (self);
    *self_p = NULL;
}

static size_t
s_cost (const logged_update_t *logged)
{
    return g_bytes_get_size (logged->entry.event) + logged->entry.id.size + ENTRY_BYTES;
}

static void
s_remove (update_log_t *self, logged_update_t *logged)
{
    self->bytes -= s_cost (logged);
    g_hash_table_remove (self->by_id, &logged->entry.id);
    g_sequence_remove (logged->place);
}

//  Drop the oldest events until the rest is within the limit.
static void
s_trim (update_log_t *self)
{
    while (self->bytes > self->max_bytes) {
        logged_update_t *oldest = g_sequence_get (g_sequence_get_begin_iter (self->order));
        self->floor = oldest->entry.number;
        s_remove (self, oldest);
    }
}

static bool
s_is_newer (
    const update_log_t *self, text_t id, const logged_update_t *logged, rocket_version_t version)
{
    bool is_back =
        logged && logged->entry.is_removed && version.epoch >= logged->entry.version.epoch;
    if (logged && !is_back && rocket_version_compare (version, logged->entry.version) <= 0)
        return false;
    for (int age = 0; age < 2; age++) {
        const shown_t *shown = g_hash_table_lookup (self->shown[age], &id);
        if (shown && rocket_version_compare (version, shown->version) < 0)
            return false;
    }
    return true;
}

static GBytes *
s_write_event (const update_log_t *self, const char *name, text_t json)
{
    char id[UPDATE_LOG_ID_SIZE];
    update_log_write_id (self, self->end, id);
    GString *event = g_string_sized_new (json.size + sizeof id + 32);
    g_string_append_printf (event, "id: %s\nevent: %s\ndata: ", id, name);
    g_string_append_len (event, json.data, (gssize) json.size);
    g_string_append (event, "\n\n");
    return g_string_free_to_bytes (event);
}

static bool
s_put (update_log_t *self, log_entry_t entry, text_t json)
{
    text_t id = entry.id;
    logged_update_t *old = g_hash_table_lookup (self->by_id, &id);
    if (!s_is_newer (self, id, old, entry.version))
        return false;
    if (old)
        s_remove (self, old);
    logged_update_t *logged = g_malloc (sizeof *logged + id.size);
    memcpy (logged->id, id.data, id.size);
    self->end++;
    entry.number = self->end;
    entry.id = text_of (logged->id, id.size);
    entry.event = s_write_event (self, entry.is_removed ? "removed" : "rocket", json);
    logged->entry = entry;
    logged->place = g_sequence_append (self->order, logged);
    g_hash_table_insert (self->by_id, &logged->entry.id, logged);
    self->bytes += s_cost (logged);
    s_trim (self);
    return true;
}

bool
update_log_put (
    update_log_t *self, text_t id, uint32_t partition, rocket_version_t version, text_t json)
{
    return s_put (self, (log_entry_t){.id = id, .partition = partition, .version = version}, json);
}

bool
update_log_put_removed (
    update_log_t *self, text_t id, uint32_t partition, rocket_version_t version, text_t json)
{
    return s_put (self,
        (log_entry_t){.id = id, .partition = partition, .version = version, .is_removed = true},
        json);
}

static void
s_turn_shown (update_log_t *self, int64_t now_ms)
{
    if (now_ms < self->turn_ms && g_hash_table_size (self->shown[0]) < SHOWN_MAX)
        return;
    g_hash_table_remove_all (self->shown[1]);
    GHashTable *older = self->shown[0];
    self->shown[0] = self->shown[1];
    self->shown[1] = older;
    self->turn_ms = now_ms + SHOWN_MS;
}

void
update_log_shown (update_log_t *self, text_t id, rocket_version_t version, int64_t now_ms)
{
    s_turn_shown (self, now_ms);
    logged_update_t *logged = g_hash_table_lookup (self->by_id, &id);
    if (logged && rocket_version_compare (logged->entry.version, version) < 0)
        s_remove (self, logged);
    const shown_t *last = g_hash_table_lookup (self->shown[0], &id);
    if (last && rocket_version_compare (version, last->version) < 0)
        return;
    shown_t *shown = g_malloc (sizeof *shown + id.size);
    memcpy (shown->bytes, id.data, id.size);
    *shown = (shown_t){text_of (shown->bytes, id.size), version};
    g_hash_table_replace (self->shown[0], &shown->id, shown);
}

void
update_log_break (update_log_t *self)
{
    self->breaks++;
    self->floor = ++self->end;
    g_hash_table_remove_all (self->by_id);
    g_sequence_remove_range (
        g_sequence_get_begin_iter (self->order), g_sequence_get_end_iter (self->order));
    g_hash_table_remove_all (self->shown[0]);
    g_hash_table_remove_all (self->shown[1]);
    self->bytes = 0;
}

uint64_t
update_log_breaks (const update_log_t *self)
{
    return self->breaks;
}

uint64_t
update_log_end (const update_log_t *self)
{
    return self->end;
}

bool
update_log_reaches (const update_log_t *self, uint64_t position)
{
    return position >= self->floor && position <= self->end;
}

static gint
s_compare (gconstpointer a, gconstpointer b, gpointer context)
{
    (void) context;
    const logged_update_t *one = a;
    const logged_update_t *other = b;
    return one->entry.number < other->entry.number ? -1 : one->entry.number > other->entry.number;
}

const log_entry_t *
update_log_after (const update_log_t *self, uint64_t position)
{
    logged_update_t wanted = {.entry = {.number = position}};
    if (position >= self->end)
        return NULL;
    GSequenceIter *place = g_sequence_search (self->order, &wanted, s_compare, NULL);
    return g_sequence_iter_is_end (place) ? NULL
                                          : &((logged_update_t *) g_sequence_get (place))->entry;
}

const log_entry_t *
update_log_of (const update_log_t *self, text_t id)
{
    logged_update_t *logged = g_hash_table_lookup (self->by_id, &id);
    return logged ? &logged->entry : NULL;
}

void
update_log_write_id (const update_log_t *self, uint64_t position, char id[UPDATE_LOG_ID_SIZE])
{
    g_snprintf (id, UPDATE_LOG_ID_SIZE, "%08x-%llu", self->name, (unsigned long long) position);
}

bool
update_log_read_id (const update_log_t *self, const char *id, uint64_t *position)
{
    char name[16];
    g_snprintf (name, sizeof name, "%08x-", self->name);
    guint64 number = 0;
    if (!g_str_has_prefix (id, name) ||
        !g_ascii_string_to_unsigned (id + strlen (name), 10, 0, G_MAXUINT64, &number, NULL))
        return false;
    *position = number;
    return true;
}
