//  A link subscribes to each processor. When the subscription is in effect, and after each missed
//  update, the processor is asked for its rockets. A state that comes in a reply and in an update
//  is shown once: a table of a fixed size remembers the last shown states.
//  SPDX-License-Identifier: Apache-2.0
#include "query/watch.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#include "common/bytes/msgpack_json.h"
#include "common/network/discovery.h"
#include "common/process/clock.h"
#include "common/text/text_hash.h"
#include "query/faults.h"
#include "query/find_processors.h"
#include "query/protocol/reply.h"
#include "query/protocol/update_link.h"
#include "query/watch_table.h"

#define RETRY_MS 500
#define DRAW_MS 100
#define CENSUS_MS 1000
#define ALIVE_MS 2000  //  a live processor sends far more often
#define SEEN_SLOTS 65536

//  The last shown state of a rocket. Another rocket may take its place in the table.
typedef struct {
    uint64_t hash;
    uint64_t session;
    uint64_t changes;
} seen_t;

typedef struct watcher watcher_t;

typedef struct {
    watcher_t *watcher;
    address_t address;
    update_link_t *link;
    uint64_t session;  //  new whenever an update may be missing
    bool is_synced;    //  the subscription is in effect
    bool must_ask;     //  its rockets must be asked for
    socket_t *query;   //  of the query in progress; NULL: none
    char *after;       //  last id of the page before; NULL: none
    int64_t deadline_ms;
    int64_t retry_at_ms;
    bool is_blamed;    //  it was reported as not answering
    socket_t *census;  //  query for the members; NULL: none
    int64_t census_at_ms;
    char *id;     //  from its stats; NULL: unknown
    char *state;  //  from its stats; NULL: unknown
} watched_t;

struct watcher {
    discovery_t *discovery;
    GArray *addresses;  //  of address_t
    uint64_t addresses_generation;
    GPtrArray *processors;  //  of watched_t *
    const char *id;         //  NULL: all rockets
    int64_t timeout_ms;
    watch_table_t *table;  //  NULL: print lines
    json_writer_t *json;
    seen_t *seen;
    uint64_t sessions;
    uint64_t epochs[PARTITIONS_MAX];  //  highest known epoch of each partition
    uint64_t updates;
    int64_t draw_at_ms;
    bool is_closed;                  //  standard output is closed
    const watched_t *mismatched[2];  //  two processors with different states; NULL: none
};

static void
s_free_processor (void *data)
{
    watched_t *processor = data;
    update_link_destroy (&processor->link);
    socket_destroy (&processor->query);
    socket_destroy (&processor->census);
    g_free (processor->id);
    g_free (processor->state);
    g_free (processor->after);
    g_free (processor);
}

static void
s_add_processor (watcher_t *self, const address_t *address)
{
    for (guint index = 0; index < self->processors->len; index++)
        if (addresses_compare (&((watched_t *) self->processors->pdata[index])->address, address) ==
            0)
            return;
    char endpoint[ADDRESS_ENDPOINT_SIZE];
    address_endpoint (address, PORT_EVENTS, endpoint);
    update_link_t *link = update_link_new (endpoint, NULL);
    if (!link)
        return;
    watched_t *processor = g_new0 (watched_t, 1);
    *processor = (watched_t){.watcher = self, .address = *address, .link = link};
    update_link_listen (link, self->id);
    update_link_sync (link, 1);
    processor->deadline_ms = clock_ms () + self->timeout_ms;
    g_ptr_array_add (self->processors, processor);
}

//  Add processors for new addresses of the names.
static void
s_follow_addresses (watcher_t *self)
{
    if (!discovery_changed (self->discovery, &self->addresses_generation, self->addresses))
        return;
    for (guint index = 0; index < self->addresses->len; index++)
        s_add_processor (self, &g_array_index (self->addresses, address_t, index));
}

//  Return true if the state is newer than the last shown state of the rocket.
static bool
s_is_new (watcher_t *self, text_t id, uint64_t session, uint64_t changes)
{
    uint64_t hash = text_hash (id);
    seen_t *seen = &self->seen[hash % SEEN_SLOTS];
    if (seen->hash == hash && seen->session == session && changes <= seen->changes)
        return false;
    *seen = (seen_t){hash, session, changes};
    return true;
}

