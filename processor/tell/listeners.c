//  A subscription matches every topic that begins with it. So the part of a topic behind "rocket/"
//  is the beginning of an id. The table of beginnings counts the subscribers of each beginning, and
//  `sizes` counts the beginnings of each size: listeners_want looks an id up once for each size in
//  use.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/tell/listeners.h"

#include <glib.h>

#include "common/text/text_key.h"
#include "query/protocol/rocket_update.h"

//  A connection. After is_ended its messages are ignored until it is gone.
typedef struct {
    visitor_t visitor;
    GHashTable *topics;  //  text_t *, each in one block
    size_t room_bytes;   //  of its topics
    uint32_t syncs;      //  sync topics
    bool is_ended;
} listener_t;

struct listeners {
    GHashTable *peers;                              //  cookie to listener_t *
    size_t room_bytes;                              //  of the topics of all
    uint64_t ended;                                 //  connections
    uint32_t to_all;                                //  subscriptions that match every update
    GHashTable *beginnings;                         //  of ids: text_t * to number of subscribers
    uint32_t sizes[MESSAGE_CHANNEL_MAX_BYTES + 1];  //  number of beginnings of this size
};

static void
s_free_listener (void *data)
{
    listener_t *listener = data;
    g_hash_table_destroy (listener->topics);
    g_free (listener);
}

listeners_t *
listeners_new (void)
{
    listeners_t *self = g_new0 (listeners_t, 1);
    self->peers = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, s_free_listener);
    self->beginnings = g_hash_table_new_full (text_key_hash, text_key_equal, g_free, NULL);
    return self;
}

void
listeners_destroy (listeners_t **self_p)
{
    listeners_t *self = *self_p;
    if (!self)
        return;
    g_hash_table_destroy (self->peers);
    g_hash_table_destroy (self->beginnings);
    g_free (self);
    *self_p = NULL;
}

//  Copy a text into one block, as the key of a table.
static text_t *
s_key (text_t text)
{
    text_t *key = g_malloc (sizeof *key + text.size);
    memcpy (key + 1, text.data, text.size);
    *key = text_of ((const char *) (key + 1), text.size);
    return key;
}

static bool
s_begins (text_t text, const char *beginning)
{
    size_t size = strlen (beginning);
    return text.size >= size && memcmp (text.data, beginning, size) == 0;
}

static bool
s_is_sync (text_t topic)
{
    return s_begins (topic, SYNC_TOPIC) && topic.size <= SYNC_TOPIC_MAX;
}

static size_t
s_room (text_t topic)
{
    return topic.size + SUBSCRIPTION_ROOM_BYTES;
}

//  Count a subscriber of the ids with this beginning, or stop counting it.
static void
s_count_beginning (listeners_t *self, text_t id, bool is_on)
{
    guint before = GPOINTER_TO_UINT (g_hash_table_lookup (self->beginnings, &id));
    guint now = is_on ? before + 1 : before - 1;
    if (now > 0)
        g_hash_table_replace (self->beginnings, s_key (id), GUINT_TO_POINTER (now));
    else
        g_hash_table_remove (self->beginnings, &id);
    if (before == 0)
        self->sizes[id.size]++;
    else if (now == 0)
        self->sizes[id.size]--;
}

//  Count the rockets that a topic matches, or stop counting them.
static void
s_count (listeners_t *self, text_t topic, bool is_on)
{
    size_t prefix = strlen (UPDATE_TOPIC);
    if (topic.size <= prefix && memcmp (topic.data, UPDATE_TOPIC, topic.size) == 0)
        self->to_all = is_on ? self->to_all + 1 : self->to_all - 1;
    else if (s_begins (topic, UPDATE_TOPIC) && topic.size <= UPDATE_TOPIC_MAX)
        s_count_beginning (self, text_of (topic.data + prefix, topic.size - prefix), is_on);
}

//  Count a new topic of a listener, or stop counting a removed one.
static void
s_note (listeners_t *self, listener_t *listener, text_t topic, bool is_on)
{
    size_t room = s_room (topic);
    listener->room_bytes = is_on ? listener->room_bytes + room : listener->room_bytes - room;
    self->room_bytes = is_on ? self->room_bytes + room : self->room_bytes - room;
    if (s_is_sync (topic))
        listener->syncs = is_on ? listener->syncs + 1 : listener->syncs - 1;
    s_count (self, topic, is_on);
}

static void
s_drop_topics (listeners_t *self, listener_t *listener)
{
    GHashTableIter iterator;
    gpointer topic;
    g_hash_table_iter_init (&iterator, listener->topics);
    while (g_hash_table_iter_next (&iterator, &topic, NULL)) {
        s_note (self, listener, *(const text_t *) topic, false);
        g_hash_table_iter_remove (&iterator);
    }
}

