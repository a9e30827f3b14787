//  The feed has one link for each peer of the directory. A sync proves that subscriptions are in
//  effect. One sync is in progress at a time, and the next one covers subscriptions that came
//  meanwhile.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/events/update_feed.h"

#include "common/process/clock.h"
#include "common/text/table_hash.h"
#include "query/protocol/rocket_json.h"
#include "query/protocol/update_link.h"

#define LINGER_MS 30000  //  keep the subscription to all rockets this long after its last stream
#define SYNC_MS 1000     //  a sync that takes longer does not hold up the next one

//  The room that topics of single rockets may take at a processor. Beyond it the feed listens to
//  all rockets, because a processor ends a connection that takes too much room.
#define TOPICS_MAX_BYTES (SUBSCRIPTIONS_MAX_BYTES / 2)

typedef struct {
    address_t address;
    uint64_t links;  //  of the peer, when the link was made
    update_link_t *link;
} connection_t;

//  A rocket with streams.
typedef struct {
    uint32_t count;  //  of its streams
    bool has_topic;  //  it has a topic of its own; else the feed listens to all
} listened_t;

struct update_feed {
    directory_t *directory;
    update_log_t *log;
    json_writer_t *json;
    GPtrArray *connections;  //  of connection_t *
    GHashTable *ids;         //  char * to listened_t *
    size_t topics_bytes;     //  the room of the topics of single rockets
    size_t without_topic;    //  rockets in ids without a topic
    uint32_t to_all;         //  streams of all rockets
    bool is_to_all;          //  the feed listens to all, or did until recently
    int64_t linger_until_ms;
    uint64_t sync_number;  //  of the current or the last sync
    int64_t sync_at_ms;    //  the start of that sync
    bool is_changed;       //  subscriptions changed since then
    uint64_t reached;      //  the lowest number that an owner has confirmed; 0: not all have
    uint64_t epochs[PARTITIONS_MAX];  //  of the last known owners
    uint64_t generation;              //  the last generation of the directory that was read
};

static void
s_free_connection (void *data)
{
    connection_t *connection = data;
    update_link_destroy (&connection->link);
    g_free (connection);
}

//  Clients choose the ids.
static guint
s_hash (gconstpointer id)
{
    return table_hash_32 (text_from (id));
}

update_feed_t *
update_feed_new (directory_t *directory, update_log_t *log, json_writer_t *json)
{
    update_feed_t *self = g_new0 (update_feed_t, 1);
    self->directory = directory;
    self->log = log;
    self->json = json;
    self->connections = g_ptr_array_new_with_free_func (s_free_connection);
    self->ids = g_hash_table_new_full (s_hash, g_str_equal, g_free, g_free);
    return self;
}

void
update_feed_destroy (update_feed_t **self_p)
{
    update_feed_t *self = *self_p;
    if (!self)
        return;
    g_ptr_array_unref (self->connections);
    g_hash_table_destroy (self->ids);
    g_free (self);
    *self_p = NULL;
}

static bool
s_is_wanted (const update_feed_t *self)
{
    return self->is_to_all || g_hash_table_size (self->ids) > 0;
}

static void
s_listen (update_feed_t *self, const char *id)
{
    self->is_changed = true;
    for (guint index = 0; index < self->connections->len; index++)
        update_link_listen (((connection_t *) self->connections->pdata[index])->link, id);
}

static void
s_ignore (update_feed_t *self, const char *id)
{
    for (guint index = 0; index < self->connections->len; index++)
        update_link_ignore (((connection_t *) self->connections->pdata[index])->link, id);
}

static void
s_listen_to_all (update_feed_t *self)
{
    self->to_all++;
    if (self->is_to_all)
        return;
    self->is_to_all = true;
    update_log_break (self->log);  //  an update is missing
    s_listen (self, NULL);
}

static void
s_ignore_all (update_feed_t *self)
{
    if (--self->to_all == 0)
        self->linger_until_ms = clock_ms () + LINGER_MS;
}

static size_t
s_room (const char *id)
{
    return strlen (UPDATE_TOPIC) + strlen (id) + SUBSCRIPTION_ROOM_BYTES;
}

