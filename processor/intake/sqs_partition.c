//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/sqs_partition.h"

#include <glib.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define CHANGES_MAX 4
#define REST_MS 100  //  after the first failure; doubled by each further one
#define REST_DOUBLED_MAX 4
#define COUNT_MS 5000
#define LOOK_MS 250

//  The purpose of a call.
typedef enum { CALL_RECEIVE, CALL_DELETE, CALL_HIDE, CALL_SHOW, CALL_COUNT } call_kind_t;

typedef struct {
    sqs_partition_t *partition;
    call_kind_t kind;
    uint64_t assignment;
    GQueue messages;  //  of sqs_message_t, in the order of the batch: of DELETE and SHOW
    GList link;
} call_t;

static void
s_free_messages (GQueue *messages)
{
    while (messages->head)
        sqs_message_free (g_queue_pop_head_link (messages)->data);
}

//  Free a call that is in no list.
static void
s_free_call (call_t *call)
{
    s_free_messages (&call->messages);
    g_free (call);
}

void
sqs_partition_free (sqs_partition_t *self)
{
    while (self->calls.head)
        s_free_call (g_queue_pop_head_link (&self->calls)->data);
    s_free_messages (&self->inbox);
    s_free_messages (&self->held);
    s_free_messages (&self->done);
    s_free_messages (&self->back);
}

static void
s_move (GQueue *from, GQueue *to, sqs_message_t *message)
{
    g_queue_unlink (from, &message->link);
    g_queue_push_tail_link (to, &message->link);
}

static void
s_move_all (GQueue *from, GQueue *to)
{
    while (from->head)
        s_move (from, to, from->head->data);
}

void
sqs_partition_assign (sqs_partition_t *self)
{
    s_move_all (&self->held, &self->back);
    self->is_assigned = true;
    self->assignment++;
    self->is_full = true;
    self->waiting = 0;
    self->is_counted = false;
    self->newest_ms = 0;
    sqs_client_wake_at (self->feed->client, 0);
}

void
sqs_partition_revoke (sqs_partition_t *self)
{
    s_move_all (&self->inbox, &self->back);
    self->is_assigned = false;
    self->assignment++;
    sqs_client_wake_at (self->feed->client, 0);
}

sqs_message_t *
sqs_partition_next (const sqs_partition_t *self)
{
    return self->inbox.head ? self->inbox.head->data : NULL;
}

void
sqs_partition_hold (sqs_partition_t *self, sqs_message_t *message, uint64_t folded)
{
    message->folded = folded;
    s_move (&self->inbox, &self->held, message);
}

void
sqs_partition_settle (sqs_partition_t *self, uint64_t saved)
{
    for (GList *link = self->held.head; link;) {
        sqs_message_t *message = link->data;
        link = link->next;
        if (message->folded > saved)
            break;
        if (!message->is_letter)
            s_move (&self->held, &self->done, message);
    }
}

void
sqs_partition_give_back (sqs_partition_t *self)
{
    s_move_all (&self->held, &self->back);
}

bool
sqs_partition_is_busy (const sqs_partition_t *self)
{
    return self->done.head || self->back.head || self->changes > 0;
}

int64_t
sqs_partition_oldest_ms (const sqs_partition_t *self)
{
    const GQueue *lists[] = {&self->held, &self->inbox};
    for (size_t index = 0; index < G_N_ELEMENTS (lists); index++)
        if (lists[index]->head)
            return ((const sqs_message_t *) lists[index]->head->data)->sent_ms;
    return self->waiting > 0 ? self->newest_ms : 0;
}

//  Note a reply. After a failure no call begins for a while.
static void
s_note (sqs_partition_t *self, const sqs_reply_t *reply)
{
    if (reply->outcome == SQS_DONE) {
        self->failures = 0;
        return;
    }
    int64_t rest_ms = REST_MS << MIN (self->failures, REST_DOUBLED_MAX);
    self->failures++;
    self->rest_until_ms = clock_ms () + rest_ms;
    sqs_client_wake_at (self->feed->client, self->rest_until_ms);
    if (reply->outcome == SQS_MISSING)
        sqs_queue_lose (&self->feed->queues[self->number]);
    if (reply->outcome == SQS_REFUSED)
        log_event (LOG_ERROR, "SQS refuses a call for a queue", "queue=%s reason=%s",
            self->feed->queues[self->number].name, reply->reason);
}

