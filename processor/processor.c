//  The loop. One turn looks at the questions first, then takes in a number of frames, then lets the
//  acks of those frames go: so no burst of frames keeps a question waiting.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/processor.h"

#include <errno.h>
#include <glib.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "processor/recv_frames.h"
#include "processor/send_announcements.h"
#include "processor/store.h"
#include "query/answer_query.h"

#define FRAMES_PER_TURN 256
#define QUESTIONS_PER_TURN 64

struct processor {
    int stop_fd;
    processor_sockets_t sockets;
    shards_t shards;
    text_pool_t *pool;  //  the texts of all rockets
    store_t *store;
    acks_t *acks;
    frame_receiver_t *receiver;
    GByteArray *answer;  //  used again for each
    int64_t announce_at_ms;
};

static socket_t *
s_bind (const processor_config_t *config, socket_kind_t kind, unsigned offset, const char *what)
{
    uint16_t port = (uint16_t) (config->port + offset);
    socket_t *socket = socket_bind (kind, config->bind, port);
    if (!socket)
        log_event (LOG_ERROR, "cannot listen", "what=%s address=%s port=%u reason=%s", what,
            config->bind, (unsigned) port, g_strerror (errno));
    return socket;
}

static bool
s_bind_all (processor_t *self, const processor_config_t *config)
{
    self->sockets.frames = s_bind (config, SOCKET_PULL, 0, "frames");
    self->sockets.queries = s_bind (config, SOCKET_REP, 1, "queries");
    self->sockets.events = s_bind (config, SOCKET_PUB, 2, "events");
    return self->sockets.frames && self->sockets.queries && self->sockets.events;
}

static void
s_ignore_stored (void *context, const rocket_view_t *rocket)
{
    (void) context;
    (void) rocket;
}

static bool
s_take_partitions (processor_t *self, const processor_config_t *config)
{
    self->shards.partitions = self->store->partitions (self->store, config->partitions);
    for (uint32_t partition = 0; partition < self->shards.partitions; partition++) {
        owned_t owned = {partition, 0};
        if (!self->store->take (self->store, partition, &owned.epoch, s_ignore_stored, NULL))
            return false;
        self->shards.shards[partition] = shard_new (owned, config->ordering, self->pool);
    }
    return true;
}

processor_t *
processor_new (const processor_config_t *config, int stop_fd)
{
    processor_t *self = g_new0 (processor_t, 1);
    self->stop_fd = stop_fd;
    self->shards.started_ms = clock_ms ();
    self->pool = text_pool_new ();
    self->store = store_memory_new ();
    self->acks = acks_new ();
    self->answer = g_byte_array_new ();
    if (getrandom (self->shards.processor, PROCESSOR_ID_SIZE, 0) != PROCESSOR_ID_SIZE ||
        !s_bind_all (self, config) || !s_take_partitions (self, config)) {
        processor_destroy (&self);
        return NULL;
    }
    self->receiver = frame_receiver_new (self->sockets.frames, &self->shards, self->acks);
    log_event (LOG_INFO, "ready", "frames=%s partitions=%u store=%s",
        socket_endpoint (self->sockets.frames), self->shards.partitions, self->store->name);
    return self;
}

void
processor_destroy (processor_t **self_p)
{
    processor_t *self = *self_p;
    if (!self)
        return;
    frame_receiver_destroy (&self->receiver);
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        shard_destroy (&self->shards.shards[partition]);
    acks_destroy (&self->acks);
    self->store->destroy (&self->store);
    text_pool_destroy (&self->pool);
    socket_destroy (&self->sockets.frames);
    socket_destroy (&self->sockets.queries);
    socket_destroy (&self->sockets.events);
    g_byte_array_unref (self->answer);
    g_free (self);
    *self_p = NULL;
}

static void
s_answer_questions (processor_t *self)
{
    text_t part;
    bool more = false;
    for (int count = 0; count < QUESTIONS_PER_TURN; count++) {
        if (!socket_receive (self->sockets.queries, &part, &more))
            return;
        g_byte_array_set_size (self->answer, 0);
        if (more)
            reply_write_status (self->answer, 400, "a question must be a message of one part");
        else
            answer_query (&self->shards, part, self->answer);
        while (more && socket_receive (self->sockets.queries, &part, &more))
            ;
        //  A REP must answer before it can hear again; one who asked and left gets nothing.
        (void) !socket_send (self->sockets.queries, self->answer->data, self->answer->len, false);
    }
}

static void
s_announce (processor_t *self)
{
    send_announcement (&self->sockets, &self->shards);
    self->announce_at_ms = clock_ms () + ANNOUNCEMENT_INTERVAL_MS;
}

//  Say that nothing is owned any more, so that gateways need not wait for the silence.
static void
s_say_goodbye (processor_t *self)
{
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        shard_destroy (&self->shards.shards[partition]);
    s_announce (self);
}

void
processor_run (processor_t *self)
{
    socket_item_t items[] = {
        {.fd = self->stop_fd}, {.socket = self->sockets.queries}, {.socket = self->sockets.frames}};
    size_t frames_taken = 0;
    do {
        int64_t wait_ms = MAX (0, self->announce_at_ms - clock_ms ());
        socket_poll (items, G_N_ELEMENTS (items), frames_taken == FRAMES_PER_TURN ? 0 : wait_ms);
        s_answer_questions (self);
        frames_taken = frame_receiver_run (self->receiver, FRAMES_PER_TURN);
        acks_publish (self->acks, self->shards.processor, self->sockets.events);
        if (clock_ms () >= self->announce_at_ms)
            s_announce (self);
    } while (!items[0].ready);
    log_event (LOG_INFO, "stopping", "rockets=%zu applied=%llu", shards_rockets (&self->shards),
        (unsigned long long) self->shards.counters.applied);
    s_say_goodbye (self);
}