static void
s_listen_to_one (update_feed_t *self, const char *id)
{
    listened_t *listened = g_hash_table_lookup (self->ids, id);
    if (listened) {
        listened->count++;
        return;
    }
    listened = g_new (listened_t, 1);
    *listened = (listened_t){1, self->topics_bytes + s_room (id) <= TOPICS_MAX_BYTES};
    g_hash_table_insert (self->ids, g_strdup (id), listened);
    if (listened->has_topic) {
        self->topics_bytes += s_room (id);
        s_listen (self, id);
    }
    else if (self->without_topic++ == 0)
        s_listen_to_all (self);
}

static void
s_ignore_one (update_feed_t *self, const char *id)
{
    listened_t *listened = g_hash_table_lookup (self->ids, id);
    g_assert (listened);
    if (--listened->count > 0)
        return;
    if (listened->has_topic) {
        self->topics_bytes -= s_room (id);
        s_ignore (self, id);
    }
    else if (--self->without_topic == 0)
        s_ignore_all (self);
    g_hash_table_remove (self->ids, id);
}

void
update_feed_listen (update_feed_t *self, const char *id)
{
    if (id)
        s_listen_to_one (self, id);
    else
        s_listen_to_all (self);
}

void
update_feed_ignore (update_feed_t *self, const char *id)
{
    if (id)
        s_ignore_one (self, id);
    else
        s_ignore_all (self);
}

uint64_t
update_feed_ticket (const update_feed_t *self)
{
    return self->sync_number + self->is_changed;
}

bool
update_feed_is_reached (const update_feed_t *self, uint64_t ticket)
{
    return self->reached >= MAX (ticket, 1);
}

size_t
update_feed_count (const update_feed_t *self)
{
    return self->connections->len;
}

void
update_feed_items (update_feed_t *self, socket_item_t *items)
{
    for (guint index = 0; index < self->connections->len; index++) {
        const connection_t *connection = self->connections->pdata[index];
        items[index] = (socket_item_t){.socket = update_link_socket (connection->link)};
    }
}

static connection_t *
s_find (const update_feed_t *self, const address_t *address)
{
    for (guint index = 0; index < self->connections->len; index++) {
        connection_t *connection = self->connections->pdata[index];
        if (connection->address.port == address->port &&
            strcmp (connection->address.host, address->host) == 0)
            return connection;
    }
    return NULL;
}

static void
s_connect (update_feed_t *self, const peer_t *peer)
{
    char endpoint[ADDRESS_ENDPOINT_SIZE];
    address_endpoint (&peer->address, PORT_EVENTS, endpoint);
    update_link_t *link = update_link_new (endpoint, peer->server);
    if (!link)
        return;
    GHashTableIter iterator;
    gpointer id;
    gpointer listened;
    g_hash_table_iter_init (&iterator, self->ids);
    while (g_hash_table_iter_next (&iterator, &id, &listened))
        if (((const listened_t *) listened)->has_topic)
            update_link_listen (link, id);
    if (self->is_to_all)
        update_link_listen (link, NULL);
    if (self->sync_number)
        update_link_sync (link, self->sync_number);
    connection_t *connection = g_new0 (connection_t, 1);
    *connection = (connection_t){peer->address, peer->links, link};
    g_ptr_array_add (self->connections, connection);
}

//  Connect to new peers, and disconnect from peers that are gone.
static void
s_follow_peers (update_feed_t *self)
{
    size_t count = 0;
    peer_t *const *peers = directory_peers (self->directory, &count);
    for (size_t index = 0; index < count; index++) {
        connection_t *connection = s_find (self, &peers[index]->address);
        if (connection && connection->links != peers[index]->links)
            g_ptr_array_remove (self->connections, g_steal_pointer (&connection));
        if (!connection)
            s_connect (self, peers[index]);
    }
    for (guint place = self->connections->len; place > 0 && self->connections->len > count;
         place--) {
        const connection_t *connection = self->connections->pdata[place - 1];
        bool is_peer = false;
        for (size_t index = 0; index < count; index++)
            is_peer = is_peer || s_find (self, &peers[index]->address) == connection;
        if (!is_peer)
            g_ptr_array_remove_index (self->connections, place - 1);
    }
}

