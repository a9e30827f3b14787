//  Each exchange has a number in its envelope, which the processor sends back. An exchange ends
//  when its processor is gone, and a late reply is ignored.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/queries/exchanges.h"

#include "common/memory/queue.h"
#include "common/process/clock.h"
#include "query/protocol/reply.h"

#define LOOK_MS 20     //  between looks for processors that are gone
#define DOUBT_MS 50    //  an exchange younger than this gets its reply in spite of other owners
#define ENDED_MS 2000  //  after its deadline, an exchange without a reply is forgotten
//  With all the gaps that a rocket may have, which take 20 KB: 2 MB; the socket takes 3 MiB.
#define BATCH_ROCKETS 96

//  The bytes of replies that a run reads; fewer for lists, which cost more work.
#define ROCKET_BYTES_PER_RUN ((size_t) 2 * 1024 * 1024)
#define LIST_BYTES_PER_RUN ((size_t) 1024 * 1024)
#define REPLY_COST_BYTES 1024  //  that any reply counts besides its own

typedef struct {
    void *inquiry;  //  NULL: it has ended
    uint32_t partition;
} asked_t;

typedef struct {
    uint64_t number;
    peer_t *peer;  //  perhaps gone: only compare it
    uint64_t session;
    uint64_t generation;  //  the last generation of the directory that was read
    int64_t sent_ms;
    int64_t deadline_ms;
    GArray *asked;  //  of asked_t
    bool is_list;
    uint8_t partitions[PARTITIONS_MAX / 8];  //  of a list
    GList link;
} exchange_t;

//  The queries of a turn to one peer. Between turns it has no peer and no bytes.
typedef struct {
    peer_t *peer;
    exchange_t *exchange;
    GByteArray *bytes;
} parcel_t;

struct exchanges {
    directory_t *directory;
    exchange_fn *function;
    void *context;
    GQueue all;             //  of exchange_t *
    GHashTable *by_number;  //  the same
    GQueue spare;           //  of exchange_t *, ended and empty, for later use
    uint64_t next_number;
    GArray *parcels;    //  of parcel_t
    GByteArray *batch;  //  used for each batch
    size_t turn;        //  the peer whose replies are read first
    int64_t look_at_ms;
    bool is_due;
};

static void
s_clear_parcel (void *parcel)
{
    g_byte_array_unref (((parcel_t *) parcel)->bytes);
}

exchanges_t *
exchanges_new (directory_t *directory, exchange_fn *function, void *context)
{
    exchanges_t *self = g_new0 (exchanges_t, 1);
    self->directory = directory;
    self->function = function;
    self->context = context;
    self->by_number = g_hash_table_new (g_int64_hash, g_int64_equal);
    self->parcels = g_array_new (FALSE, TRUE, sizeof (parcel_t));
    g_array_set_clear_func (self->parcels, s_clear_parcel);
    self->batch = g_byte_array_new ();
    self->next_number = 1;
    return self;
}

//  End an exchange. Its open queries get no reply.
static void
s_end (exchanges_t *self, exchange_t *exchange)
{
    g_hash_table_remove (self->by_number, &exchange->number);
    queue_remove (&self->all, &exchange->link);
    for (guint index = 0; index < exchange->asked->len; index++) {
        void *inquiry = g_array_index (exchange->asked, asked_t, index).inquiry;
        if (inquiry)
            self->function (self->context, inquiry, NULL, NULL);
    }
    g_array_set_size (exchange->asked, 0);
    g_queue_push_head_link (&self->spare, &exchange->link);
}

void
exchanges_destroy (exchanges_t **self_p)
{
    exchanges_t *self = *self_p;
    if (!self)
        return;
    while (self->all.head)
        s_end (self, self->all.head->data);
    while (self->spare.head) {
        exchange_t *exchange = g_queue_pop_head_link (&self->spare)->data;
        g_array_unref (exchange->asked);
        g_free (exchange);
    }
    g_hash_table_destroy (self->by_number);
    g_array_unref (self->parcels);
    g_byte_array_unref (self->batch);
    g_free (self);
    *self_p = NULL;
}

static exchange_t *
s_begin (exchanges_t *self, peer_t *peer, bool is_list)
{
    GList *spare = g_queue_pop_head_link (&self->spare);
    exchange_t *exchange = spare ? spare->data : g_new0 (exchange_t, 1);
    if (!spare) {
        exchange->asked = g_array_new (FALSE, FALSE, sizeof (asked_t));
        exchange->link.data = exchange;
    }
    exchange->number = self->next_number++;
    exchange->peer = peer;
    exchange->session = peer->session;
    exchange->generation = directory_generation (self->directory);
    exchange->sent_ms = clock_ms ();
    exchange->deadline_ms = exchange->sent_ms;
    exchange->is_list = is_list;
    queue_append (&self->all, &exchange->link);
    g_hash_table_insert (self->by_number, &exchange->number, exchange);
    return exchange;
}