//  Take messages. Those that an earlier assignment asked for go back.
static void
s_take_messages (sqs_partition_t *self, const sqs_reply_t *reply, uint64_t assignment)
{
    size_t count = reply->json ? sqs_json_count (reply->json, "Messages") : 0;
    bool is_ours = self->is_assigned && assignment == self->assignment;
    int64_t hidden_ms = clock_ms () + (int64_t) self->feed->settings->visibility_s * 1000;
    if (reply->outcome == SQS_DONE && is_ours) {
        self->is_full = count == SQS_BATCH_MAX;
        self->waiting = count == 0 ? 0 : self->waiting;
        self->is_counted = self->is_counted || count == 0;
    }
    for (size_t index = 0; index < count; index++) {
        sqs_message_t *message = sqs_message_read (sqs_json_at (reply->json, "Messages", index));
        if (!message)
            continue;
        message->hidden_ms = hidden_ms;
        self->newest_ms = MAX (self->newest_ms, message->sent_ms);
        g_queue_push_tail_link (is_ours ? &self->inbox : &self->back, &message->link);
    }
}

//  Take the results of a batch. An entry that failed goes back to its list, unless it would fail
//  again: then SQS no longer counts the message as ours, and shows it again.
static void
s_take_results (call_t *call, const sqs_reply_t *reply, GQueue *list)
{
    size_t index = 0;
    for (GList *link = call->messages.head; link; index++) {
        sqs_message_t *message = link->data;
        link = link->next;
        sqs_result_t result = sqs_result_of (reply, index);
        if (!result.is_done && !result.is_refused && reply->outcome != SQS_MISSING)
            s_move (&call->messages, list, message);
    }
}

static void
s_take_count (sqs_partition_t *self, const sqs_reply_t *reply)
{
    const sqs_json_t *all = reply->json ? sqs_json_member (reply->json, "Attributes") : NULL;
    self->is_counting = false;
    if (!all)
        return;
    self->waiting = (uint64_t) MAX (0, sqs_json_number (all, "ApproximateNumberOfMessages"));
    self->is_counted = true;
}

static void
s_take_reply (void *context, const sqs_reply_t *reply)
{
    call_t *call = context;
    sqs_partition_t *self = call->partition;
    s_note (self, reply);
    switch (call->kind) {
    case CALL_RECEIVE:
        self->receives--;
        s_take_messages (self, reply, call->assignment);
        break;
    case CALL_DELETE:
        self->changes--;
        s_take_results (call, reply, &self->done);
        break;
    case CALL_SHOW:
        self->changes--;
        s_take_results (call, reply, &self->back);
        break;
    case CALL_HIDE:
        self->changes--;
        break;
    case CALL_COUNT:
        s_take_count (self, reply);
        break;
    }
    g_queue_unlink (&self->calls, &call->link);
    s_free_call (call);
    sqs_client_wake_at (self->feed->client, 0);
}

static call_t *
s_new_call (sqs_partition_t *self, call_kind_t kind)
{
    call_t *call = g_new0 (call_t, 1);
    call->partition = self;
    call->kind = kind;
    call->assignment = self->assignment;
    call->link.data = call;
    g_queue_push_tail_link (&self->calls, &call->link);
    return call;
}

static const char *
s_url (const sqs_partition_t *self)
{
    return self->feed->queues[self->number].url;
}

//  Delete messages of a list, or show them again.
static void
s_change (sqs_partition_t *self, call_kind_t kind, GQueue *list)
{
    char *receipts[SQS_BATCH_MAX];
    size_t count = 0;
    call_t *call = s_new_call (self, kind);
    for (; list->head && count < SQS_BATCH_MAX; count++) {
        sqs_message_t *message = list->head->data;
        receipts[count] = message->receipt;
        s_move (list, &call->messages, message);
    }
    self->changes++;
    if (kind == CALL_DELETE)
        sqs_client_call (self->feed->client, "DeleteMessageBatch",
            sqs_body_delete (self->feed->json, s_url (self), receipts, count), 0, s_take_reply,
            call);
    else
        sqs_client_call (self->feed->client, "ChangeMessageVisibilityBatch",
            sqs_body_show_in (self->feed->json, s_url (self), receipts, count, 0), 0, s_take_reply,
            call);
}