static void
s_end (listeners_t *self, listener_t *listener)
{
    visitor_end (listener->visitor);
    s_drop_topics (self, listener);
    listener->is_ended = true;
    self->ended++;
}

//  Return the listener whose topics take the most room. one: any listener, to begin with.
static listener_t *
s_largest (const listeners_t *self, listener_t *one)
{
    GHashTableIter iterator;
    gpointer value;
    listener_t *largest = one;
    g_hash_table_iter_init (&iterator, self->peers);
    while (g_hash_table_iter_next (&iterator, NULL, &value)) {
        listener_t *listener = value;
        if (listener->room_bytes > largest->room_bytes)
            largest = listener;
    }
    return largest;
}

static listener_t *
s_listener (listeners_t *self, visitor_t visitor)
{
    listener_t *listener = g_hash_table_lookup (self->peers, &visitor.cookie);
    if (!listener) {
        listener = g_new0 (listener_t, 1);
        listener->visitor = visitor;
        listener->topics = g_hash_table_new_full (text_key_hash, text_key_equal, g_free, NULL);
        g_hash_table_insert (self->peers, &listener->visitor.cookie, listener);
    }
    return listener;
}

//  Add a subscription. Return true if it is a sync that needs an answer.
static bool
s_subscribe (listeners_t *self, visitor_t visitor, text_t topic)
{
    listener_t *listener = s_listener (self, visitor);
    if (listener->is_ended || g_hash_table_contains (listener->topics, &topic))
        return false;
    g_hash_table_add (listener->topics, s_key (topic));
    s_note (self, listener, topic, true);
    if (listener->room_bytes > SUBSCRIPTIONS_MAX_BYTES)
        s_end (self, listener);
    else if (self->room_bytes > LISTENERS_ALL_BYTES)
        s_end (self, s_largest (self, listener));
    return !listener->is_ended && s_is_sync (topic) && listener->syncs <= LISTENERS_PEER_SYNCS;
}

static void
s_unsubscribe (listeners_t *self, visitor_t visitor, text_t topic)
{
    listener_t *listener = g_hash_table_lookup (self->peers, &visitor.cookie);
    if (listener && g_hash_table_remove (listener->topics, &topic))
        s_note (self, listener, topic, false);
}

text_t
listeners_take (listeners_t *self, visitor_t visitor, text_t message)
{
    if (visitor.cookie == 0 || message.size == 0 || (uint8_t) message.data[0] > 1)
        return (text_t){0};
    text_t topic = text_of (message.data + 1, message.size - 1);
    if (message.data[0] == 1 && s_subscribe (self, visitor, topic))
        return topic;
    if (message.data[0] == 0)
        s_unsubscribe (self, visitor, topic);
    return (text_t){0};
}

void
listeners_forget_gone (listeners_t *self)
{
    GHashTableIter iterator;
    gpointer value;
    g_hash_table_iter_init (&iterator, self->peers);
    while (g_hash_table_iter_next (&iterator, NULL, &value)) {
        listener_t *listener = value;
        if (visitor_is_there (listener->visitor))
            continue;
        s_drop_topics (self, listener);
        g_hash_table_iter_remove (&iterator);
    }
}

uint64_t
listeners_ended (const listeners_t *self)
{
    return self->ended;
}

bool
listeners_want_some (const listeners_t *self)
{
    return self->to_all > 0 || g_hash_table_size (self->beginnings) > 0;
}

bool
listeners_want (const listeners_t *self, text_t id)
{
    if (self->to_all > 0)
        return true;
    for (size_t size = 1; size <= id.size && size <= MESSAGE_CHANNEL_MAX_BYTES; size++) {
        text_t beginning = text_of (id.data, size);
        if (self->sizes[size] > 0 && g_hash_table_contains (self->beginnings, &beginning))
            return true;
    }
    return false;
}

//  Call function with the syncs of a listener. Most listeners have none, so stop after the last
//  one.
static void
s_each_sync (const listener_t *listener, listeners_sync_fn *function, void *context)
{
    GHashTableIter iterator;
    gpointer topic;
    uint32_t left = MIN (listener->syncs, LISTENERS_PEER_SYNCS);
    g_hash_table_iter_init (&iterator, listener->topics);
    while (left > 0 && g_hash_table_iter_next (&iterator, &topic, NULL)) {
        if (!s_is_sync (*(const text_t *) topic))
            continue;
        function (context, *(const text_t *) topic);
        left--;
    }
}

void
listeners_each_sync (const listeners_t *self, listeners_sync_fn *function, void *context)
{
    GHashTableIter iterator;
    gpointer listener;
    g_hash_table_iter_init (&iterator, self->peers);
    while (g_hash_table_iter_next (&iterator, NULL, &listener))
        s_each_sync (listener, function, context);
}
