//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/sqs_dead_letters.h"

#include <glib.h>

#define LETTERS_MAX 1000  //  SQS has to be told again and again that their messages stay hidden
#define REASON_MAX 300

typedef struct {
    const sqs_partition_t *partition;
    sqs_message_t *message;  //  NULL: it is forgotten
    size_t size;             //  of its body
    char *reason;
    GList link;
} letter_t;

typedef struct {
    dead_letters_t base;
    sqs_feed_t *feed;
    uint64_t *delivered;
    GQueue waiting;  //  of letter_t: those that wait for their batch
    GQueue batch;    //  of letter_t: those in progress, in its order
} sqs_dead_letters_t;

dead_letters_t *
sqs_dead_letters_new (sqs_feed_t *feed, uint64_t *delivered)
{
    sqs_dead_letters_t *self = g_new0 (sqs_dead_letters_t, 1);
    self->base = (dead_letters_t){.place = feed->letters.name, .max = LETTERS_MAX};
    self->feed = feed;
    self->delivered = delivered;
    return &self->base;
}

//  Free a letter that is in no list.
static void
s_free_letter (sqs_dead_letters_t *self, letter_t *letter)
{
    if (letter->message)
        letter->message->is_letter = false;
    dead_letters_remove (&self->base, letter->size);
    g_free (letter->reason);
    g_free (letter);
}

void
sqs_dead_letters_destroy (dead_letters_t **base_p)
{
    sqs_dead_letters_t *self = (sqs_dead_letters_t *) *base_p;
    if (!self)
        return;
    while (self->waiting.head)
        s_free_letter (self, g_queue_pop_head_link (&self->waiting)->data);
    while (self->batch.head)
        s_free_letter (self, g_queue_pop_head_link (&self->batch)->data);
    g_free (self);
    *base_p = NULL;
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
sqs_dead_letters_send (dead_letters_t *base, const sqs_partition_t *partition,
    sqs_message_t *message, const char *reason)
{
    sqs_dead_letters_t *self = (sqs_dead_letters_t *) base;
    letter_t *letter = g_new0 (letter_t, 1);
    *letter = (letter_t){.partition = partition,
        .message = message,
        .size = message->body.size,
        .reason = s_reason (reason),
        .link.data = letter};
    message->is_letter = true;
    dead_letters_add (base, letter->size);
    g_queue_push_tail_link (&self->waiting, &letter->link);
    sqs_client_wake_at (self->feed->client, 0);
}

//  Forget the messages of a partition in a list.
static void
s_forget (GQueue *letters, const sqs_partition_t *partition)
{
    for (GList *link = letters->head; link; link = link->next) {
        letter_t *letter = link->data;
        if (letter->partition != partition || !letter->message)
            continue;
        letter->message->is_letter = false;
        letter->message = NULL;
    }
}

void
sqs_dead_letters_forget (dead_letters_t *base, const sqs_partition_t *partition)
{
    sqs_dead_letters_t *self = (sqs_dead_letters_t *) base;
    s_forget (&self->waiting, partition);
    s_forget (&self->batch, partition);
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
    dead_letters_fail (&self->base, reason);
    sqs_client_wake_at (self->feed->client, self->base.retry_at_ms);
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
sqs_dead_letters_run (dead_letters_t *base)
{
    sqs_dead_letters_t *self = (sqs_dead_letters_t *) base;
    sqs_entry_t entries[SQS_BATCH_MAX];
    size_t bytes = 0;
    if (self->batch.head || !self->waiting.head)
        return;
    sqs_queue_run (&self->feed->letters);
    if (self->feed->letters.state != SQS_QUEUE_READY || dead_letters_are_resting (base) ||
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
