//  The owner puts messages into a queue, and takes fates from a list; a mutex guards both. In
//  between, only the thread uses a message.
//  SPDX-License-Identifier: Apache-2.0
#include "common/rabbitmq/rabbitmq_publisher.h"

#include <glib.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "common/process/clock.h"

#define PUBLISHED_PER_RUN 256
#define AWAY_US 5000000     //  without an answer to anything that was published
#define CONNECT_US 1000000  //  without a connection
#define ID_SIZE 24

typedef struct {
    rabbitmq_message_t message;
    int64_t published_us;
    bool is_returned;
    GList link;    //  of a queue
    char bytes[];  //  of the body and the headers
} flight_t;

typedef struct {
    uint64_t id;
    int64_t took_us;
    bool is_carried;
} fate_t;

struct rabbitmq_publisher {
    const char *topic;
    bool is_divided;
    int ear_fd;
    rabbitmq_client_t *client;
    size_t flights;  //  whose fates are not reported; for the owner
    size_t flight_bytes;
    GArray *reported;  //  of fate_t, while they are reported
    rabbitmq_publisher_condition_t condition;
    int64_t away_since_us;  //  0: a broker is there

    pthread_mutex_t mutex;  //  of the next ones
    GQueue waiting;         //  of flight_t
    GArray *fates;          //  of fate_t
    size_t fates_bytes;     //  of their messages
    bool is_asleep;         //  the thread waits, so it must be woken
    bool has_rung;          //  ear_fd was written for the present fates
    uint32_t queues;        //  wanted
    rabbitmq_publisher_condition_t state;
    int64_t oldest_us;  //  when the oldest message without a confirm was published; 0: none

    GHashTable *unconfirmed;  //  of flight_t by number; this and the rest is for the thread
    uint64_t published;       //  the number of the last message on this channel
    uint64_t confirmed;       //  all up to this one are confirmed
    uint32_t made;            //  queues
    uint64_t sessions;
};

static void
s_lock (rabbitmq_publisher_t *self)
{
    pthread_mutex_lock (&self->mutex);
}

//  Unlock, and tell the owner if there is something new.
static void
s_unlock_and_ring (rabbitmq_publisher_t *self)
{
    bool must_ring = !self->has_rung;
    self->has_rung = true;
    pthread_mutex_unlock (&self->mutex);
    if (must_ring)
        (void) eventfd_write (self->ear_fd, 1);
}

//  Add the fate of a message, and free it. The mutex is held.
static void
s_add_fate (rabbitmq_publisher_t *self, flight_t *flight, bool is_carried)
{
    fate_t fate = {flight->message.id,
        flight->published_us ? clock_us () - flight->published_us : 0, is_carried};
    g_array_append_val (self->fates, fate);
    self->fates_bytes += flight->message.body.size;
    g_free (flight);
}

static void
s_set_name (const rabbitmq_publisher_t *self, uint32_t queue, char name[RABBITMQ_QUEUE_NAME_SIZE])
{
    if (self->is_divided)
        rabbitmq_queue_name (name, self->topic, queue);
    else
        g_strlcpy (name, self->topic, RABBITMQ_QUEUE_NAME_SIZE);
}

static bool
s_begin (void *context, rabbitmq_connection_t *connection)
{
    rabbitmq_publisher_t *self = context;
    self->published = self->confirmed = self->made = 0;
    (void) amqp_channel_open (connection->state, RABBITMQ_FIRST_CHANNEL);
    if (!rabbitmq_connection_check_last (connection, "opening a channel"))
        return false;
    (void) amqp_confirm_select (connection->state, RABBITMQ_FIRST_CHANNEL);
    if (!rabbitmq_connection_check_last (connection, "asking for confirms"))
        return false;
    self->sessions++;
    return true;
}

