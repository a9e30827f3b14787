//  The owner sets the wanted condition of each partition, and the thread brings it about. So the
//  only queue between them holds deliveries, and it is bounded: while too many wait, the thread
//  does not read.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/rabbitmq/rabbitmq_consumer.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "common/process/clock.h"

#define DEPTH_MS 1000
#define DEPTHS_PER_RUN 32
#define AGAIN_MS 5
#define DEPTH_CHANNEL RABBITMQ_FIRST_CHANNEL
#define HEADER_IS(entry, text)                                                                     \
    ((entry)->key.len == sizeof (text) - 1 &&                                                      \
        memcmp ((entry)->key.bytes, text, sizeof (text) - 1) == 0)

//  The condition of a partition that the owner wants.
typedef struct {
    bool is_open;
    bool is_read;
    bool is_changed;  //  the thread has not looked at it yet
    uint64_t assignment;
    uint64_t acked_instance;
    uint64_t acked_tag;
} wish_t;

//  The condition of a partition that the thread has brought about.
typedef struct {
    bool is_open;
    bool is_read;
    uint64_t assignment;
    uint64_t instance;
    uint64_t acked_tag;
} channel_t;

struct rabbitmq_consumer {
    const char *topic;
    uint32_t partitions;
    int ear_fd;
    rabbitmq_client_t *client;

    pthread_mutex_t mutex;  //  of the next ones
    wish_t *wishes;         //  by partition
    bool has_wishes;        //  that are changed
    GQueue deliveries;      //  of rabbitmq_delivery_t
    size_t waiting_bytes;
    bool was_full;
    uint32_t *depths;  //  by partition
    rabbitmq_consumer_condition_t condition;

    channel_t *channels;  //  by partition; this and the rest is for the thread
    uint64_t instances;
    bool has_left_over;  //  a wish must wait for frames that came before
    uint32_t next_depth;
    int64_t depths_at_ms;
    GQueue came;  //  of rabbitmq_delivery_t, not yet handed over
    size_t came_bytes;
};

void
rabbitmq_delivery_free (rabbitmq_delivery_t *self)
{
    free (self->body);
    g_free (self);
}

static amqp_channel_t
s_channel_of (uint32_t partition)
{
    return (amqp_channel_t) (DEPTH_CHANNEL + 1 + partition);
}

static bool
s_begin (void *context, rabbitmq_connection_t *connection)
{
    rabbitmq_consumer_t *self = context;
    (void) amqp_channel_open (connection->state, DEPTH_CHANNEL);
    if (!rabbitmq_connection_check_last (connection, "opening a channel"))
        return false;
    for (uint32_t partition = 0; partition < self->partitions; partition++) {
        char name[RABBITMQ_QUEUE_NAME_SIZE];
        rabbitmq_queue_name (name, self->topic, partition);
        if (!rabbitmq_queue_make (connection, DEPTH_CHANNEL, name))
            return false;
    }
    pthread_mutex_lock (&self->mutex);
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        self->wishes[partition].is_changed = true;
    self->has_wishes = true;
    self->condition.is_ready = true;
    self->condition.is_refused = false;
    self->condition.reason[0] = 0;
    pthread_mutex_unlock (&self->mutex);
    (void) eventfd_write (self->ear_fd, 1);
    return true;
}

//  Open the channel of a partition, and ask for deliveries.
static bool
s_open (rabbitmq_consumer_t *self, rabbitmq_connection_t *connection, uint32_t partition,
    uint64_t assignment)
{
    channel_t *channel = &self->channels[partition];
    char name[RABBITMQ_QUEUE_NAME_SIZE];
    rabbitmq_queue_name (name, self->topic, partition);
    (void) amqp_channel_open (connection->state, s_channel_of (partition));
    if (!rabbitmq_connection_check_last (connection, "opening a channel"))
        return false;
    (void) amqp_basic_qos (connection->state, s_channel_of (partition), 0, RABBITMQ_PREFETCH, 0);
    if (!rabbitmq_connection_check_last (connection, "setting the prefetch"))
        return false;
    *channel = (channel_t){true, true, assignment, ++self->instances, 0};
    (void) amqp_basic_consume (connection->state, s_channel_of (partition),
        amqp_cstring_bytes (name), amqp_cstring_bytes ("downlink"), 0, 0, 0, amqp_empty_table);
    return rabbitmq_connection_check_last (connection, name);
}