static void
s_add (exchange_t *exchange, void *inquiry, uint32_t partition, uint32_t deadline_ms)
{
    asked_t asked = {inquiry, partition};
    g_array_append_val (exchange->asked, asked);
    exchange->deadline_ms = MAX (exchange->deadline_ms, exchange->sent_ms + deadline_ms);
}

static bool
s_has_room (const parcel_t *parcel, const peer_t *peer)
{
    return !parcel->peer || (parcel->peer == peer && parcel->exchange->asked->len < BATCH_ROCKETS);
}

//  Return a parcel of the peer with room; else give it a free one.
static parcel_t *
s_parcel (exchanges_t *self, peer_t *peer)
{
    guint index = 0;
    while (index < self->parcels->len &&
           !s_has_room (&g_array_index (self->parcels, parcel_t, index), peer))
        index++;
    if (index == self->parcels->len) {
        parcel_t parcel = {.bytes = g_byte_array_new ()};
        g_array_append_val (self->parcels, parcel);
    }
    parcel_t *parcel = &g_array_index (self->parcels, parcel_t, index);
    if (!parcel->peer) {
        parcel->peer = peer;
        parcel->exchange = s_begin (self, peer, false);
    }
    return parcel;
}

void
exchanges_ask_rocket (
    exchanges_t *self, peer_t *peer, uint32_t partition, const query_t *query, void *inquiry)
{
    parcel_t *parcel = s_parcel (self, peer);
    query_t plain = *query;
    plain.deadline_ms = 0;  //  the deadline of the batch holds for all
    s_add (parcel->exchange, inquiry, partition, query->deadline_ms);
    query_write (parcel->bytes, &plain);
}

static bool
s_send (socket_t *socket, const exchange_t *exchange, const GByteArray *bytes)
{
    return socket_send (socket, &exchange->number, sizeof exchange->number, true) &&
           socket_send (socket, "", 0, true) &&
           socket_send (socket, bytes->data, bytes->len, false);
}

bool
exchanges_ask_list (exchanges_t *self, peer_t *peer, const query_t *query, void *inquiry)
{
    exchange_t *exchange = s_begin (self, peer, true);
    memcpy (exchange->partitions, query->list.partitions, sizeof exchange->partitions);
    g_byte_array_set_size (self->batch, 0);
    query_write (self->batch, query);
    bool is_sent = s_send (peer->lists, exchange, self->batch);
    if (is_sent)
        s_add (exchange, inquiry, 0, query->deadline_ms);
    else
        s_end (self, exchange);
    return is_sent;
}

void
exchanges_send (exchanges_t *self)
{
    for (guint index = 0; index < self->parcels->len; index++) {
        parcel_t *parcel = &g_array_index (self->parcels, parcel_t, index);
        if (!parcel->peer)
            continue;
        exchange_t *exchange = parcel->exchange;
        g_byte_array_set_size (self->batch, 0);
        query_write_batch (self->batch, exchange->asked->len,
            (uint32_t) (exchange->deadline_ms - exchange->sent_ms));
        g_byte_array_append (self->batch, parcel->bytes->data, parcel->bytes->len);
        if (!s_send (parcel->peer->queries, exchange, self->batch))
            s_end (self, exchange);
        parcel->peer = NULL;
        parcel->exchange = NULL;
        g_byte_array_set_size (parcel->bytes, 0);
    }
}

//  End one query and empty its place in the exchange.
static void
s_tell (exchanges_t *self, asked_t *asked, const reply_t *reply, GBytes *bytes)
{
    void *inquiry = g_steal_pointer (&asked->inquiry);
    if (inquiry)
        self->function (self->context, inquiry, reply, bytes);
}

static void
s_take_list (exchanges_t *self, exchange_t *exchange, text_t payload)
{
    //  The parts of a list wait for each other.
    GBytes *bytes = g_bytes_new (payload.data, payload.size);
    msgpack_reader_t reader;
    reply_t reply;
    msgpack_reader_init (&reader, g_bytes_get_data (bytes, NULL), payload.size);
    if (reply_read (&reply, &reader))
        s_tell (self, &g_array_index (exchange->asked, asked_t, 0), &reply, bytes);
    g_bytes_unref (bytes);
}

