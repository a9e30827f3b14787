//  The source of --bus=sqs: messages of queues, one for each partition, in any order and more than
//  once. Gateways and any other programs write them. A message is deleted when its lines are saved;
//  if the process dies before, it comes again. There are no positions.
//
//  Reading pauses while many messages are not saved or many dead letters are not delivered.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <poll.h>

#include "common/process/clock.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"
#include "common/sqs/sqs_frames.h"
#include "processor/intake/record_reader.h"
#include "processor/intake/source.h"
#include "processor/intake/sqs_dead_letters.h"

//  The number of requests for messages at a time. The first ones wait at SQS as long as the
//  settings say; further ones wait for a short time, so that they soon make room for partitions
//  without a request.
#define LONG_RECEIVES_MAX 40
#define RECEIVES_MAX 80
#define SHORT_WAIT_S 1
#define CLOSE_MS 1500  //  for the last calls
#define LOG_INTERVAL_MS 1000
#define MESSAGES_PER_STEP 4  //  the clock is read between steps

typedef struct {
    source_t base;
    shards_t *shards;
    sqs_feed_t *feed;
    dead_letters_t *letters;  //  NULL: none are sent
    record_reader_t *reader;
    sqs_frames_t *frames;  //  those that came in pieces
    sqs_partition_t *partitions;
    uint64_t epochs[PARTITIONS_MAX];  //  of the assigned or last assigned shards
    uint32_t first;                   //  the partition to take from first
    uint64_t lines;                   //  folded, of so many
    uint64_t messages;                //  of SQS
    int64_t refusal_logged_ms;
    bool was_away;  //  as logged last
} source_sqs_t;

//  Return the shard for which the held messages of a partition were folded, or NULL if it is gone.
static shard_t *
s_shard (const source_sqs_t *self, uint32_t number)
{
    shard_t *shard = self->shards->shards[number];
    return shard && shard_owned (shard).epoch == self->epochs[number] ? shard : NULL;
}

//  Put a bad message aside.
static void
s_refuse (
    source_sqs_t *self, sqs_partition_t *partition, sqs_message_t *message, const char *reason)
{
    self->shards->counters.records_refused++;
    if (log_is_due (&self->refusal_logged_ms, LOG_INTERVAL_MS))
        log_event (LOG_WARN, "record refused", "queue=%s id=%s reason=%s refused_so_far=%llu",
            self->feed->queues[partition->number].name, message->id ? message->id : "", reason,
            (unsigned long long) self->shards->counters.records_refused);
    if (self->letters)
        sqs_dead_letters_send (self->letters, partition, message, reason);
}

//  Add the acks of the frames that are complete with this message.
static void
s_note_frames (source_sqs_t *self, shard_t *shard, const sqs_message_t *message)
{
    frame_head_t head;
    uint64_t digest = 0;
    unsigned part = 1;
    unsigned parts = 1;
    if (!message->frames || (message->part && !sqs_part_read (message->part, &part, &parts)))
        return;
    for (size_t index = 0; sqs_frames_read (message->frames, index, &head, &digest); index++) {
        head.partition = shard_owned (shard).partition;
        if (parts > 1 && !sqs_frames_note (self->frames, &head, digest, part, parts))
            continue;
        acks_add (changes_acks (shard_changes (shard)), &head, digest);
        self->shards->counters.frames++;
    }
}

static void
s_take_message (
    source_sqs_t *self, sqs_partition_t *partition, shard_t *shard, sqs_message_t *message)
{
    uint64_t before = changes_folded (shard_changes (shard));
    self->shards->counters.records++;
    const char *fault = record_reader_fold (self->reader, shard, (text_t){0}, message->body);
    if (fault)
        s_refuse (self, partition, message, fault);
    s_note_frames (self, shard, message);
    self->lines += changes_folded (shard_changes (shard)) - before;
    self->messages++;
    sqs_partition_hold (partition, message, changes_folded (shard_changes (shard)));
}

//  Take some messages of a partition. Return true if more wait.
static bool
s_take_some (source_sqs_t *self, sqs_partition_t *partition)
{
    shard_t *shard = s_shard (self, partition->number);
    if (!partition->is_assigned || !shard || shard_is_leaving (shard))
        return false;
    int64_t start_us = clock_us ();
    sqs_message_t *message = NULL;
    uint64_t count = 0;
    for (; count < MESSAGES_PER_STEP && (message = sqs_partition_next (partition)); count++)
        s_take_message (self, partition, shard, message);
    if (count > 0)
        histogram_add (
            &self->shards->latencies.apply, (clock_us () - start_us) / (int64_t) count, count);
    return sqs_partition_next (partition) != NULL;
}