//  Make the queues that are wanted, and say so when they are there.
static bool
s_make_queues (rabbitmq_publisher_t *self, rabbitmq_connection_t *connection)
{
    s_lock (self);
    uint32_t wanted = self->queues;
    pthread_mutex_unlock (&self->mutex);
    for (; self->made < wanted; self->made++) {
        char name[RABBITMQ_QUEUE_NAME_SIZE];
        s_set_name (self, self->made, name);
        if (!rabbitmq_queue_make (connection, RABBITMQ_FIRST_CHANNEL, name))
            return false;
    }
    s_lock (self);
    bool has_all = self->queues > 0 && self->made >= self->queues;
    uint64_t session = has_all ? self->sessions : 0;
    if (self->state.session == session && self->state.is_away == connection->is_blocked) {
        pthread_mutex_unlock (&self->mutex);
        return true;
    }
    self->state.session = session;
    self->state.is_away = connection->is_blocked;
    self->state.is_refused = false;
    g_strlcpy (self->state.reason, connection->reason, sizeof self->state.reason);
    s_unlock_and_ring (self);
    return true;
}

//  Publish a message under a number, which comes back in its message id if it cannot be delivered.
static bool
s_publish (rabbitmq_publisher_t *self, rabbitmq_connection_t *connection, flight_t *flight)
{
    const rabbitmq_message_t *message = &flight->message;
    char name[RABBITMQ_QUEUE_NAME_SIZE];
    char id[ID_SIZE];
    amqp_table_entry_t headers[RABBITMQ_HEADERS_MAX + 1];
    int64_t now_ms = g_get_real_time () / 1000;
    int count = 0;
    for (size_t index = 0; index < message->headers_count; index++) {
        const rabbitmq_header_t *header = &message->headers[index];
        headers[count++] = (amqp_table_entry_t){amqp_cstring_bytes (header->name),
            {.kind = header->is_bytes ? AMQP_FIELD_KIND_BYTES : AMQP_FIELD_KIND_UTF8,
                .value.bytes = {header->value.size, (void *) (gpointer) header->value.data}}};
    }
    headers[count++] = (amqp_table_entry_t){amqp_cstring_bytes (RABBITMQ_TIME_HEADER),
        {.kind = AMQP_FIELD_KIND_I64, .value.i64 = now_ms}};
    s_set_name (self, message->queue, name);
    g_snprintf (id, sizeof id, "%llu", (unsigned long long) ++self->published);
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                  AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_HEADERS_FLAG,
        .content_type = amqp_cstring_bytes ("application/x-ndjson"),
        .delivery_mode = AMQP_DELIVERY_PERSISTENT,
        .message_id = amqp_cstring_bytes (id),
        .timestamp = (uint64_t) now_ms / 1000,
        .headers = {count, headers}};
    flight->published_us = clock_us ();
    uint64_t *key = g_new (uint64_t, 1);
    *key = self->published;
    g_hash_table_insert (self->unconfirmed, key, flight);
    int status = amqp_basic_publish (connection->state, RABBITMQ_FIRST_CHANNEL, amqp_empty_bytes,
        amqp_cstring_bytes (name), 1, 0, &properties,
        (amqp_bytes_t){message->body.size, (void *) (gpointer) message->body.data});
    return status == AMQP_STATUS_OK || rabbitmq_connection_fail (connection, "publishing", status);
}

//  Take the next waiting message. Return NULL, and note that the thread sleeps, if there is none.
static flight_t *
s_next (rabbitmq_publisher_t *self)
{
    s_lock (self);
    GList *link = g_queue_pop_head_link (&self->waiting);
    self->is_asleep = !link;
    pthread_mutex_unlock (&self->mutex);
    return link ? link->data : NULL;
}

//  Note when the oldest message without a confirm was published.
static void
s_note_oldest (rabbitmq_publisher_t *self)
{
    uint64_t number = self->confirmed + 1;
    while (number <= self->published && !g_hash_table_contains (self->unconfirmed, &number))
        number++;
    self->confirmed = number - 1;
    const flight_t *oldest = g_hash_table_lookup (self->unconfirmed, &number);
    s_lock (self);
    self->oldest_us = oldest ? oldest->published_us : 0;
    pthread_mutex_unlock (&self->mutex);
}

static bool
s_run (void *context, rabbitmq_connection_t *connection, int *timeout_ms)
{
    rabbitmq_publisher_t *self = context;
    if (!s_make_queues (self, connection))
        return false;
    flight_t *flight = NULL;
    for (int count = 0; count < PUBLISHED_PER_RUN && !connection->is_blocked; count++) {
        flight = s_next (self);
        if (!flight)
            break;
        if (!s_publish (self, connection, flight))
            return false;
    }
    s_note_oldest (self);
    if (flight)
        *timeout_ms = 0;
    return true;
}

