//  The source of --bus=rabbitmq: messages of the queues TOPIC.0, TOPIC.1 and so on, one for each
//  partition. Gateways and any other programs publish them. A message of a gateway holds a frame,
//  and its tag.
//
//  There are no positions: a message leaves its queue when it is saved. A message that comes again,
//  because its acknowledgement was lost, counts as a duplicate. Reading pauses while many messages
//  are unsaved or many dead letters are not carried.
//  SPDX-License-Identifier: Apache-2.0
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"
#include "processor/intake/rabbitmq_dead_letters.h"
#include "processor/intake/record_reader.h"
#include "processor/intake/source.h"
#include "processor/rabbitmq/rabbitmq_consumer.h"
#include "processor/rabbitmq/rabbitmq_partition.h"

#define LEAVE_MS 2000  //  other processors wait for the messages of a leaving partition
#define START_MS 20    //  between two looks at a broker, at the start
#define AWAY_MS 1000   //  report a lost connection only after this time, as it may soon come back
#define LOG_INTERVAL_MS 1000

typedef struct {
    source_t base;
    shards_t *shards;
    rabbitmq_settings_t *settings;
    char *topic;
    char *dead_letter;  //  NULL: none are sent
    int ear_fd;
    rabbitmq_consumer_t *consumer;
    dead_letters_t *letters;  //  NULL: none are sent
    record_reader_t *reader;
    GQueue deliveries;  //  of rabbitmq_delivery_t, to be read
    rabbitmq_partition_t *partitions;
    uint32_t leaving;  //  partitions in RABBITMQ_PARTITION_LEAVES
    uint32_t *depths;
    int64_t away_since_ms;  //  0: the broker answers
    bool is_away;           //  as logged last
    int64_t refusal_logged_ms;
    int64_t broker_logged_ms;
} source_rabbitmq_t;

//  Return the shard of a partition that takes messages in, or NULL.
static shard_t *
s_shard (const source_rabbitmq_t *self, uint32_t number)
{
    shard_t *shard = self->shards->shards[number];
    return shard && !shard_is_leaving (shard) ? shard : NULL;
}

//  Acknowledge the saved messages.
static void
s_acknowledge (source_rabbitmq_t *self, uint32_t number)
{
    rabbitmq_partition_t *partition = &self->partitions[number];
    const shard_t *shard = self->shards->shards[number];
    uint64_t tag = 0;
    if (shard && rabbitmq_partition_settle (partition, changes_saved (shard_changes (shard)), &tag))
        rabbitmq_consumer_acknowledge (self->consumer, number, partition->instance, tag);
}

//  Close a partition that leaves, when nothing is left to acknowledge.
static void
s_try_to_close (source_rabbitmq_t *self, uint32_t number)
{
    rabbitmq_partition_t *partition = &self->partitions[number];
    if (partition->phase != RABBITMQ_PARTITION_LEAVES ||
        (self->shards->shards[number] && partition->unsaved.head &&
            clock_ms () - partition->left_ms < LEAVE_MS))
        return;
    rabbitmq_consumer_close (self->consumer, number);
    rabbitmq_partition_forget (partition);
    partition->phase = RABBITMQ_PARTITION_IDLE;
    self->leaving--;
}

static void
s_take_letter (void *context, uint32_t number, uint64_t assignment, uint64_t instance, uint64_t tag)
{
    source_rabbitmq_t *self = context;
    self->shards->counters.dead_letters++;
    rabbitmq_partition_let_go (&self->partitions[number], assignment, instance, tag);
    s_acknowledge (self, number);
    s_try_to_close (self, number);
}

//  Put a bad message aside. Take the delivery.
static void
s_refuse (source_rabbitmq_t *self, rabbitmq_delivery_t *delivery, const char *reason)
{
    self->shards->counters.records_refused++;
    if (log_is_due (&self->refusal_logged_ms, LOG_INTERVAL_MS))
        log_event (LOG_WARN, "record refused", "queue=%s.%u reason=%s refused_so_far=%llu",
            self->topic, delivery->partition, reason,
            (unsigned long long) self->shards->counters.records_refused);
    if (self->letters)
        rabbitmq_dead_letters_send (self->letters, delivery, reason);
    else
        rabbitmq_delivery_free (delivery);
}