static void
s_take_batch (exchanges_t *self, exchange_t *exchange, text_t payload)
{
    msgpack_reader_t reader;
    reply_t batch;
    msgpack_reader_init (&reader, payload.data, payload.size);
    bool good = reply_read (&batch, &reader);
    bool is_batch = good && batch.replies_count == exchange->asked->len;
    for (guint index = 0; good && index < exchange->asked->len; index++) {
        reply_t reply;
        good = !is_batch || reply_read (&reply, &batch.replies);
        //  A processor may also refuse the whole batch.
        if (good && (is_batch || batch.status != 200))
            s_tell (self, &g_array_index (exchange->asked, asked_t, index),
                is_batch ? &reply : &batch, NULL);
    }
}

//  Read one reply of a peer, whose first part was received. Return its size. Only the peer that was
//  asked may reply.
static size_t
s_take_reply (exchanges_t *self, const peer_t *peer, socket_t *socket, text_t part, bool more)
{
    uint64_t number = 0;
    if (part.size == sizeof number)
        memcpy (&number, part.data, sizeof number);
    exchange_t *exchange = g_hash_table_lookup (self->by_number, &number);
    int parts = 1;
    while (more && socket_receive (socket, &part, &more))
        parts++;
    if (!exchange || exchange->peer != peer || parts != 3)
        return part.size;
    if (exchange->is_list)
        s_take_list (self, exchange, part);
    else
        s_take_batch (self, exchange, part);
    s_end (self, exchange);
    return part.size;
}

//  Read replies until the budget is used up.
static void
s_take_replies (exchanges_t *self, const peer_t *peer, socket_t *socket, size_t *budget)
{
    text_t part;
    bool more = false;
    while (*budget > 0 && socket_receive (socket, &part, &more)) {
        size_t cost = s_take_reply (self, peer, socket, part, more) + REPLY_COST_BYTES;
        *budget -= MIN (*budget, cost);
    }
    self->is_due |= *budget == 0;
}

static bool
s_is_up (const exchanges_t *self, const exchange_t *exchange)
{
    size_t count = 0;
    peer_t *const *peers = directory_peers (self->directory, &count);
    for (size_t index = 0; index < count; index++)
        if (peers[index] == exchange->peer)
            return peers[index]->is_known && peers[index]->session == exchange->session;
    return false;
}

static bool
s_has_moved (const exchanges_t *self, const exchange_t *exchange, const asked_t *asked)
{
    if (!exchange->is_list)
        return directory_owner (self->directory, asked->partition) != exchange->peer;
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        if ((exchange->partitions[partition / 8] >> (partition % 8) & 1) &&
            directory_owner (self->directory, partition) != exchange->peer)
            return true;
    return false;
}

//  End the queries to processors that are gone, over broken links, and about partitions with a new
//  owner. All others get replies.
static void
s_look_at (exchanges_t *self, exchange_t *exchange, int64_t now_ms)
{
    bool is_over = now_ms >= exchange->deadline_ms + ENDED_MS;
    bool is_same = exchange->generation == directory_generation (self->directory);
    if (is_over || !s_is_up (self, exchange)) {
        s_end (self, exchange);
        return;
    }
    exchange->generation = directory_generation (self->directory);
    for (guint index = 0; !is_same && index < exchange->asked->len; index++) {
        asked_t *asked = &g_array_index (exchange->asked, asked_t, index);
        if (asked->inquiry && s_has_moved (self, exchange, asked))
            s_tell (self, asked, NULL, NULL);
    }
}

static void
s_look_around (exchanges_t *self)
{
    int64_t now_ms = self->all.head ? clock_ms () : 0;
    if (now_ms < self->look_at_ms || !self->all.head)
        return;
    self->look_at_ms = now_ms + LOOK_MS;
    for (GList *link = self->all.head; link;) {
        exchange_t *exchange = link->data;
        link = link->next;
        if (now_ms >= exchange->sent_ms + DOUBT_MS)
            s_look_at (self, exchange, now_ms);
    }
}

void
exchanges_run (exchanges_t *self)
{
    size_t count = 0;
    peer_t *const *peers = directory_peers (self->directory, &count);
    size_t rocket_bytes = ROCKET_BYTES_PER_RUN;
    size_t list_bytes = LIST_BYTES_PER_RUN;
    self->is_due = false;
    self->turn++;
    for (size_t index = 0; index < count; index++) {
        peer_t *peer = peers[(self->turn + index) % count];
        s_take_replies (self, peer, peer->queries, &rocket_bytes);
    }
    //  Lists come last, as they are long: no query for one rocket waits for them.
    for (size_t index = 0; index < count; index++) {
        peer_t *peer = peers[(self->turn + index) % count];
        s_take_replies (self, peer, peer->lists, &list_bytes);
    }
    s_look_around (self);
}

bool
exchanges_is_due (const exchanges_t *self)
{
    return self->is_due;
}