static bool
s_close (rabbitmq_consumer_t *self, rabbitmq_connection_t *connection, uint32_t partition)
{
    self->channels[partition] = (channel_t){0};
    return rabbitmq_connection_check (connection, "closing a channel",
        amqp_channel_close (connection->state, s_channel_of (partition), AMQP_REPLY_SUCCESS));
}

static bool
s_acknowledge (
    rabbitmq_consumer_t *self, rabbitmq_connection_t *connection, uint32_t partition, uint64_t tag)
{
    self->channels[partition].acked_tag = tag;
    int status = amqp_basic_ack (connection->state, s_channel_of (partition), tag, 1);
    return status == AMQP_STATUS_OK ||
           rabbitmq_connection_fail (connection, "acknowledging", status);
}

static bool
s_stop_reading (rabbitmq_consumer_t *self, rabbitmq_connection_t *connection, uint32_t partition)
{
    self->channels[partition].is_read = false;
    (void) amqp_basic_cancel (
        connection->state, s_channel_of (partition), amqp_cstring_bytes ("downlink"));
    return rabbitmq_connection_check_last (connection, "ending a consumer");
}

//  Bring about the wanted condition. Open a channel only when no frames of an earlier channel with
//  its number are left.
static bool
s_fulfil (rabbitmq_consumer_t *self, rabbitmq_connection_t *connection, uint32_t partition,
    const wish_t *wish)
{
    channel_t *channel = &self->channels[partition];
    if (channel->is_open && wish->acked_instance == channel->instance &&
        wish->acked_tag > channel->acked_tag &&
        !s_acknowledge (self, connection, partition, wish->acked_tag))
        return false;
    if (channel->is_open && (!wish->is_open || wish->assignment != channel->assignment) &&
        !s_close (self, connection, partition))
        return false;
    if (channel->is_open && channel->is_read && !wish->is_read &&
        !s_stop_reading (self, connection, partition))
        return false;
    if (channel->is_open || !wish->is_open || !wish->is_read)
        return true;
    if (!amqp_frames_enqueued (connection->state))
        return s_open (self, connection, partition, wish->assignment);
    self->has_left_over = true;
    pthread_mutex_lock (&self->mutex);
    self->wishes[partition].is_changed = self->has_wishes = true;
    pthread_mutex_unlock (&self->mutex);
    return true;
}

//  Take the next partition, from one on, whose wanted condition has changed. Return false if there
//  is none.
static bool
s_next_wish (rabbitmq_consumer_t *self, uint32_t *partition, wish_t *wish)
{
    pthread_mutex_lock (&self->mutex);
    if (*partition == 0) {
        if (!self->has_wishes)
            *partition = self->partitions;
        self->has_wishes = false;
    }
    while (*partition < self->partitions && !self->wishes[*partition].is_changed)
        (*partition)++;
    if (*partition < self->partitions) {
        self->wishes[*partition].is_changed = false;
        *wish = self->wishes[*partition];
    }
    pthread_mutex_unlock (&self->mutex);
    return *partition < self->partitions;
}

//  Measure some of the queues of open partitions, by turns.
static bool
s_measure (rabbitmq_consumer_t *self, rabbitmq_connection_t *connection, int *timeout_ms)
{
    int64_t now_ms = clock_ms ();
    if (now_ms < self->depths_at_ms) {
        *timeout_ms = MIN (*timeout_ms, (int) (self->depths_at_ms - now_ms));
        return true;
    }
    uint32_t measured = 0;
    for (; self->next_depth < self->partitions && measured < DEPTHS_PER_RUN; self->next_depth++) {
        char name[RABBITMQ_QUEUE_NAME_SIZE];
        uint32_t depth = 0;
        if (!self->channels[self->next_depth].is_open)
            continue;
        rabbitmq_queue_name (name, self->topic, self->next_depth);
        if (!rabbitmq_queue_depth (connection, DEPTH_CHANNEL, name, &depth))
            return false;
        pthread_mutex_lock (&self->mutex);
        self->depths[self->next_depth] = depth;
        pthread_mutex_unlock (&self->mutex);
        measured++;
    }
    if (self->next_depth >= self->partitions) {
        self->next_depth = 0;
        self->depths_at_ms = now_ms + DEPTH_MS;
    }
    *timeout_ms = MIN (*timeout_ms, DEPTH_MS / 10);
    return true;
}

