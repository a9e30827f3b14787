//  The topic of a sync is sync/ + a random name + the number. Subscriptions take effect in their
//  order, and after a reconnect in the order of their bytes, where sync/ is behind rocket/. So when
//  a sync arrives, all earlier subscriptions are in effect.
//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/update_link.h"

#include <sys/random.h>

#include "common/process/clock.h"

#define MESSAGES_PER_RUN 2000

struct update_link {
    socket_t *socket;
    uint64_t name;
    char sync_topic[SYNC_TOPIC_MAX];  //  empty: none yet
    uint64_t sync_number;
    uint64_t synced;
    uint8_t processor[PROCESSOR_ID_SIZE];
    bool is_known;       //  a processor has sent a message
    bool is_to_all;      //  the link subscribes to all rockets
    uint64_t all_since;  //  number of the sync that confirms this subscription
    bool is_tracking;    //  it is confirmed: the sequence must not have gaps
    uint64_t sequence;   //  of the last update
    int64_t heard_ms;    //  time of the last message
};

update_link_t *
update_link_new (const char *endpoint, const uint8_t *server)
{
    socket_t *socket = socket_connect_to (SOCKET_SUB, endpoint, server);
    if (!socket)
        return NULL;
    update_link_t *self = g_new0 (update_link_t, 1);
    self->socket = socket;
    ssize_t random = getrandom (&self->name, sizeof self->name, 0);
    g_assert (random == sizeof self->name);
    return self;
}

void
update_link_destroy (update_link_t **self_p)
{
    update_link_t *self = *self_p;
    if (!self)
        return;
    socket_destroy (&self->socket);
    g_free (self);
    *self_p = NULL;
}

socket_t *
update_link_socket (update_link_t *self)
{
    return self->socket;
}

static void
s_topic (const char *id, char topic[UPDATE_TOPIC_MAX + 1])
{
    g_snprintf (topic, UPDATE_TOPIC_MAX + 1, UPDATE_TOPIC "%s", id ? id : "");
}

void
update_link_listen (update_link_t *self, const char *id)
{
    char topic[UPDATE_TOPIC_MAX + 1];
    s_topic (id, topic);
    socket_subscribe (self->socket, topic);
    if (!id) {
        self->is_to_all = true;
        self->all_since = self->sync_number + 1;
    }
}

void
update_link_ignore (update_link_t *self, const char *id)
{
    char topic[UPDATE_TOPIC_MAX + 1];
    s_topic (id, topic);
    socket_unsubscribe (self->socket, topic);
    if (!id)
        self->is_to_all = self->is_tracking = false;
}

void
update_link_sync (update_link_t *self, uint64_t number)
{
    if (self->sync_topic[0])
        socket_unsubscribe (self->socket, self->sync_topic);
    self->sync_number = number;
    g_snprintf (self->sync_topic, sizeof self->sync_topic, SYNC_TOPIC "%016llx-%llu",
        (unsigned long long) self->name, (unsigned long long) number);
    socket_subscribe (self->socket, self->sync_topic);
}

uint64_t
update_link_synced (const update_link_t *self)
{
    return self->synced;
}

const uint8_t *
update_link_processor (const update_link_t *self)
{
    return self->processor;
}

int64_t
update_link_heard_ms (const update_link_t *self)
{
    return self->heard_ms;
}

//  Note the sender of a message. Return true if it is not the processor of the message before.
static bool
s_is_other (update_link_t *self, const rocket_update_t *update)
{
    if (self->is_known && memcmp (self->processor, update->processor, PROCESSOR_ID_SIZE) == 0)
        return false;
    bool was_known = self->is_known;
    memcpy (self->processor, update->processor, PROCESSOR_ID_SIZE);
    self->is_known = true;
    self->is_tracking = false;
    self->synced = 0;
    return was_known;
}

//  Handle a sync. Return true if its sequence shows a missed update.
static bool
s_take_sync (update_link_t *self, const rocket_update_t *update)
{
    bool has_missed = self->is_tracking && update->sequence != self->sequence;
    self->synced = self->sync_number;
    self->is_tracking = self->is_to_all && self->synced >= self->all_since;
    self->sequence = update->sequence;
    return has_missed;
}

static bool
s_take_update (update_link_t *self, const rocket_update_t *update)
{
    bool has_missed = self->is_tracking && update->sequence != self->sequence + 1;
    self->sequence = update->sequence;
    return has_missed;
}

//  Receive a message of two parts. Copy the topic, because the next part overwrites it. Return
//  false if there is no message.
static bool
s_receive (update_link_t *self, char topic[UPDATE_TOPIC_MAX + 1], text_t *payload)
{
    text_t part;
    bool more = false;
    *payload = (text_t){0};
    if (!socket_receive (self->socket, &part, &more))
        return false;
    g_strlcpy (topic, "", 1);
    if (part.size <= UPDATE_TOPIC_MAX) {
        memcpy (topic, part.data, part.size);
        topic[part.size] = 0;
    }
    while (more && socket_receive (self->socket, payload, &more))
        ;
    return true;
}

bool
update_link_run (update_link_t *self, update_fn *update, void *context)
{
    char topic[UPDATE_TOPIC_MAX + 1];
    text_t payload;
    bool has_missed = false;
    for (int count = 0; count < MESSAGES_PER_RUN && s_receive (self, topic, &payload); count++) {
        rocket_update_t heard;
        if (!payload.data || !rocket_update_read (&heard, payload))
            continue;
        self->heard_ms = clock_ms ();
        has_missed = s_is_other (self, &heard) || has_missed;
        if (heard.rocket.data) {
            has_missed = s_take_update (self, &heard) || has_missed;
            update (context, &heard);
        }
        else if (strcmp (topic, self->sync_topic) == 0)
            has_missed = s_take_sync (self, &heard) || has_missed;
    }
    return has_missed;
}
