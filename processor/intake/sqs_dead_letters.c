//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/sqs_dead_letters.h"

#include <glib.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define WAITING_MAX 1000
#define WAITING_MAX_BYTES ((uint64_t) 16 * 1024 * 1024)
#define RETRY_MS 1000
#define LOG_INTERVAL_MS 10000
#define REASON_MAX 300

typedef struct {
    const sqs_partition_t *partition;
    sqs_message_t *message;  //  NULL: it is forgotten
    char *reason;
    GList link;
} letter_t;

struct sqs_dead_letters {
    sqs_feed_t *feed;
    uint64_t *delivered;
    GQueue waiting;  //  of letter_t: those that wait for their batch
    GQueue batch;    //  of letter_t: those under way, in its order
    uint64_t bytes;  //  of all bodies
    int64_t retry_at_ms;
    int64_t logged_ms;
};

sqs_dead_letters_t *
sqs_dead_letters_new (sqs_feed_t *feed, uint64_t *delivered)
{
    sqs_dead_letters_t *self = g_new0 (sqs_dead_letters_t, 1);
    self->feed = feed;
    self->delivered = delivered;
    return self;
}

//  Free a letter that is in no list.
static void
s_free_letter (sqs_dead_letters_t *self, letter_t *letter)
{
    if (letter->message) {
        letter->message->is_letter = false;
        self->bytes -= letter->message->body.size;
    }
    g_free (letter->reason);
    g_free (letter);
}

void
sqs_dead_letters_destroy (sqs_dead_letters_t **self_p)
{
    sqs_dead_letters_t *self = *self_p;
    if (!self)
        return;
    while (self->waiting.head)
        s_free_letter (self, g_queue_pop_head_link (&self->waiting)->data);
    while (self->batch.head)
        s_free_letter (self, g_queue_pop_head_link (&self->batch)->data);
    g_free (self);
    *self_p = NULL;
}

//  Return a reason that SQS takes: not empty, of bounded length, printable ASCII.
static char *
s_reason (const char *reason)
{
    char *text = g_strndup (*reason ? reason : "unknown", REASON_MAX);
    for (char *at = text; *at; at++)
        if (!g_ascii_isprint (*at))
            *at = '?';
    return text;
}

void
sqs_dead_letters_send (sqs_dead_letters_t *self, const sqs_partition_t *partition,
    sqs_message_t *message, const char *reason)
{
    letter_t *letter = g_new0 (letter_t, 1);
    *letter = (letter_t){.partition = partition,
        .message = message,
        .reason = s_reason (reason),
        .link.data = letter};
    message->is_letter = true;
    self->bytes += message->body.size;
    g_queue_push_tail_link (&self->waiting, &letter->link);
    sqs_client_wake_at (self->feed->client, 0);
}

//  Forget the messages of a partition in a list.
static void
s_forget (sqs_dead_letters_t *self, GQueue *letters, const sqs_partition_t *partition)
{
    for (GList *link = letters->head; link; link = link->next) {
        letter_t *letter = link->data;
        if (letter->partition != partition || !letter->message)
            continue;
        letter->message->is_letter = false;
        self->bytes -= letter->message->body.size;
        letter->message = NULL;
    }
}

void
sqs_dead_letters_forget (sqs_dead_letters_t *self, const sqs_partition_t *partition)
{
    s_forget (self, &self->waiting, partition);
    s_forget (self, &self->batch, partition);
    for (GList *link = self->waiting.head; link;) {
        letter_t *letter = link->data;
        link = link->next;
        if (letter->message)
            continue;
        g_queue_unlink (&self->waiting, &letter->link);
        s_free_letter (self, letter);
    }
}

//  Keep a letter that was not taken, to send it again.
static void
s_fail (sqs_dead_letters_t *self, letter_t *letter, const char *reason)
{
    g_queue_push_tail_link (&self->waiting, &letter->link);
    self->retry_at_ms = clock_ms () + RETRY_MS;
    sqs_client_wake_at (self->feed->client, self->retry_at_ms);
    if (log_is_due (&self->logged_ms, LOG_INTERVAL_MS))
        log_event (LOG_WARN, "dead letters are not delivered: they are sent again",
            "queue=%s reason=%s waiting=%u", self->feed->letters.name, reason,
            self->waiting.length);
}

static void
s_take_reply (void *context, const sqs_reply_t *reply)
{
    sqs_dead_letters_t *self = context;
    if (reply->outcome == SQS_MISSING)
        sqs_queue_lose (&self->feed->letters);
    for (size_t index = 0; self->batch.head; index++) {
        letter_t *letter = g_queue_pop_head_link (&self->batch)->data;
        sqs_result_t result = sqs_result_of (reply, index);
        *self->delivered += result.is_done;
        if (letter->message && !result.is_done)
            s_fail (self, letter, result.reason);
        else
            s_free_letter (self, letter);
    }
    sqs_client_wake_at (self->feed->client, 0);
}

//  Describe a letter for a batch; the entry borrows. One that is as large as can be has no room for
//  attributes.
static void
s_describe (const sqs_dead_letters_t *self, const letter_t *letter, sqs_entry_t *entry)
{
    const sqs_message_t *message = letter->message;
    *entry = (sqs_entry_t){.body = message->body,
        .attributes = {{"reason", letter->reason},
            {"queue", self->feed->queues[letter->partition->number].name},
            {"id", message->id ? message->id : "unknown"}},
        .attributes_count = 3};
    if (sqs_entry_bytes (entry) > SQS_BATCH_BYTES)
        entry->attributes_count = 0;
}

void
sqs_dead_letters_run (sqs_dead_letters_t *self)
{
    sqs_entry_t entries[SQS_BATCH_MAX];
    size_t bytes = 0;
    if (self->batch.head || !self->waiting.head)
        return;
    sqs_queue_run (&self->feed->letters);
    if (self->feed->letters.state != SQS_QUEUE_READY || clock_ms () < self->retry_at_ms ||
        !sqs_client_can_call (self->feed->client))
        return;
    while (self->waiting.head && self->batch.length < SQS_BATCH_MAX) {
        letter_t *letter = self->waiting.head->data;
        s_describe (self, letter, &entries[self->batch.length]);
        bytes += sqs_entry_bytes (&entries[self->batch.length]);
        if (bytes > SQS_BATCH_BYTES)
            break;
        g_queue_unlink (&self->waiting, &letter->link);
        g_queue_push_tail_link (&self->batch, &letter->link);
    }
    sqs_client_call (self->feed->client, "SendMessageBatch",
        sqs_body_send (self->feed->json, self->feed->letters.url, entries, self->batch.length), 0,
        s_take_reply, self);
}

bool
sqs_dead_letters_is_full (const sqs_dead_letters_t *self)
{
    return self->waiting.length + self->batch.length >= WAITING_MAX ||
           self->bytes >= WAITING_MAX_BYTES;
}

uint64_t
sqs_dead_letters_waiting (const sqs_dead_letters_t *self)
{
    return self->waiting.length + self->batch.length;
}