//  Hand over the new deliveries. Return true if too much waits.
static bool
s_hand_over (rabbitmq_consumer_t *self)
{
    bool is_new = self->came.length > 0;
    pthread_mutex_lock (&self->mutex);
    for (GList *link; (link = g_queue_pop_head_link (&self->came));)
        g_queue_push_tail_link (&self->deliveries, link);
    self->waiting_bytes += self->came_bytes;
    self->condition.received_bytes += self->came_bytes;
    bool is_full = self->waiting_bytes >= RABBITMQ_WAITING_BYTES;
    self->was_full = is_full;
    pthread_mutex_unlock (&self->mutex);
    self->came_bytes = 0;
    if (is_new)
        (void) eventfd_write (self->ear_fd, 1);
    return is_full;
}

static bool
s_run (void *context, rabbitmq_connection_t *connection, int *timeout_ms)
{
    rabbitmq_consumer_t *self = context;
    wish_t wish = {0};
    connection->has_no_room = s_hand_over (self);
    self->has_left_over = false;
    for (uint32_t partition = 0; s_next_wish (self, &partition, &wish); partition++)
        if (!s_fulfil (self, connection, partition, &wish))
            return false;
    if (self->has_left_over)
        *timeout_ms = AGAIN_MS;
    return connection->has_no_room || s_measure (self, connection, timeout_ms);
}

//  Take time and tag from the properties.
static void
s_read_properties (rabbitmq_delivery_t *delivery, const amqp_basic_properties_t *properties)
{
    if (properties->_flags & AMQP_BASIC_TIMESTAMP_FLAG)
        delivery->time_ms = (int64_t) MIN (properties->timestamp, G_MAXINT64 / 1000) * 1000;
    if (!(properties->_flags & AMQP_BASIC_HEADERS_FLAG))
        return;
    for (int index = 0; index < properties->headers.num_entries; index++) {
        const amqp_table_entry_t *entry = &properties->headers.entries[index];
        const amqp_field_value_t *value = &entry->value;
        if (value->kind == AMQP_FIELD_KIND_I64 && HEADER_IS (entry, RABBITMQ_TIME_HEADER))
            delivery->time_ms = value->value.i64;
        else if (value->kind == AMQP_FIELD_KIND_BYTES && HEADER_IS (entry, FRAME_TAG_NAME) &&
                 value->value.bytes.len == FRAME_TAG_SIZE) {
            memcpy (delivery->frame_tag, value->value.bytes.bytes, FRAME_TAG_SIZE);
            delivery->has_frame_tag = true;
        }
    }
}

static bool
s_take_delivery (
    rabbitmq_consumer_t *self, rabbitmq_connection_t *connection, const amqp_frame_t *frame)
{
    uint64_t tag = ((const amqp_basic_deliver_t *) frame->payload.method.decoded)->delivery_tag;
    amqp_channel_t number = frame->channel;
    amqp_message_t message;
    if (!rabbitmq_connection_check (connection, "reading a message",
            amqp_read_message (connection->state, number, &message, 0)))
        return false;
    uint32_t partition = (uint32_t) number - DEPTH_CHANNEL - 1;
    const channel_t *channel = partition < self->partitions ? &self->channels[partition] : NULL;
    if (channel && channel->is_open) {
        rabbitmq_delivery_t *delivery = g_new0 (rabbitmq_delivery_t, 1);
        *delivery = (rabbitmq_delivery_t){.partition = partition,
            .assignment = channel->assignment,
            .instance = channel->instance,
            .tag = tag,
            .body = message.body.bytes,
            .size = message.body.len};
        delivery->link.data = delivery;
        s_read_properties (delivery, &message.properties);
        message.body = amqp_empty_bytes;  //  it is the delivery's now
        self->came_bytes += delivery->size;
        connection->has_no_room = self->came_bytes >= RABBITMQ_WAITING_BYTES / 4;
        g_queue_push_tail_link (&self->came, &delivery->link);
    }
    amqp_destroy_message (&message);
    return true;
}

static bool
s_take (void *context, rabbitmq_connection_t *connection, amqp_frame_t *frame)
{
    rabbitmq_consumer_t *self = context;
    if (frame->payload.method.id == AMQP_BASIC_CANCEL_METHOD) {
        g_strlcpy (connection->reason, "a queue is gone", sizeof connection->reason);
        return false;
    }
    return frame->payload.method.id != AMQP_BASIC_DELIVER_METHOD ||
           s_take_delivery (self, connection, frame);
}

static void
s_end (void *context, const rabbitmq_connection_t *connection)
{
    rabbitmq_consumer_t *self = context;
    memset (self->channels, 0, self->partitions * sizeof (channel_t));
    (void) s_hand_over (self);
    pthread_mutex_lock (&self->mutex);
    self->condition.is_ready = false;
    self->condition.is_refused = connection->is_refused;
    g_strlcpy (self->condition.reason, connection->reason, sizeof self->condition.reason);
    pthread_mutex_unlock (&self->mutex);
    (void) eventfd_write (self->ear_fd, 1);
}