//  Settle the held messages of a partition: delete those that are saved, and, when the shard is
//  gone, show the others to the next owner.
static void
s_settle (source_sqs_t *self, uint32_t number)
{
    sqs_partition_t *partition = &self->partitions[number];
    const shard_t *shard = partition->held.head ? s_shard (self, number) : NULL;
    if (shard)
        sqs_partition_settle (partition, changes_saved (shard_changes (shard)));
    else if (partition->held.head) {
        if (self->letters)
            sqs_dead_letters_forget (self->letters, partition);
        sqs_partition_give_back (partition);
    }
}

//  Return the number of requests for messages that one partition may have. Keep one for every
//  partition that may still come, as far as possible.
static unsigned
s_receives_share (const source_sqs_t *self)
{
    g_assert (self->shards->partitions > 0);
    return CLAMP (LONG_RECEIVES_MAX / self->shards->partitions, 1, SQS_PARTITION_RECEIVES);
}

//  Take replies, and make the calls that are due.
static void
s_run (source_sqs_t *self, bool may_receive)
{
    uint32_t receives = 0;
    sqs_client_run (self->feed->client);
    for (uint32_t number = 0; number < self->shards->partitions; number++)
        receives += self->partitions[number].receives;
    unsigned share = s_receives_share (self);
    for (uint32_t count = 0; count < self->shards->partitions; count++) {
        uint32_t number = self->first;
        self->first = number + 1 < self->shards->partitions ? number + 1 : 0;
        sqs_partition_t *partition = &self->partitions[number];
        uint32_t before = partition->receives;
        s_settle (self, number);
        bool may_wait = receives < LONG_RECEIVES_MAX;
        sqs_partition_run (partition, may_receive && receives < RECEIVES_MAX ? share : 0,
            may_wait ? self->feed->settings->wait_s : SHORT_WAIT_S);
        receives += partition->receives - before;
    }
    //  The next run begins with another partition.
    self->first = self->first + 1 < self->shards->partitions ? self->first + 1 : 0;
    if (self->letters)
        sqs_dead_letters_run (self->letters);
}

static bool
s_take (source_t *base, int64_t budget_us)
{
    source_sqs_t *self = (source_sqs_t *) base;
    int64_t until_us = clock_us () + budget_us;
    bool must_pause = dead_letters_hold_up (self->letters, self->shards);
    bool is_more_left = !must_pause;
    s_run (self, !must_pause);
    while (is_more_left && clock_us () < until_us) {
        is_more_left = false;
        for (uint32_t number = 0; number < self->shards->partitions; number++)
            is_more_left = s_take_some (self, &self->partitions[number]) || is_more_left;
    }
    return is_more_left;
}

static bool
s_assign (source_t *base, uint32_t number)
{
    source_sqs_t *self = (source_sqs_t *) base;
    s_settle (self, number);
    self->epochs[number] = shard_owned (self->shards->shards[number]).epoch;
    if (self->letters)
        sqs_dead_letters_forget (self->letters, &self->partitions[number]);
    sqs_partition_assign (&self->partitions[number]);
    return true;
}

static void
s_revoke (source_t *base, uint32_t number)
{
    source_sqs_t *self = (source_sqs_t *) base;
    sqs_partition_revoke (&self->partitions[number]);
    sqs_frames_forget (self->frames, number);
    self->shards->lags[number] = (lag_t){0};
}

//  While a processor stops, it does not call take: the deletions begin here, and end with destroy.
static void
s_saved (source_t *base, uint32_t number, const position_t *position)
{
    source_sqs_t *self = (source_sqs_t *) base;
    (void) position;
    s_settle (self, number);
    sqs_partition_run (&self->partitions[number], false, 0);
}

static socket_item_t
s_item (source_t *base)
{
    return (socket_item_t){.fd = sqs_client_fd (((source_sqs_t *) base)->feed->client)};
}

