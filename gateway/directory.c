//  SPDX-License-Identifier: Apache-2.0
#include "gateway/directory.h"

#include "common/clock.h"
#include "common/log.h"

#define SILENCE_MS 2000
#define ANNOUNCEMENTS_PER_RUN 1000

typedef struct {
    peer_t *peer;
    uint64_t epoch;
} owner_t;

struct directory {
    discovery_t *discovery;
    uint64_t addresses_generation;
    GArray *addresses;
    GPtrArray *peers;  //  of peer_t *
    char ack_topic[ANNOUNCEMENT_ACK_TOPIC_SIZE];
    ack_range_fn *ack;
    void *ack_context;
    uint32_t partitions;
    owner_t owners[PARTITIONS_MAX];
    uint64_t generation;
    uint64_t sessions;  //  given out so far
    bool is_changed;    //  the owners must be worked out again
    int64_t mismatch_logged_ms;
};

static void
s_free_peer (void *data)
{
    peer_t *peer = data;
    socket_destroy (&peer->frames);
    socket_destroy (&peer->queries);
    socket_destroy (&peer->lists);
    socket_destroy (&peer->events);
    g_free (peer);
}

directory_t *
directory_new (discovery_t *discovery, const uint8_t source[FRAME_SOURCE_SIZE], ack_range_fn *ack,
    void *context)
{
    directory_t *self = g_new0 (directory_t, 1);
    self->discovery = discovery;
    self->addresses = g_array_new (FALSE, TRUE, sizeof (address_t));
    self->peers = g_ptr_array_new_with_free_func (s_free_peer);
    self->ack = ack;
    self->ack_context = context;
    self->generation = 1;
    ack_topic (source, self->ack_topic);
    return self;
}

void
directory_destroy (directory_t **self_p)
{
    directory_t *self = *self_p;
    if (!self)
        return;
    g_ptr_array_unref (self->peers);
    g_array_unref (self->addresses);
    g_free (self);
    *self_p = NULL;
}

static socket_t *
s_connect (const address_t *address, socket_kind_t kind, unsigned offset)
{
    char endpoint[96];
    g_snprintf (endpoint, sizeof endpoint, "tcp://%s:%u", address->host, address->port + offset);
    return socket_connect (kind, endpoint);
}

static void
s_add_peer (directory_t *self, const address_t *address)
{
    peer_t *peer = g_new0 (peer_t, 1);
    peer->address = *address;
    peer->frames = s_connect (address, SOCKET_PUSH, 0);
    peer->queries = s_connect (address, SOCKET_DEALER, 1);
    peer->lists = s_connect (address, SOCKET_DEALER, 1);
    peer->events = s_connect (address, SOCKET_SUB, 2);
    if (!peer->frames || !peer->queries || !peer->lists || !peer->events) {
        log_event (LOG_ERROR, "cannot connect to a processor", "address=%s port=%u", address->host,
            (unsigned) address->port);
        s_free_peer (peer);
        return;
    }
    socket_subscribe (peer->events, ANNOUNCEMENT_OWNER_TOPIC);
    socket_subscribe (peer->events, self->ack_topic);
    g_ptr_array_add (self->peers, peer);
}

static bool
s_is_same (const address_t *a, const address_t *b)
{
    return a->port == b->port && strcmp (a->host, b->host) == 0;
}

static bool
s_has_address (const GArray *addresses, const address_t *wanted)
{
    for (guint index = 0; index < addresses->len; index++)
        if (s_is_same (&g_array_index (addresses, address_t, index), wanted))
            return true;
    return false;
}

//  Connect to new addresses. One that is gone from the names is left when it has fallen silent: it
//  may still be saving what it owns.
static void
s_follow_addresses (directory_t *self)
{
    if (!discovery_changed (self->discovery, &self->addresses_generation, self->addresses))
        return;
    for (guint index = 0; index < self->addresses->len; index++) {
        const address_t *address = &g_array_index (self->addresses, address_t, index);
        bool is_there = false;
        for (guint peer = 0; peer < self->peers->len; peer++)
            is_there =
                is_there || s_is_same (&((peer_t *) self->peers->pdata[peer])->address, address);
        if (!is_there)
            s_add_peer (self, address);
    }
}

static void
s_drop_gone_peers (directory_t *self)
{
    for (guint index = self->peers->len; index > 0; index--) {
        peer_t *peer = self->peers->pdata[index - 1];
        if (!peer->is_known && !s_has_address (self->addresses, &peer->address)) {
            g_ptr_array_remove_index (self->peers, index - 1);
            self->is_changed = true;
        }
    }
}