//  Break the log if a partition has a new owner. The owner begins with the saved state, and never
//  publishes changes that the last owner saved without publishing them.
static void
s_follow_owners (update_feed_t *self)
{
    if (self->generation == directory_generation (self->directory))
        return;
    self->generation = directory_generation (self->directory);
    bool is_other = false;
    for (uint32_t partition = 0; partition < directory_partitions (self->directory); partition++) {
        uint64_t epoch =
            directory_rank (self->directory, directory_epoch (self->directory, partition));
        if (epoch && epoch != self->epochs[partition]) {
            is_other = is_other || self->epochs[partition];
            self->epochs[partition] = epoch;
        }
    }
    if (is_other)
        update_log_break (self->log);
}

static void
s_update (void *context, const rocket_update_t *update)
{
    update_feed_t *self = context;
    rocket_version_t version = {
        directory_rank (self->directory, update->owned.epoch), update->changes};
    if (update->owned.epoch < directory_epoch (self->directory, update->owned.partition))
        return;  //  from a processor that does not know yet that it lost the partition
    json_writer_reset (self->json);
    if (update->is_removed) {
        json_begin_object (self->json);
        json_key (self->json, "id");
        json_text (self->json, update->id);
        json_end_object (self->json);
        (void) update_log_put_removed (
            self->log, update->id, update->owned.partition, version, json_writer_text (self->json));
    }
    else if (rocket_json_write (self->json, update->rocket))
        (void) update_log_put (
            self->log, update->id, update->owned.partition, version, json_writer_text (self->json));
}

//  Return the number of the last sync that an owner's link has confirmed; 0 if none.
static uint64_t
s_synced (const update_feed_t *self, const peer_t *owner)
{
    const connection_t *connection = s_find (self, &owner->address);
    bool is_heard = connection && memcmp (update_link_processor (connection->link),
                                      owner->announcement.processor, PROCESSOR_ID_SIZE) == 0;
    return is_heard ? update_link_synced (connection->link) : 0;
}

static void
s_look_how_far (update_feed_t *self)
{
    const peer_t *last = NULL;
    uint64_t reached = self->sync_number;
    uint32_t partitions = directory_partitions (self->directory);
    for (uint32_t partition = 0; partition < partitions; partition++) {
        const peer_t *owner = directory_owner (self->directory, partition);
        if (owner != last || !owner)
            reached = owner ? MIN (reached, s_synced (self, owner)) : 0;
        last = owner;
    }
    self->reached = partitions ? reached : 0;
}

//  Ask all owners to confirm the subscriptions.
static void
s_sync (update_feed_t *self)
{
    int64_t now_ms = clock_ms ();
    bool is_under_way = self->reached < self->sync_number && now_ms < self->sync_at_ms + SYNC_MS;
    if (!self->is_changed || is_under_way)
        return;
    self->is_changed = false;
    self->sync_number++;
    self->sync_at_ms = now_ms;
    for (guint index = 0; index < self->connections->len; index++) {
        const connection_t *connection = self->connections->pdata[index];
        update_link_sync (connection->link, self->sync_number);
    }
}

static void
s_end_lingering (update_feed_t *self)
{
    if (!self->is_to_all || self->to_all > 0 || clock_ms () < self->linger_until_ms)
        return;
    self->is_to_all = false;
    s_ignore (self, NULL);
}

void
update_feed_run (update_feed_t *self)
{
    s_end_lingering (self);
    if (!s_is_wanted (self)) {
        g_ptr_array_set_size (self->connections, 0);
        self->reached = 0;
        return;
    }
    s_follow_peers (self);
    s_sync (self);
    s_follow_owners (self);
    for (guint index = 0; index < self->connections->len; index++) {
        const connection_t *connection = self->connections->pdata[index];
        if (update_link_run (connection->link, s_update, self))
            update_log_break (self->log);
    }
    s_look_how_far (self);
}