//  End the messages up to a number that are not confirmed, or just this one.
static void
s_confirm (rabbitmq_publisher_t *self, uint64_t number, bool is_multiple, bool is_carried)
{
    s_lock (self);
    for (uint64_t one = is_multiple ? self->confirmed + 1 : number; one <= number; one++) {
        flight_t *flight = g_hash_table_lookup (self->unconfirmed, &one);
        if (!flight)
            continue;
        g_hash_table_remove (self->unconfirmed, &one);
        s_add_fate (self, flight, is_carried && !flight->is_returned);
    }
    s_unlock_and_ring (self);
}

//  A message has no queue to go to; its confirm follows. Take its content as well.
static bool
s_take_return (
    rabbitmq_publisher_t *self, rabbitmq_connection_t *connection, const amqp_frame_t *frame)
{
    amqp_message_t message;
    if (!rabbitmq_connection_check (connection, "reading a returned message",
            amqp_read_message (connection->state, frame->channel, &message, 0)))
        return false;
    char id[ID_SIZE] = "";
    guint64 number = 0;
    g_snprintf (id, sizeof id, "%.*s", (int) message.properties.message_id.len,
        (const char *) message.properties.message_id.bytes);
    (void) g_ascii_string_to_unsigned (id, 10, 0, UINT64_MAX, &number, NULL);
    flight_t *flight = g_hash_table_lookup (self->unconfirmed, &number);
    if (flight)
        flight->is_returned = true;
    amqp_destroy_message (&message);
    g_strlcpy (connection->reason, "a queue is gone", sizeof connection->reason);
    self->made = 0;  //  make it again
    return true;
}

static bool
s_take (void *context, rabbitmq_connection_t *connection, amqp_frame_t *frame)
{
    rabbitmq_publisher_t *self = context;
    const amqp_basic_ack_t *ack = frame->payload.method.decoded;
    const amqp_basic_nack_t *nack = frame->payload.method.decoded;
    switch (frame->payload.method.id) {
    case AMQP_BASIC_ACK_METHOD:
        s_confirm (self, ack->delivery_tag, ack->multiple, true);
        return true;
    case AMQP_BASIC_NACK_METHOD:
        s_confirm (self, nack->delivery_tag, nack->multiple, false);
        return true;
    case AMQP_BASIC_RETURN_METHOD:
        return s_take_return (self, connection, frame);
    default:
        return true;
    }
}

//  Nothing that waits or has no confirm is known to be carried.
static void
s_end (void *context, const rabbitmq_connection_t *connection)
{
    rabbitmq_publisher_t *self = context;
    GHashTableIter iterator;
    gpointer flight;
    s_lock (self);
    g_hash_table_iter_init (&iterator, self->unconfirmed);
    while (g_hash_table_iter_next (&iterator, NULL, &flight)) {
        s_add_fate (self, flight, false);
        g_hash_table_iter_remove (&iterator);
    }
    for (GList *link; (link = g_queue_pop_head_link (&self->waiting));)
        s_add_fate (self, link->data, false);
    self->oldest_us = 0;
    self->state.session = 0;
    self->state.is_away = true;
    self->state.is_refused = connection->is_refused;
    g_strlcpy (self->state.reason, connection->reason, sizeof self->state.reason);
    s_unlock_and_ring (self);
}

static const rabbitmq_calls_t s_calls = {s_begin, s_run, s_take, s_end};

static void
s_free (rabbitmq_publisher_t **self_p)
{
    rabbitmq_publisher_t *self = g_steal_pointer (self_p);
    for (GList *link; (link = g_queue_pop_head_link (&self->waiting));)
        g_free (link->data);
    g_array_unref (self->fates);
    g_array_unref (self->reported);
    g_hash_table_unref (self->unconfirmed);
    pthread_mutex_destroy (&self->mutex);
    g_free (self);
}

rabbitmq_publisher_t *
rabbitmq_publisher_new (
    const rabbitmq_settings_t *settings, const char *topic, bool is_divided, int ear_fd)
{
    rabbitmq_publisher_t *self = g_new0 (rabbitmq_publisher_t, 1);
    self->topic = topic;
    self->is_divided = is_divided;
    self->ear_fd = ear_fd;
    self->state.is_away = true;
    self->away_since_us = clock_us ();
    self->fates = g_array_new (FALSE, FALSE, sizeof (fate_t));
    self->reported = g_array_new (FALSE, FALSE, sizeof (fate_t));
    self->unconfirmed = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
    pthread_mutex_init (&self->mutex, NULL);
    self->client = rabbitmq_client_new (settings, &s_calls, self);
    if (!self->client)
        s_free (&self);
    return self;
}