//  Add the ack of the frame in a message, if a gateway wrote the message.
static void
s_note_frame (source_rabbitmq_t *self, shard_t *shard, const rabbitmq_delivery_t *delivery)
{
    uint64_t digest = 0;
    frame_head_t head = {.partition = delivery->partition};
    if (!delivery->has_frame_tag ||
        !frame_tag_read (delivery->frame_tag, FRAME_TAG_SIZE, &head, &digest))
        return;
    acks_add (changes_acks (shard_changes (shard)), &head, digest);
    self->shards->counters.frames++;
}

//  Fold a message, or put it aside. Take the delivery.
static void
s_read (source_rabbitmq_t *self, shard_t *shard, rabbitmq_delivery_t *delivery)
{
    rabbitmq_partition_t *partition = &self->partitions[delivery->partition];
    text_t body = delivery->body ? text_of (delivery->body, delivery->size) : (text_t){0};
    int64_t start_us = clock_us ();
    self->shards->counters.records++;
    const char *fault = record_reader_fold (self->reader, shard, (text_t){0}, body);
    s_note_frame (self, shard, delivery);
    rabbitmq_partition_add (partition, delivery->instance, delivery->tag,
        changes_folded (shard_changes (shard)), delivery->time_ms, fault && self->letters);
    histogram_add (&self->shards->latencies.apply, clock_us () - start_us, 1);
    if (fault)
        s_refuse (self, delivery, fault);
    else
        rabbitmq_delivery_free (delivery);
}

//  Take the next delivery. Ignore one of an earlier assignment: the broker delivers it again.
static void
s_take_next (source_rabbitmq_t *self)
{
    rabbitmq_delivery_t *delivery = g_queue_pop_head_link (&self->deliveries)->data;
    rabbitmq_partition_t *partition = &self->partitions[delivery->partition];
    shard_t *shard = s_shard (self, delivery->partition);
    rabbitmq_consumer_took (self->consumer, delivery->size);
    if (shard && partition->phase == RABBITMQ_PARTITION_READS &&
        partition->assignment == delivery->assignment)
        s_read (self, shard, delivery);
    else
        rabbitmq_delivery_free (delivery);
}

//  Acknowledge messages that need no save, such as duplicates, and close partitions that have left.
static void
s_look_at_partitions (source_rabbitmq_t *self)
{
    for (uint32_t number = 0; number < self->shards->partitions; number++) {
        if (self->partitions[number].unsaved.head)
            s_acknowledge (self, number);
        if (self->leaving > 0)
            s_try_to_close (self, number);
    }
}

static bool
s_take (source_t *base, int64_t budget_us)
{
    source_rabbitmq_t *self = (source_rabbitmq_t *) base;
    int64_t until_us = clock_us () + budget_us;
    eventfd_t rung;
    (void) eventfd_read (self->ear_fd, &rung);
    if (self->letters)
        rabbitmq_dead_letters_run (self->letters);
    rabbitmq_consumer_take (self->consumer, &self->deliveries);
    bool is_paused = dead_letters_hold_up (self->letters, self->shards);
    while (self->deliveries.head && !is_paused && clock_us () < until_us) {
        s_take_next (self);
        is_paused = dead_letters_are_full (self->letters);
    }
    s_look_at_partitions (self);
    return self->deliveries.head && !is_paused;
}

static bool
s_assign (source_t *base, uint32_t number)
{
    source_rabbitmq_t *self = (source_rabbitmq_t *) base;
    rabbitmq_partition_t *partition = &self->partitions[number];
    self->leaving -= partition->phase == RABBITMQ_PARTITION_LEAVES;
    rabbitmq_partition_forget (partition);
    partition->phase = RABBITMQ_PARTITION_READS;
    partition->assignment++;
    partition->behind_ms = 0;
    rabbitmq_consumer_open (self->consumer, number, partition->assignment);
    return true;
}

