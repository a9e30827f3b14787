//  SPDX-License-Identifier: Apache-2.0
#include "processor/answer/query_server.h"

#include "common/process/clock.h"
#include "common/text/table_hash.h"
#include "processor/answer/answerer.h"
#include "processor/answer/unread_replies.h"
#include "query/protocol/reply.h"

#define REQUESTS_PER_RUN 64
#define REQUESTS_US 2000  //  longest time to take in requests
#define SLICE_US 3000     //  longest time for batches and lists

//  The parts of a client's message in front of the query; they also precede the reply.
typedef struct {
    uint32_t count;
    uint32_t sizes[ENVELOPE_PARTS_MAX];
    uint32_t size;
    char bytes[ENVELOPE_MAX_BYTES];
} envelope_t;

//  An envelope that waits for its reply. It is allocated with envelope.size bytes only.
typedef struct {
    query_server_t *server;
    uint64_t client;  //  hash of its routing id
    envelope_t envelope;
} waiting_t;

struct query_server {
    socket_t *socket;
    shards_t *shards;
    peer_view_t peers;  //  may ask
    answerer_t *answerer;
    unread_replies_t *unread;
};

query_server_t *
query_server_new (socket_t *queries, shards_t *shards, text_pool_t *pool, peer_keeper_t *peers)
{
    query_server_t *self = g_new0 (query_server_t, 1);
    self->socket = queries;
    self->shards = shards;
    self->answerer = answerer_new (shards, pool);
    self->unread = unread_replies_new ();
    peer_view_init (&self->peers, peers);
    return self;
}

void
query_server_destroy (query_server_t **self_p)
{
    query_server_t *self = *self_p;
    if (!self)
        return;
    answerer_destroy (&self->answerer);
    unread_replies_destroy (&self->unread);
    peer_view_clear (&self->peers);
    g_free (self);
    *self_p = NULL;
}

//  Send the parts of an envelope. Return false, and send nothing, if the client is gone or its
//  queue is full.
static bool
s_send_envelope (socket_t *socket, const envelope_t *envelope)
{
    const char *part = envelope->bytes;
    for (uint32_t index = 0; index < envelope->count; part += envelope->sizes[index++])
        if (!socket_send (socket, part, envelope->sizes[index], true))
            return false;
    return true;
}

static void
s_send (query_server_t *self, const waiting_t *waiting, text_t bytes, GBytes *owner)
{
    unread_reply_t *reply = unread_replies_add (self->unread, waiting->client, bytes, owner);
    if (!reply) {
        self->shards->counters.answers_dropped++;
        return;
    }
    if (s_send_envelope (self->socket, &waiting->envelope))
        (void) !socket_send_owned (
            self->socket, unread_replies_give (reply), unread_replies_release, reply);
    else {
        self->shards->counters.answers_dropped++;
        unread_replies_release (NULL, reply);
    }
}

static void
s_take_reply (void *context, text_t reply, GBytes *owner)
{
    waiting_t *waiting = context;
    if (reply.data)
        s_send (waiting->server, waiting, reply, owner);
    g_free (waiting);
}

//  Receive the envelope and the query behind it, borrowed from the socket. Return the number of
//  parts behind the envelope: 1 is a query, 2 means two or more. Return 0 if the message has no
//  usable envelope; then it is read to its end.
static int
s_receive (socket_t *socket, text_t part, bool more, envelope_t *envelope, text_t *query)
{
    bool is_whole = false;
    envelope->count = envelope->size = 0;
    while (more && !is_whole) {
        bool has_room = envelope->count < ENVELOPE_PARTS_MAX &&
                        part.size <= ENVELOPE_MAX_BYTES - envelope->size;
        if (!has_room)
            break;
        if (part.size > 0)
            memcpy (envelope->bytes + envelope->size, part.data, part.size);
        envelope->size += (uint32_t) part.size;
        envelope->sizes[envelope->count++] = (uint32_t) part.size;
        is_whole = part.size == 0;
        (void) !socket_receive (socket, &part, &more);
    }
    *query = part;
    int parts = is_whole ? 1 + more : 0;
    while (more && socket_receive (socket, &part, &more))
        ;
    return parts;
}

//  Take the next request. Return false if there is none.
static bool
s_take_request (query_server_t *self, int64_t until_us)
{
    text_t part;
    text_t query;
    bool more = false;
    envelope_t envelope;
    if (!socket_receive (self->socket, &part, &more))
        return false;
    int parts = s_receive (self->socket, part, more, &envelope, &query);
    //  The last part of a message carries the name of the key; the routing id, which libzmq adds,
    //  does not.
    bool is_allowed = peer_view_allows (&self->peers, socket_user (self->socket), PEER_ASK);
    self->shards->counters.revoked += !is_allowed;
    if (parts == 0 || !is_allowed)
        return true;  //  a REP does not reply to that either
    size_t size = offsetof (waiting_t, envelope.bytes) + envelope.size;
    waiting_t *waiting = g_malloc (size);
    waiting->server = self;
    waiting->client = table_hash (text_of (envelope.bytes, envelope.sizes[0]));
    memcpy (&waiting->envelope, &envelope, offsetof (envelope_t, bytes) + envelope.size);
    query_client_t client = {
        waiting->client, peer_view_allows (&self->peers, socket_user (self->socket), PEER_PUSH)};
    if (parts == 1)
        answerer_take (self->answerer, query, client, s_take_reply, waiting, until_us);
    else {
        GByteArray *reply = g_byte_array_new ();
        reply_write_status (reply, 400, "a query must be a message of one part");
        s_take_reply (waiting, text_of ((const char *) reply->data, reply->len), NULL);
        g_byte_array_unref (reply);
    }
    return true;
}

void
query_server_run (query_server_t *self)
{
    int64_t until_us = clock_us () + REQUESTS_US;
    int count = 0;
    while (count < REQUESTS_PER_RUN && s_take_request (self, until_us) && clock_us () < until_us)
        count++;
    if (answerer_is_busy (self->answerer))
        answerer_run (self->answerer, clock_us () + SLICE_US);
}

bool
query_server_is_busy (const query_server_t *self)
{
    return answerer_is_busy (self->answerer);
}