bool
rabbitmq_publisher_destroy (rabbitmq_publisher_t **self_p)
{
    rabbitmq_publisher_t *self = g_steal_pointer (self_p);
    if (!self)
        return true;
    if (!rabbitmq_client_end (&self->client))
        return false;
    s_free (&self);
    return true;
}

void
rabbitmq_publisher_set_queues (rabbitmq_publisher_t *self, uint32_t count)
{
    s_lock (self);
    bool is_other = self->queues != count;
    self->queues = count;
    if (is_other)
        self->state.session = 0;
    pthread_mutex_unlock (&self->mutex);
    if (is_other)
        self->condition.session = 0;
    rabbitmq_client_wake (self->client);
}

//  Copy a message, with all that it refers to.
static flight_t *
s_copy (const rabbitmq_message_t *message)
{
    size_t size = message->body.size;
    for (size_t index = 0; index < message->headers_count; index++)
        size += message->headers[index].value.size;
    flight_t *flight = g_malloc (sizeof (flight_t) + size);
    *flight = (flight_t){.message = *message};
    flight->link.data = flight;
    char *at = flight->bytes;
    if (message->body.size > 0)  //  an empty one has no data
        memcpy (at, message->body.data, message->body.size);
    flight->message.body.data = at;
    at += message->body.size;
    for (size_t index = 0; index < message->headers_count; index++) {
        text_t *value = &flight->message.headers[index].value;
        memcpy (at, value->data, value->size);
        value->data = at;
        at += value->size;
    }
    return flight;
}

bool
rabbitmq_publisher_send (rabbitmq_publisher_t *self, const rabbitmq_message_t *message)
{
    size_t bytes = message->body.size;
    bool is_full = self->flights >= RABBITMQ_FLIGHTS ||
                   (self->flights > 0 && self->flight_bytes + bytes > RABBITMQ_FLIGHT_BYTES);
    if (is_full || self->condition.session == 0)
        return false;
    flight_t *flight = s_copy (message);
    self->flights++;
    self->flight_bytes += bytes;
    s_lock (self);
    g_queue_push_tail_link (&self->waiting, &flight->link);
    bool must_wake = self->is_asleep;
    self->is_asleep = false;
    pthread_mutex_unlock (&self->mutex);
    if (must_wake)
        rabbitmq_client_wake (self->client);
    return true;
}

//  The broker is away if there is no connection for a while, if it blocks, or if a confirm is overdue.
static void
s_look (rabbitmq_publisher_t *self, int64_t oldest_us)
{
    int64_t now_us = clock_us ();
    rabbitmq_publisher_condition_t *condition = &self->condition;
    if (!condition->is_away)
        self->away_since_us = 0;
    else if (self->away_since_us == 0)
        self->away_since_us = now_us;
    bool is_gone = self->away_since_us && now_us - self->away_since_us >= CONNECT_US;
    bool is_silent = oldest_us > 0 && now_us - oldest_us >= AWAY_US;
    condition->is_away = is_gone || is_silent;
}

void
rabbitmq_publisher_run (rabbitmq_publisher_t *self, rabbitmq_fate_fn *tell, void *context)
{
    s_lock (self);
    GArray *fates = self->fates;
    self->fates = self->reported;
    self->reported = fates;
    size_t bytes = self->fates_bytes;
    self->fates_bytes = 0;
    self->has_rung = false;
    self->condition = self->state;
    int64_t oldest_us = self->oldest_us;
    pthread_mutex_unlock (&self->mutex);
    s_look (self, oldest_us);
    self->flights -= fates->len;
    self->flight_bytes -= bytes;
    for (guint index = 0; index < fates->len; index++) {
        const fate_t *fate = &g_array_index (fates, fate_t, index);
        tell (context, fate->id, fate->is_carried, fate->took_us);
    }
    g_array_set_size (fates, 0);
}

const rabbitmq_publisher_condition_t *
rabbitmq_publisher_condition (const rabbitmq_publisher_t *self)
{
    return &self->condition;
}