static void
s_revoke (source_t *base, uint32_t number)
{
    source_rabbitmq_t *self = (source_rabbitmq_t *) base;
    rabbitmq_partition_t *partition = &self->partitions[number];
    if (partition->phase != RABBITMQ_PARTITION_READS)
        return;
    partition->phase = RABBITMQ_PARTITION_LEAVES;
    partition->left_ms = clock_ms ();
    self->leaving++;
    self->shards->lags[number] = (lag_t){0};
    rabbitmq_consumer_pause (self->consumer, number);
    s_acknowledge (self, number);
    s_try_to_close (self, number);
}

static void
s_saved (source_t *base, uint32_t number, const position_t *position)
{
    source_rabbitmq_t *self = (source_rabbitmq_t *) base;
    (void) position;
    s_acknowledge (self, number);
    s_try_to_close (self, number);
}

static socket_item_t
s_item (source_t *base)
{
    return (socket_item_t){.fd = ((source_rabbitmq_t *) base)->ear_fd};
}

//  Return how far the saved state is behind the queue.
static lag_t
s_lag (const source_rabbitmq_t *self, uint32_t number, int64_t now_ms)
{
    rabbitmq_partition_t *partition = &self->partitions[number];
    const shard_t *shard = self->shards->shards[number];
    if (self->depths[number] == RABBITMQ_DEPTH_UNKNOWN)
        return (lag_t){0};
    uint64_t queued = self->depths[number] + partition->waiting;
    uint64_t unsaved = shard ? changes_unsaved (shard_changes (shard)) : 0;
    if (queued == 0)
        partition->behind_ms = 0;
    else if (partition->behind_ms == 0)
        partition->behind_ms = now_ms;
    int64_t oldest_ms = rabbitmq_partition_oldest_ms (partition);
    int64_t since_ms = oldest_ms ? oldest_ms : partition->behind_ms;
    if (queued + unsaved == 0)
        return (lag_t){.is_known = true};
    return (lag_t){.messages = queued + unsaved,
        .age_ms = since_ms ? (uint64_t) MAX (0, now_ms - since_ms) : 0,
        .is_known = true};
}

static void
s_measure (source_rabbitmq_t *self)
{
    int64_t now_ms = clock_wall_us () / 1000;
    for (uint32_t number = 0; number < self->shards->partitions; number++)
        self->partitions[number].waiting = 0;
    for (const GList *link = self->deliveries.head; link; link = link->next)
        self->partitions[((const rabbitmq_delivery_t *) link->data)->partition].waiting++;
    for (uint32_t number = 0; number < self->shards->partitions; number++)
        if (self->partitions[number].phase == RABBITMQ_PARTITION_READS)
            self->shards->lags[number] = s_lag (self, number, now_ms);
}

static bus_health_t
s_health (source_t *base)
{
    source_rabbitmq_t *self = (source_rabbitmq_t *) base;
    rabbitmq_consumer_condition_t condition;
    rabbitmq_consumer_look (self->consumer, &condition, self->depths);
    s_measure (self);
    if (condition.is_ready)
        self->away_since_ms = 0;
    else if (self->away_since_ms == 0)
        self->away_since_ms = clock_ms ();
    bool is_away = self->away_since_ms && clock_ms () - self->away_since_ms >= AWAY_MS;
    if (is_away != self->is_away)
        log_event (is_away ? LOG_WARN : LOG_INFO,
            is_away ? "no broker of RabbitMQ answers: reading pauses"
                    : "a broker of RabbitMQ answers again",
            "topic=%s reason=%s", self->topic, condition.reason);
    self->is_away = is_away;
    return (bus_health_t){.kind = "rabbitmq",
        .topic = self->topic,
        .is_away = is_away,
        .dead_letters_waiting = dead_letters_waiting (self->letters),
        .brokers_up = condition.is_ready,
        .received_bytes = condition.received_bytes};
}