static void
s_print_line (watcher_t *self, text_t rocket)
{
    json_writer_reset (self->json);
    if (!msgpack_json_write (self->json, rocket))
        return;
    text_t text = json_writer_text (self->json);
    fwrite (text.data, 1, text.size, stdout);
    if (fputc ('\n', stdout) == EOF)
        self->is_closed = true;
}

static void
s_show_update (void *context, const rocket_update_t *update)
{
    watched_t *processor = context;
    watcher_t *self = processor->watcher;
    uint64_t *epoch = &self->epochs[update->owned.partition];
    bool is_wanted = !self->id || text_equal (update->id, text_from (self->id));
    if (update->owned.epoch < *epoch || !is_wanted)
        return;
    *epoch = update->owned.epoch;
    if (!s_is_new (self, update->id, processor->session, update->changes))
        return;
    self->updates++;
    if (self->table)
        watch_table_changed (self->table, update->id, update->rocket);
    else
        s_print_line (self, update->rocket);
}

static void
s_show_found (watched_t *processor, text_t rocket, int64_t since_us)
{
    watcher_t *self = processor->watcher;
    text_t id;
    uint64_t changes = 0;
    if (!rocket_map_read (rocket, &id, &changes) ||
        !s_is_new (self, id, processor->session, changes))
        return;
    if (self->table)
        watch_table_found (self->table, id, rocket, since_us);
    else
        s_print_line (self, rocket);
}

//  Fill a terminal with the rockets that changed last. Without a terminal list all rockets.
static query_t
s_query (const watched_t *processor)
{
    const watcher_t *self = processor->watcher;
    query_t query = {.op = self->id ? QUERY_GET : QUERY_LIST};
    query.id = text_from (self->id);
    query.list.limit = self->table ? WATCH_TABLE_ROWS_MAX : QUERY_LIMIT_MAX;
    if (self->table)
        query.list.order = (rocket_order_t){SORT_LAST_TIME, true};
    else if (processor->after) {
        query.list.has_after = true;
        query.list.after.id = query.list.after.value.text = text_from (processor->after);
    }
    return query;
}

static void
s_ask (watched_t *processor, int64_t now_ms)
{
    query_t query = s_query (processor);
    GByteArray *bytes = g_byte_array_new ();
    query_write (bytes, &query);
    char endpoint[ADDRESS_ENDPOINT_SIZE];
    address_endpoint (&processor->address, PORT_QUERIES, endpoint);
    if (!processor->query)
        processor->query = socket_connect (SOCKET_REQ, endpoint);
    if (processor->query)
        (void) !socket_send (processor->query, bytes->data, bytes->len, false);
    processor->must_ask = false;
    processor->deadline_ms = now_ms + processor->watcher->timeout_ms;
    g_byte_array_unref (bytes);
}

//  Show the rockets of a page. Ask for the next page if more follow.
static void
s_show_page (watched_t *processor, const reply_t *reply)
{
    rocket_order_t order = s_query (processor).list.order;
    GArray *entries = g_array_new (FALSE, TRUE, sizeof (reply_entry_t));
    if (reply_collect (&order, reply, entries)) {
        for (guint index = 0; index < entries->len; index++) {
            const reply_entry_t *entry = &g_array_index (entries, reply_entry_t, index);
            s_show_found (processor, entry->rocket, entry->place.value.number);
        }
        processor->must_ask = reply->more && entries->len > 0 && !processor->watcher->table;
    }
    g_clear_pointer (&processor->after, g_free);
    if (processor->must_ask) {
        text_t last = g_array_index (entries, reply_entry_t, entries->len - 1).place.id;
        processor->after = g_strndup (last.data, last.size);
    }
    g_array_unref (entries);
}