//  Return how far the saved state is behind the queue. SQS counts its messages, each of several
//  lines.
static lag_t
s_lag (const source_sqs_t *self, const sqs_partition_t *partition, int64_t now_ms)
{
    const shard_t *shard = self->shards->shards[partition->number];
    uint64_t unsaved = shard ? changes_unsaved (shard_changes (shard)) : 0;
    uint64_t waiting = partition->waiting + partition->inbox.length;
    uint64_t lines = self->messages > 0 ? MAX (1, self->lines / self->messages) : 1;
    int64_t oldest_ms = sqs_partition_oldest_ms (partition);
    if (waiting == 0 && unsaved == 0)
        return (lag_t){.is_known = partition->is_counted};
    return (lag_t){.messages = unsaved + waiting * lines,
        .age_ms = oldest_ms > 0 ? (uint64_t) MAX (0, now_ms - oldest_ms) : 0,
        .is_known = partition->is_counted};
}

static bus_health_t
s_health (source_t *base)
{
    source_sqs_t *self = (source_sqs_t *) base;
    const char *reason = "";
    int64_t now_ms = clock_wall_us () / 1000;
    for (uint32_t number = 0; number < self->shards->partitions; number++)
        if (self->partitions[number].is_assigned)
            self->shards->lags[number] = s_lag (self, &self->partitions[number], now_ms);
    bool is_away = sqs_client_is_away (self->feed->client, &reason);
    if (is_away && !self->was_away)
        log_event (LOG_WARN, "SQS does not answer: reading pauses", "endpoint=%s reason=%s",
            self->feed->settings->endpoint, reason);
    else if (!is_away && self->was_away)
        log_event (LOG_INFO, "SQS answers again", "endpoint=%s", self->feed->settings->endpoint);
    self->was_away = is_away;
    return (bus_health_t){.kind = "sqs",
        .topic = self->feed->settings->topic,
        .is_away = is_away,
        .dead_letters_waiting = dead_letters_waiting (self->letters),
        .brokers_up = !is_away,
        .received_bytes = sqs_client_received (self->feed->client)};
}

static bool
s_is_busy (const source_sqs_t *self)
{
    for (uint32_t number = 0; number < self->shards->partitions; number++)
        if (sqs_partition_is_busy (&self->partitions[number]) ||
            self->partitions[number].receives > 0)
            return true;
    return false;
}

//  Let the last deletions end, and show unsaved messages again, for a bounded time. A request for
//  messages that ends later may still get some, which then stay hidden for a while.
static void
s_close (source_sqs_t *self)
{
    int64_t until_ms = clock_ms () + CLOSE_MS;
    for (uint32_t number = 0; number < self->shards->partitions; number++) {
        s_settle (self, number);
        sqs_partition_revoke (&self->partitions[number]);
        if (self->letters)
            sqs_dead_letters_forget (self->letters, &self->partitions[number]);
        sqs_partition_give_back (&self->partitions[number]);
    }
    for (int64_t now_ms = clock_ms (); now_ms < until_ms; now_ms = clock_ms ()) {
        struct pollfd item = {.fd = sqs_client_fd (self->feed->client), .events = POLLIN};
        s_run (self, false);
        if (!s_is_busy (self) || self->was_away)
            return;
        watchdog_rest ();
        (void) !poll (&item, 1, (int) (until_ms - now_ms));
    }
}

static void
s_destroy (source_t **base_p)
{
    source_sqs_t *self = (source_sqs_t *) *base_p;
    if (self->feed && self->partitions)
        s_close (self);
    sqs_dead_letters_destroy (&self->letters);
    for (uint32_t number = 0; self->partitions && number < self->shards->partitions; number++)
        sqs_partition_free (&self->partitions[number]);
    sqs_feed_close (&self->feed);
    sqs_frames_destroy (&self->frames);
    record_reader_destroy (&self->reader);
    g_free (self->partitions);
    g_free (self);
    *base_p = NULL;
}

source_t *
source_sqs_new (const source_setup_t *setup)
{
    sqs_feed_t *feed = sqs_feed_open (setup->choice, setup->shards->partitions, setup->patience);
    if (!feed)
        return NULL;
    source_sqs_t *self = g_new0 (source_sqs_t, 1);
    self->base = (source_t){s_take, s_assign, s_revoke, s_saved, s_item, s_health, s_destroy};
    self->shards = setup->shards;
    self->feed = feed;
    self->reader = record_reader_new (self->shards);
    self->frames = sqs_frames_new ();
    if (feed->letters.name)
        self->letters = sqs_dead_letters_new (feed, &self->shards->counters.dead_letters);
    self->partitions = g_new0 (sqs_partition_t, self->shards->partitions);
    for (uint32_t number = 0; number < self->shards->partitions; number++) {
        self->partitions[number].feed = feed;
        self->partitions[number].number = number;
    }
    return &self->base;
}