static void
s_destroy (source_t **base_p)
{
    source_rabbitmq_t *self = (source_rabbitmq_t *) *base_p;
    watchdog_rest ();  //  the threads may wait for a broker
    bool has_ended = rabbitmq_dead_letters_destroy (&self->letters);
    has_ended = rabbitmq_consumer_destroy (&self->consumer) && has_ended;
    for (GList *link; (link = g_queue_pop_head_link (&self->deliveries));)
        rabbitmq_delivery_free (link->data);
    for (uint32_t number = 0; self->partitions && number < self->shards->partitions; number++)
        rabbitmq_partition_forget (&self->partitions[number]);
    record_reader_destroy (&self->reader);
    g_free (self->partitions);
    g_free (self->depths);
    if (has_ended) {
        rabbitmq_settings_destroy (&self->settings);
        g_free (self->topic);
        g_free (self->dead_letter);
        close (self->ear_fd);
    }
    g_free (self);
    *base_p = NULL;
}

//  Return true if all connections are ready. Set *is_refused if one will never be.
static bool
s_is_ready (source_rabbitmq_t *self, rabbitmq_consumer_condition_t *condition, bool *is_refused)
{
    rabbitmq_consumer_look (self->consumer, condition, NULL);
    *is_refused = condition->is_refused;
    if (!self->letters || !condition->is_ready)
        return condition->is_ready;
    rabbitmq_dead_letters_run (self->letters);
    const rabbitmq_publisher_condition_t *letters = rabbitmq_dead_letters_condition (self->letters);
    *is_refused = *is_refused || letters->is_refused;
    if (*letters->reason)
        g_strlcpy (condition->reason, letters->reason, sizeof condition->reason);
    return letters->session > 0;
}

//  Wait until the broker has all queues. Return false if it refuses, or the patience ends.
static bool
s_await (source_rabbitmq_t *self, const patience_t *patience)
{
    rabbitmq_consumer_condition_t condition;
    bool is_refused = false;
    while (!s_is_ready (self, &condition, &is_refused)) {
        if (is_refused) {
            log_event (LOG_ERROR, "RabbitMQ refuses what this processor needs",
                "topic=%s reason=%s advice=%s", self->topic, condition.reason,
                RABBITMQ_REFUSAL_ADVICE);
            return false;
        }
        if (*condition.reason && log_is_due (&self->broker_logged_ms, LOG_INTERVAL_MS * 10))
            log_event (LOG_WARN, "waiting for a broker of RabbitMQ", "topic=%s reason=%s",
                self->topic, condition.reason);
        if (!patience_wait (patience, START_MS)) {
            log_event (LOG_INFO, "stopped while RabbitMQ was away", "");
            return false;
        }
    }
    log_event (LOG_INFO, "reading from RabbitMQ", "topic=%s queues=%u", self->topic,
        self->shards->partitions);
    return true;
}

source_t *
source_rabbitmq_new (const source_setup_t *setup)
{
    rabbitmq_settings_t *settings = rabbitmq_settings_read (setup->choice->settings);
    if (!settings)
        return NULL;
    source_rabbitmq_t *self = g_new0 (source_rabbitmq_t, 1);
    self->base = (source_t){s_take, s_assign, s_revoke, s_saved, s_item, s_health, s_destroy};
    self->shards = setup->shards;
    self->settings = settings;
    self->topic = g_strdup (setup->choice->topic);
    self->dead_letter = g_strdup (setup->choice->dead_letter);
    self->ear_fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    g_assert (self->ear_fd >= 0);
    self->reader = record_reader_new (self->shards);
    self->partitions = g_new0 (rabbitmq_partition_t, self->shards->partitions);
    self->depths = g_new0 (uint32_t, self->shards->partitions);
    self->consumer =
        rabbitmq_consumer_new (settings, self->topic, self->shards->partitions, self->ear_fd);
    if (self->dead_letter)
        self->letters = rabbitmq_dead_letters_new (
            settings, self->dead_letter, self->topic, self->ear_fd, s_take_letter, self);
    source_t *base = &self->base;
    bool has_clients = self->consumer && (self->letters || !self->dead_letter);
    if (!has_clients || !s_await (self, setup->patience))
        s_destroy (&base);
    return base;
}