static void
s_take_reply (watched_t *processor)
{
    text_t part;
    bool more = false;
    if (!processor->query || !socket_receive (processor->query, &part, &more))
        return;
    msgpack_reader_t reader;
    reply_t reply;
    msgpack_reader_init (&reader, part.data, part.size);
    if (!reply_read (&reply, &reader))
        return;
    if (reply.status == 503 || (reply.status == 421 && !processor->watcher->id)) {
        socket_destroy (&processor->query);
        processor->must_ask = true;
        processor->retry_at_ms = clock_ms () + RETRY_MS;
        return;
    }
    if (reply.rocket.data)
        s_show_found (processor, reply.rocket, 0);
    else if (!processor->watcher->id)
        s_show_page (processor, &reply);
    processor->retry_at_ms = 0;
    if (!processor->must_ask)
        socket_destroy (&processor->query);
}

//  Report a processor that does not answer once, and ask it again and again.
static void
s_blame (watched_t *processor, int64_t now_ms)
{
    bool is_waited_for = processor->query || !processor->is_synced;
    if (!is_waited_for || now_ms < processor->deadline_ms)
        return;
    char address[ADDRESS_TEXT_SIZE];
    address_print (&processor->address, address);
    if (!processor->is_blamed && !processor->watcher->table)
        fprintf (stderr, "downlink-query: %s does not answer: it is waited for\n", address);
    processor->is_blamed = true;
    processor->deadline_ms = INT64_MAX;
    if (processor->query) {
        socket_destroy (&processor->query);
        processor->must_ask = true;
        processor->retry_at_ms = now_ms + RETRY_MS;
    }
}

static void
s_run_processor (watched_t *processor, int64_t now_ms)
{
    bool has_missed = update_link_run (processor->link, s_show_update, processor);
    bool is_synced = update_link_synced (processor->link) > 0;
    if (is_synced && (has_missed || !processor->is_synced)) {
        processor->session = ++processor->watcher->sessions;
        processor->must_ask = true;
        processor->is_blamed = false;
        socket_destroy (&processor->query);
        g_clear_pointer (&processor->after, g_free);
    }
    processor->is_synced = is_synced;
    s_take_reply (processor);
    if (processor->must_ask && now_ms >= processor->retry_at_ms)
        s_ask (processor, now_ms);
    s_blame (processor, now_ms);
}

//  Watch the members that a processor names, when the ids of all given processors are known: a
//  given address may differ from the address of the same member.
static void
s_add_members (watcher_t *self, text_t stats)
{
    GHashTable *known = g_hash_table_new (g_str_hash, g_str_equal);
    GArray *addresses = g_array_new (FALSE, TRUE, sizeof (address_t));
    bool are_known = true;
    for (guint index = 0; index < self->processors->len; index++) {
        watched_t *processor = self->processors->pdata[index];
        if (processor->id)
            g_hash_table_add (known, processor->id);
        are_known = are_known && (processor->id || processor->is_blamed);
    }
    if (are_known)
        stats_members (stats, known, addresses);
    for (guint index = 0; index < addresses->len; index++)
        s_add_processor (self, &g_array_index (addresses, address_t, index));
    g_array_unref (addresses);
    g_hash_table_unref (known);
}

//  Note processors with different states: their rockets must not be mixed.
static void
s_compare_states (const watched_t *processor)
{
    watcher_t *self = processor->watcher;
    for (guint index = 0; index < self->processors->len; index++) {
        const watched_t *other = self->processors->pdata[index];
        if (processor->state && other->state && strcmp (processor->state, other->state) != 0) {
            self->mismatched[0] = other;
            self->mismatched[1] = processor;
        }
    }
}

static void
s_take_census (watched_t *processor)
{
    text_t part;
    bool more = false;
    msgpack_reader_t reader;
    reply_t reply;
    if (!processor->census || !socket_receive (processor->census, &part, &more))
        return;
    msgpack_reader_init (&reader, part.data, part.size);
    if (reply_read (&reply, &reader) && reply.stats.data) {
        g_free (processor->id);
        g_free (processor->state);
        processor->id = stats_processor (reply.stats);
        processor->state = stats_state (reply.stats);
        s_compare_states (processor);
        s_add_members (processor->watcher, reply.stats);
    }
    socket_destroy (&processor->census);
}

