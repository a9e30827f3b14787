//  Each update has a sequence. Changes without subscribers also take one sequence, together. So a
//  subscriber of all rockets sees from the sequences that it missed a change, because its
//  subscription came late or because the socket dropped an update.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/tell/update_sender.h"

#include "common/process/clock.h"
#include "common/process/log.h"
#include "processor/tell/listeners.h"
#include "query/protocol/rocket_update.h"

#define ROCKETS_PER_RUN 512
#define ROCKETS_PER_INTERVAL 5000  //  most due rockets; the others wait for the next interval
#define OVERDUE_MAX 16384          //  most rockets that are published by the next round of saves
#define SUBSCRIPTIONS_PER_RUN 1000
#define LOG_MS 1000
#define FORGET_MS 1000  //  between looks for connections that are gone

struct update_sender {
    shards_t *shards;
    socket_t *events;
    listeners_t *listeners;
    GByteArray *bytes;     //  reused for each update
    uint64_t sequence;     //  of the last update
    bool has_passed_over;  //  a rocket without subscribers changed after it
    uint32_t next;         //  partition to publish first
    uint32_t told;         //  rockets published in this interval
    bool is_due;           //  a shard has due rockets
    bool is_cut;           //  due rockets are left, because the work of a turn is bounded
    int64_t next_ms;       //  when the next interval begins
    int64_t forget_ms;     //  when to look again for connections that are gone
    int64_t logged_ms;     //  when the end of a connection was last logged
};

update_sender_t *
update_sender_new (shards_t *shards, socket_t *events)
{
    update_sender_t *self = g_new0 (update_sender_t, 1);
    self->shards = shards;
    self->events = events;
    self->listeners = listeners_new ();
    self->bytes = g_byte_array_new ();
    return self;
}

void
update_sender_destroy (update_sender_t **self_p)
{
    update_sender_t *self = *self_p;
    if (!self)
        return;
    listeners_destroy (&self->listeners);
    g_byte_array_unref (self->bytes);
    g_free (self);
    *self_p = NULL;
}

//  Begin an update or a sync: fill everything but the rocket.
static rocket_update_t
s_head (update_sender_t *self)
{
    if (self->has_passed_over)
        self->sequence++;
    self->has_passed_over = false;
    rocket_update_t update = {.sequence = self->sequence};
    memcpy (update.processor, self->shards->processor, PROCESSOR_ID_SIZE);
    g_byte_array_set_size (self->bytes, 0);
    return update;
}

//  Send an update or a sync. The socket drops it for slow subscribers; they see the gap in the
//  sequences.
static void
s_send (update_sender_t *self, text_t topic)
{
    if (socket_send (self->events, topic.data, topic.size, true))
        (void) !socket_send (self->events, self->bytes->data, self->bytes->len, false);
}

static void
s_sync (void *context, text_t topic)
{
    update_sender_t *self = context;
    rocket_update_t update = s_head (self);
    rocket_update_write_sync (self->bytes, &update);
    s_send (self, topic);
}

static void
s_tell (update_sender_t *self, owned_t owned, const rocket_view_t *rocket)
{
    rocket_update_t update = s_head (self);
    self->shards->counters.updates++;
    update.sequence = ++self->sequence;
    update.owned = owned;
    update.is_removed = rocket->status == ROCKET_FORGOTTEN;
    rocket_update_write (self->bytes, &update, rocket);
    char topic[UPDATE_TOPIC_MAX] = UPDATE_TOPIC;
    size_t prefix = strlen (topic);
    memcpy (topic + prefix, rocket->id.data, rocket->id.size);
    s_send (self, text_of (topic, prefix + rocket->id.size));
}

void
update_sender_saved (update_sender_t *self, owned_t owned, const GPtrArray *views)
{
    shard_t *shard = self->shards->shards[owned.partition];
    if (!shard || shard_owned (shard).epoch != owned.epoch)
        return;
    untold_t *untold = shard_untold (shard);
    //  Overdue rockets need the loop below even without subscribers, or they would stay overdue.
    if (!listeners_want_some (self->listeners) && untold_overdue (untold) == 0) {
        self->has_passed_over = self->has_passed_over || views->len > 0;
        return;
    }
    for (guint index = 0; index < views->len; index++) {
        const rocket_view_t *view = views->pdata[index];
        rocket_t *rocket = changes_taken (shard_changes (shard), index);
        if (view->status == ROCKET_GONE || !listeners_want (self->listeners, view->id)) {
            (void) untold_pass_over (untold, rocket);
            self->has_passed_over = true;
        }
        else if (untold_note (untold, rocket))
            s_tell (self, owned, view);
    }
}