static bool
s_learn_partitions (directory_t *self, const owner_announcement_t *announcement)
{
    if (self->partitions == 0)
        self->partitions = announcement->partitions;
    if (self->partitions == announcement->partitions)
        return true;
    if (log_is_due (&self->mismatch_logged_ms, SILENCE_MS))
        log_event (LOG_ERROR, "a processor has another number of partitions: it is ignored",
            "endpoint=%s its=%u ours=%u", announcement->frames, announcement->partitions,
            self->partitions);
    return false;
}

static bool
s_owns_the_same (const owner_announcement_t *a, const owner_announcement_t *b)
{
    bool is_same = a->owned_count == b->owned_count;
    for (uint32_t index = 0; is_same && index < a->owned_count; index++)
        is_same = a->owned[index].partition == b->owned[index].partition &&
                  a->owned[index].epoch == b->owned[index].epoch;
    return is_same;
}

static void
s_take_announcement (directory_t *self, peer_t *peer, text_t payload)
{
    static _Thread_local owner_announcement_t announcement;
    if (!owner_announcement_read (&announcement, payload.data, payload.size) ||
        !s_learn_partitions (self, &announcement))
        return;
    bool is_other =
        memcmp (announcement.processor, peer->announcement.processor, PROCESSOR_ID_SIZE) != 0;
    if (!peer->is_known || is_other) {
        peer->session = ++self->sessions;
        log_event (LOG_INFO, "processor is up", "address=%s port=%u owned=%u", peer->address.host,
            (unsigned) peer->address.port, announcement.owned_count);
    }
    if (!peer->is_known || is_other || !s_owns_the_same (&announcement, &peer->announcement))
        self->is_changed = true;
    peer->is_known = true;
    peer->heard_ms = clock_ms ();
    peer->announcement = announcement;
}

static void
s_hear (directory_t *self, peer_t *peer)
{
    text_t part;
    bool more = false;
    for (int count = 0; count < ANNOUNCEMENTS_PER_RUN; count++) {
        if (!socket_receive (peer->events, &part, &more))
            return;
        bool is_owner = text_equal (part, text_from (ANNOUNCEMENT_OWNER_TOPIC));
        if (!more || !socket_receive (peer->events, &part, &more))
            continue;
        if (is_owner)
            s_take_announcement (self, peer, part);
        else if (!ack_read (part.data, part.size, self->ack, self->ack_context))
            log_event (LOG_WARN, "ack is not readable", "address=%s", peer->address.host);
    }
}

static void
s_notice_silence (directory_t *self, peer_t *peer, int64_t now_ms)
{
    if (!peer->is_known || now_ms - peer->heard_ms < SILENCE_MS)
        return;
    peer->is_known = false;
    self->is_changed = true;
    log_event (LOG_WARN, "processor is silent", "address=%s port=%u silent_ms=%lld",
        peer->address.host, (unsigned) peer->address.port, (long long) (now_ms - peer->heard_ms));
}

//  The highest epoch wins; of equal ones the first peer does, as when a processor has two addresses.
static void
s_work_out_owners (directory_t *self)
{
    owner_t owners[PARTITIONS_MAX] = {0};
    for (guint index = 0; index < self->peers->len; index++) {
        peer_t *peer = self->peers->pdata[index];
        for (uint32_t place = 0; peer->is_known && place < peer->announcement.owned_count;
             place++) {
            owned_t owned = peer->announcement.owned[place];
            if (owned.epoch > owners[owned.partition].epoch)
                owners[owned.partition] = (owner_t){peer, owned.epoch};
        }
    }
    memcpy (self->owners, owners, sizeof owners);
    self->generation++;
    self->is_changed = false;
}

void
directory_run (directory_t *self)
{
    int64_t now_ms = clock_ms ();
    s_follow_addresses (self);
    for (guint index = 0; index < self->peers->len; index++) {
        s_hear (self, self->peers->pdata[index]);
        s_notice_silence (self, self->peers->pdata[index], now_ms);
    }
    s_drop_gone_peers (self);
    if (self->is_changed)
        s_work_out_owners (self);
}

uint32_t
directory_partitions (const directory_t *self)
{
    return self->partitions;
}

peer_t *
directory_owner (const directory_t *self, uint32_t partition)
{
    return self->owners[partition].peer;
}

uint64_t
directory_epoch (const directory_t *self, uint32_t partition)
{
    return self->owners[partition].epoch;
}

uint32_t
directory_unowned (const directory_t *self)
{
    uint32_t unowned = self->partitions == 0;
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        unowned += self->owners[partition].peer == NULL;
    return unowned;
}

uint64_t
directory_generation (const directory_t *self)
{
    return self->generation;
}

peer_t *const *
directory_peers (const directory_t *self, size_t *count)
{
    *count = self->peers->len;
    return (peer_t *const *) self->peers->pdata;
}