//  Ask for the members again and again: processors come and go.
static void
s_run_census (watched_t *processor, int64_t now_ms)
{
    s_take_census (processor);
    if (now_ms < processor->census_at_ms)
        return;
    GByteArray *bytes = g_byte_array_new ();
    char endpoint[ADDRESS_ENDPOINT_SIZE];
    address_endpoint (&processor->address, PORT_QUERIES, endpoint);
    query_write (bytes, &(query_t){.op = QUERY_STATS});
    socket_destroy (&processor->census);
    processor->census = socket_connect (SOCKET_REQ, endpoint);
    if (processor->census)
        (void) !socket_send (processor->census, bytes->data, bytes->len, false);
    processor->census_at_ms = now_ms + CENSUS_MS;
    g_byte_array_unref (bytes);
}

static void
s_draw (watcher_t *self, int64_t now_ms)
{
    if (now_ms < self->draw_at_ms)
        return;
    self->draw_at_ms = now_ms + DRAW_MS;
    if (!self->table) {
        self->is_closed = self->is_closed || fflush (stdout) != 0;
        return;
    }
    guint heard = 0;
    for (guint index = 0; index < self->processors->len; index++) {
        const watched_t *processor = self->processors->pdata[index];
        heard += processor->is_synced && now_ms < update_link_heard_ms (processor->link) + ALIVE_MS;
    }
    char line[160];
    g_snprintf (line, sizeof line,
        "%u of %u processors heard, %llu changes; the newest first. Ctrl-C ends.", heard,
        self->processors->len, (unsigned long long) self->updates);
    watch_table_draw (self->table, line);
}

//  Return true if it is time to stop.
static bool
s_wait (watcher_t *self, int stop_fd)
{
    guint count = self->processors->len;
    socket_item_t items[1 + 2 * count];
    size_t used = 0;
    items[used++] = (socket_item_t){.fd = stop_fd};
    for (guint index = 0; index < count; index++) {
        const watched_t *processor = self->processors->pdata[index];
        items[used++] = (socket_item_t){.socket = update_link_socket (processor->link)};
        if (processor->query)
            items[used++] = (socket_item_t){.socket = processor->query};
    }
    socket_poll (items, used, DRAW_MS);
    return items[0].ready;
}

//  Print two processors with different states. Return the exit status.
static int
s_tell_states (const watcher_t *self)
{
    if (!self->mismatched[0])
        return 0;
    char *places[2];
    for (int index = 0; index < 2; index++) {
        const address_t *address = &self->mismatched[index]->address;
        places[index] = g_strdup_printf ("%s:%u", address->host, (unsigned) address->port);
    }
    GPtrArray *faults = faults_new ();
    faults_of_two (
        faults, places[0], self->mismatched[0]->state, places[1], self->mismatched[1]->state);
    faults_print (&faults);
    g_free (places[0]);
    g_free (places[1]);
    return 1;
}

int
watch (const char *processors, const char *id, bool as_json, int64_t timeout_ms, int stop_fd)
{
    discovery_t *discovery = discovery_new (processors, true);
    if (!discovery)
        return 1;
    watcher_t *self = g_new0 (watcher_t, 1);
    self->discovery = discovery;
    self->addresses = g_array_new (FALSE, TRUE, sizeof (address_t));
    self->processors = g_ptr_array_new_with_free_func (s_free_processor);
    self->id = id;
    self->timeout_ms = timeout_ms;
    self->json = json_writer_new ();
    self->seen = g_new0 (seen_t, SEEN_SLOTS);
    if (!as_json && isatty (STDOUT_FILENO))
        self->table = watch_table_new ();
    do {
        int64_t now_ms = clock_ms ();
        s_follow_addresses (self);
        for (guint index = 0; index < self->processors->len; index++) {
            s_run_processor (self->processors->pdata[index], now_ms);
            s_run_census (self->processors->pdata[index], now_ms);
        }
        s_draw (self, now_ms);
    } while (!self->is_closed && !self->mismatched[0] && !s_wait (self, stop_fd));
    watch_table_destroy (&self->table);
    fflush (stdout);
    int status = s_tell_states (self);
    g_ptr_array_unref (self->processors);
    g_array_unref (self->addresses);
    discovery_destroy (&self->discovery);
    json_writer_destroy (&self->json);
    g_free (self->seen);
    g_free (self);
    return status;
}