//  Hide some messages for longer. If that fails, they come again, which is harmless.
static void
s_hide (sqs_partition_t *self, char *const *receipts, size_t count)
{
    call_t *call = s_new_call (self, CALL_HIDE);
    self->changes++;
    sqs_client_call (self->feed->client, "ChangeMessageVisibilityBatch",
        sqs_body_show_in (
            self->feed->json, s_url (self), receipts, count, self->feed->settings->visibility_s),
        0, s_take_reply, call);
}

//  Hide the messages of a list for longer that are shown again soon.
static void
s_hide_due (sqs_partition_t *self, const GQueue *list, int64_t now_ms)
{
    int64_t whole_ms = (int64_t) self->feed->settings->visibility_s * 1000;
    char *receipts[SQS_BATCH_MAX];
    size_t count = 0;
    for (GList *link = list->head; link; link = link->next) {
        sqs_message_t *message = link->data;
        if (message->hidden_ms - now_ms > whole_ms / 2)
            continue;
        message->hidden_ms = now_ms + whole_ms;
        receipts[count++] = message->receipt;
        if (count == SQS_BATCH_MAX) {
            s_hide (self, receipts, count);
            count = 0;
        }
    }
    if (count > 0)
        s_hide (self, receipts, count);
}

static void
s_keep_hidden (sqs_partition_t *self)
{
    int64_t now_ms = clock_ms ();
    if (now_ms < self->look_at_ms)
        return;
    self->look_at_ms = now_ms + LOOK_MS;
    s_hide_due (self, &self->held, now_ms);
    s_hide_due (self, &self->inbox, now_ms);
}

static guint
s_count (const sqs_partition_t *self)
{
    return self->inbox.length + self->held.length + self->done.length + self->back.length;
}

static void
s_receive (sqs_partition_t *self, unsigned receives_max, int wait_s)
{
    const sqs_settings_t *settings = self->feed->settings;
    //  One call is enough, unless messages come in full batches.
    unsigned wanted = self->is_full && !settings->is_fifo ? receives_max : MIN (1, receives_max);
    while (self->receives < wanted && self->inbox.length < SQS_INBOX_MAX &&
           s_count (self) + SQS_BATCH_MAX * (self->receives + 1) <= SQS_HELD_MAX) {
        self->receives++;
        sqs_client_call (self->feed->client, "ReceiveMessage",
            sqs_body_receive (self->feed->json, s_url (self), settings, wait_s), wait_s,
            s_take_reply, s_new_call (self, CALL_RECEIVE));
    }
}

//  Ask how many messages wait, unless the queue was seen empty.
static void
s_ask_count (sqs_partition_t *self)
{
    int64_t now_ms = clock_ms ();
    if (self->is_counting || now_ms < self->count_at_ms || !self->is_full)
        return;
    self->count_at_ms = now_ms + COUNT_MS;
    self->is_counting = true;
    sqs_client_call (self->feed->client, "GetQueueAttributes",
        sqs_body_ask (self->feed->json, s_url (self)), 0, s_take_reply,
        s_new_call (self, CALL_COUNT));
}

void
sqs_partition_run (sqs_partition_t *self, unsigned receives_max, int wait_s)
{
    sqs_queue_t *queue = &self->feed->queues[self->number];
    if (!self->is_assigned && !self->held.head && !sqs_partition_is_busy (self))
        return;
    sqs_queue_run (queue);
    if (queue->state != SQS_QUEUE_READY || !sqs_client_can_call (self->feed->client))
        return;
    if (clock_ms () < self->rest_until_ms) {
        sqs_client_wake_at (self->feed->client, self->rest_until_ms);
        return;
    }
    while (self->back.head && self->changes < CHANGES_MAX)
        s_change (self, CALL_SHOW, &self->back);
    while (self->done.head && self->changes < CHANGES_MAX)
        s_change (self, CALL_DELETE, &self->done);
    s_keep_hidden (self);
    if (!self->is_assigned)
        return;
    s_ask_count (self);
    s_receive (self, receives_max, wait_s);
}