//  Count and log the connections that were ended since the last call.
static void
s_note_ended (update_sender_t *self)
{
    uint64_t ended = listeners_ended (self->listeners);
    if (ended == self->shards->counters.subscribers_ended)
        return;
    self->shards->counters.subscribers_ended = ended;
    if (log_is_due (&self->logged_ms, LOG_MS))
        log_event (LOG_WARN, "a connection to the events port was ended", "reason=%s ended=%llu",
            "it held too many subscriptions", (unsigned long long) ended);
}

//  Handle new subscriptions. Answer a new sync at once.
static void
s_hear (update_sender_t *self)
{
    text_t message;
    bool more = false;
    for (int count = 0;
         count < SUBSCRIPTIONS_PER_RUN && socket_receive (self->events, &message, &more); count++) {
        text_t topic = listeners_take (self->listeners, socket_visitor (self->events), message);
        if (topic.data)
            s_sync (self, topic);
    }
    s_note_ended (self);
}

//  Begin an interval: send the syncs and make noted rockets due.
static void
s_begin (update_sender_t *self, int64_t now_ms)
{
    self->next_ms = now_ms + UPDATE_INTERVAL_MS;
    self->told = 0;
    self->is_due = self->is_cut = false;
    listeners_each_sync (self->listeners, s_sync, self);
    for (uint32_t partition = 0; partition < self->shards->partitions; partition++) {
        shard_t *shard = self->shards->shards[partition];
        if (shard && untold_make_due (shard_untold (shard)))
            self->is_due = true;
    }
}

static void
s_tell_due (update_sender_t *self, shard_t *shard, uint32_t *budget)
{
    const rocket_t *rocket = NULL;
    untold_t *untold = shard_untold (shard);
    guint overdue_max = OVERDUE_MAX / self->shards->partitions;
    while (
        *budget > 0 && untold_overdue (untold) < overdue_max && untold_next_due (untold, &rocket)) {
        --*budget;
        if (rocket && rocket_status (rocket) != ROCKET_GONE &&
            listeners_want (self->listeners, rocket_id (rocket))) {
            rocket_view_t view;
            rocket_view (rocket, &view);
            s_tell (self, shard_owned (shard), &view);
        }
        else if (rocket)
            self->has_passed_over = true;
    }
}

//  Publish due rockets within the bound of a turn, the partitions in turn. A shard with too many
//  overdue rockets waits for its next save, which publishes them.
static void
s_tell_all_due (update_sender_t *self)
{
    uint32_t budget = MIN (ROCKETS_PER_RUN, ROCKETS_PER_INTERVAL - self->told);
    self->told += budget;
    for (uint32_t count = 0; count < self->shards->partitions && budget > 0; count++) {
        shard_t *shard = self->shards->shards[self->next];
        if (shard)
            s_tell_due (self, shard, &budget);
        if (budget > 0)
            self->next = (self->next + 1) % self->shards->partitions;
    }
    self->told -= budget;
    self->is_cut = budget == 0;
}

void
update_sender_run (update_sender_t *self)
{
    s_hear (self);
    int64_t now_ms = clock_ms ();
    if (now_ms >= self->forget_ms) {
        self->forget_ms = now_ms + FORGET_MS;
        listeners_forget_gone (self->listeners);
    }
    if (now_ms >= self->next_ms)
        s_begin (self, now_ms);
    if (self->is_due && self->told < ROCKETS_PER_INTERVAL)
        s_tell_all_due (self);
}

int64_t
update_sender_timeout_ms (const update_sender_t *self)
{
    if (self->is_cut && self->told < ROCKETS_PER_INTERVAL)
        return 0;
    bool is_idle = !self->is_due && !listeners_want_some (self->listeners);
    return is_idle ? INT64_MAX : MAX (0, self->next_ms - clock_ms ());
}