static const rabbitmq_calls_t s_calls = {s_begin, s_run, s_take, s_end};

static void
s_free (rabbitmq_consumer_t **self_p)
{
    rabbitmq_consumer_t *self = g_steal_pointer (self_p);
    for (GList *link; (link = g_queue_pop_head_link (&self->deliveries));)
        rabbitmq_delivery_free (link->data);
    pthread_mutex_destroy (&self->mutex);
    g_free (self->wishes);
    g_free (self->channels);
    g_free (self->depths);
    g_free (self);
}

rabbitmq_consumer_t *
rabbitmq_consumer_new (
    const rabbitmq_settings_t *settings, const char *topic, uint32_t partitions, int ear_fd)
{
    rabbitmq_consumer_t *self = g_new0 (rabbitmq_consumer_t, 1);
    self->topic = topic;
    self->partitions = partitions;
    self->ear_fd = ear_fd;
    self->wishes = g_new0 (wish_t, partitions);
    self->channels = g_new0 (channel_t, partitions);
    self->depths = g_new0 (uint32_t, partitions);
    pthread_mutex_init (&self->mutex, NULL);
    self->client = rabbitmq_client_new (settings, &s_calls, self);
    if (!self->client)
        s_free (&self);
    return self;
}

bool
rabbitmq_consumer_destroy (rabbitmq_consumer_t **self_p)
{
    rabbitmq_consumer_t *self = g_steal_pointer (self_p);
    if (!self)
        return true;
    if (!rabbitmq_client_end (&self->client))
        return false;
    s_free (&self);
    return true;
}

//  Begin to change the wanted condition of a partition.
static wish_t *
s_change (rabbitmq_consumer_t *self, uint32_t partition)
{
    pthread_mutex_lock (&self->mutex);
    self->has_wishes = true;
    self->wishes[partition].is_changed = true;
    return &self->wishes[partition];
}

static void
s_end_change (rabbitmq_consumer_t *self)
{
    pthread_mutex_unlock (&self->mutex);
    rabbitmq_client_wake (self->client);
}

void
rabbitmq_consumer_open (rabbitmq_consumer_t *self, uint32_t partition, uint64_t assignment)
{
    wish_t *wish = s_change (self, partition);
    wish->is_open = wish->is_read = true;
    wish->assignment = assignment;
    self->depths[partition] = RABBITMQ_DEPTH_UNKNOWN;
    s_end_change (self);
}

void
rabbitmq_consumer_pause (rabbitmq_consumer_t *self, uint32_t partition)
{
    s_change (self, partition)->is_read = false;
    s_end_change (self);
}

void
rabbitmq_consumer_close (rabbitmq_consumer_t *self, uint32_t partition)
{
    s_change (self, partition)->is_open = false;
    s_end_change (self);
}

void
rabbitmq_consumer_acknowledge (
    rabbitmq_consumer_t *self, uint32_t partition, uint64_t instance, uint64_t tag)
{
    wish_t *wish = s_change (self, partition);
    wish->acked_instance = instance;
    wish->acked_tag = tag;
    s_end_change (self);
}

void
rabbitmq_consumer_take (rabbitmq_consumer_t *self, GQueue *deliveries)
{
    pthread_mutex_lock (&self->mutex);
    for (GList *link; (link = g_queue_pop_head_link (&self->deliveries));)
        g_queue_push_tail_link (deliveries, link);
    pthread_mutex_unlock (&self->mutex);
}

void
rabbitmq_consumer_took (rabbitmq_consumer_t *self, size_t bytes)
{
    pthread_mutex_lock (&self->mutex);
    self->waiting_bytes -= bytes;
    bool must_wake = self->was_full && self->waiting_bytes < RABBITMQ_WAITING_BYTES;
    pthread_mutex_unlock (&self->mutex);
    if (must_wake)
        rabbitmq_client_wake (self->client);
}

void
rabbitmq_consumer_look (
    rabbitmq_consumer_t *self, rabbitmq_consumer_condition_t *condition, uint32_t *depths)
{
    pthread_mutex_lock (&self->mutex);
    *condition = self->condition;
    if (depths)
        memcpy (depths, self->depths, self->partitions * sizeof *depths);
    pthread_mutex_unlock (&self->mutex);
}
