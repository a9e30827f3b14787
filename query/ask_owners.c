//  An inquiry is what a caller wants to know; it becomes one question to one owner, or, for a list,
//  one to every owner. The questions of a turn to the same owner travel as one exchange, or more if they
//  are many: a batch with a number in its envelope, which REP sends back. An answer from one who does
//  not own the partition (421), an exchange without an answer, or an epoch that is behind: the inquiry
//  is tried again, as a whole, until its time is over. Answers to a try before the current one are
//  passed over.
//  SPDX-License-Identifier: Apache-2.0
#include "query/ask_owners.h"

#include "common/clock.h"
#include "query/list_merge.h"

#define INQUIRY_MS 1000
#define EXCHANGE_MS 600
#define RETRY_MS 20
#define DOUBT_MS 50  //  since when an exchange is in doubt if the owners have changed meanwhile
#define ANSWERS_PER_RUN 1000

//  That an exchange may bring: with all the gaps that a rocket may have, which take 20 KB, they are no
//  more than the replies of a batch may have. And no more questions than a batch may hold.
#define EXCHANGE_ROCKETS_MAX 2000
_Static_assert(EXCHANGE_ROCKETS_MAX <= QUERY_BATCH_MAX, "a question brings at least one");
_Static_assert(EXCHANGE_ROCKETS_MAX >= QUERY_LIMIT_MAX, "every list fits in");

//  What a list needs, and a GET does not.
typedef struct {
    list_query_t query;  //  its texts are copies
    GPtrArray *answers;  //  GBytes of whole batches, which keep what `parts` points to
    GArray *parts;       //  reply_t
} listing_t;

typedef struct {
    int references;   //  questions under way, and the asker itself
    listing_t *list;  //  LIST; NULL: GET
    outcome_fn *function;
    void *context;
    int64_t deadline_ms;
    int64_t retry_at_ms;
    uint32_t attempt;
    uint32_t outstanding;  //  answers that are missing in this attempt
    GList all_link;
    GList unsent_link;
    bool is_unsent;
    bool is_done;
    size_t id_size;  //  GET
    char id[];       //  not terminated
} inquiry_t;

typedef struct {
    inquiry_t *inquiry;
    uint32_t attempt;
} question_t;

typedef struct {
    uint64_t number;
    int64_t sent_ms;
    uint64_t generation;  //  of the directory, when it was sent
    GArray *questions;    //  of question_t
    bool has_list;        //  one of them is
    uint32_t rockets;     //  that they may bring
    GList link;
} exchange_t;

//  What is collected for a peer during a turn: one exchange. Between turns it is nobody's, and its
//  bytes are empty.
typedef struct {
    peer_t *peer;
    exchange_t *exchange;
    GByteArray *bytes;
} parcel_t;

struct asker {
    directory_t *directory;
    GQueue all;             //  of inquiry_t *, the oldest first
    GQueue unsent;          //  of inquiry_t *
    GQueue exchanges;       //  of exchange_t *, the oldest first
    GHashTable *by_number;  //  the same, by number
    GQueue spare;           //  of exchange_t *, over and empty: to be used again
    uint64_t next_number;
    GArray *parcels;    //  of parcel_t
    GByteArray *batch;  //  used again for each that is sent
    bool has_new;       //  inquiries came since the last run
};

static void
s_clear_parcel (void *parcel)
{
    g_byte_array_unref (((parcel_t *) parcel)->bytes);
}

asker_t *
asker_new (directory_t *directory)
{
    asker_t *self = g_new0 (asker_t, 1);
    self->directory = directory;
    self->by_number = g_hash_table_new (g_int64_hash, g_int64_equal);
    self->parcels = g_array_new (FALSE, TRUE, sizeof (parcel_t));
    g_array_set_clear_func (self->parcels, s_clear_parcel);
    self->batch = g_byte_array_new ();
    self->next_number = 1;
    return self;
}

static void
s_forget_parts (listing_t *list)
{
    g_ptr_array_set_size (list->answers, 0);
    g_array_set_size (list->parts, 0);
}

static void
s_free_listing (listing_t *list)
{
    g_ptr_array_unref (list->answers);
    g_array_unref (list->parts);
    g_free ((char *) (uintptr_t) list->query.status.data);
    g_free ((char *) (uintptr_t) list->query.type.data);
    g_free ((char *) (uintptr_t) list->query.mission.data);
    g_free ((char *) (uintptr_t) list->query.after.id.data);
    g_free ((char *) (uintptr_t) list->query.after.value.text.data);
    g_free (list);
}

static void
s_release (inquiry_t *inquiry)
{
    if (--inquiry->references > 0)
        return;
    if (inquiry->list)
        s_free_listing (inquiry->list);
    g_free (inquiry);
}

static void
s_set_unsent (asker_t *self, inquiry_t *inquiry, bool is_unsent)
{
    if (is_unsent == inquiry->is_unsent)
        return;
    inquiry->is_unsent = is_unsent;
    if (is_unsent)
        g_queue_push_tail_link (&self->unsent, &inquiry->unsent_link);
    else
        g_queue_unlink (&self->unsent, &inquiry->unsent_link);
}

//  Tell what came of it; nothing of it is left but what questions under way still hold.
static void
s_finish (asker_t *self, inquiry_t *inquiry, const outcome_t *outcome)
{
    s_set_unsent (self, inquiry, false);
    g_queue_unlink (&self->all, &inquiry->all_link);
    inquiry->is_done = true;
    inquiry->function (inquiry->context, outcome);
    s_release (inquiry);
}

static void
s_end_exchange (asker_t *self, exchange_t *exchange)
{
    g_hash_table_remove (self->by_number, &exchange->number);
    g_queue_unlink (&self->exchanges, &exchange->link);
    for (guint index = 0; index < exchange->questions->len; index++)
        s_release (g_array_index (exchange->questions, question_t, index).inquiry);
    g_array_set_size (exchange->questions, 0);
    exchange->has_list = false;
    exchange->rockets = 0;
    g_queue_push_head_link (&self->spare, &exchange->link);
}

static void
s_free_exchange (exchange_t *exchange)
{
    g_array_unref (exchange->questions);
    g_free (exchange);
}

void
asker_destroy (asker_t **self_p)
{
    asker_t *self = *self_p;
    if (!self)
        return;
    while (self->exchanges.head)
        s_end_exchange (self, self->exchanges.head->data);
    while (self->all.head)
        s_finish (self, self->all.head->data, &(outcome_t){.status = 503});
    while (self->spare.head)
        s_free_exchange (g_queue_pop_head_link (&self->spare)->data);
    g_hash_table_destroy (self->by_number);
    g_array_unref (self->parcels);
    g_byte_array_unref (self->batch);
    g_free (self);
    *self_p = NULL;
}

//  With the id of a GET.
static inquiry_t *
s_new_inquiry (asker_t *self, text_t id, outcome_fn *function, void *context)
{
    inquiry_t *inquiry = g_malloc (sizeof *inquiry + id.size);
    *inquiry = (inquiry_t){.references = 1,
        .function = function,
        .context = context,
        .deadline_ms = clock_ms () + INQUIRY_MS,
        .all_link.data = inquiry,
        .unsent_link.data = inquiry,
        .id_size = id.size};
    if (id.size)
        memcpy (inquiry->id, id.data, id.size);
    g_queue_push_tail_link (&self->all, &inquiry->all_link);
    s_set_unsent (self, inquiry, true);
    self->has_new = true;
    return inquiry;
}

void
asker_get (asker_t *self, text_t id, outcome_fn *function, void *context)
{
    s_new_inquiry (self, id, function, context);
}

static text_t
s_copy (text_t text)
{
    if (!text.data)
        return text;
    //  One byte more, so that an empty text is not none.
    char *copy = g_malloc0 (text.size + 1);
    memcpy (copy, text.data, text.size);
    return text_of (copy, text.size);
}

void
asker_list (asker_t *self, const list_query_t *list, outcome_fn *function, void *context)
{
    listing_t *listing = g_new0 (listing_t, 1);
    listing->query = *list;
    listing->query.status = s_copy (list->status);
    listing->query.type = s_copy (list->type);
    listing->query.mission = s_copy (list->mission);
    listing->query.after.id = s_copy (list->after.id);
    listing->query.after.value.text = s_copy (list->after.value.text);
    listing->answers = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
    listing->parts = g_array_new (FALSE, TRUE, sizeof (reply_t));
    s_new_inquiry (self, (text_t){0}, function, context)->list = listing;
}

static exchange_t *
s_begin_exchange (asker_t *self)
{
    GList *spare = g_queue_pop_head_link (&self->spare);
    exchange_t *exchange = spare ? spare->data : g_new0 (exchange_t, 1);
    if (!spare) {
        exchange->questions = g_array_new (FALSE, FALSE, sizeof (question_t));
        exchange->link.data = exchange;
    }
    exchange->number = self->next_number++;
    exchange->sent_ms = clock_ms ();
    exchange->generation = directory_generation (self->directory);
    return exchange;
}

static bool
s_has_room (const parcel_t *parcel, const peer_t *peer, uint32_t rockets)
{
    return !parcel->peer ||
           (parcel->peer == peer && parcel->exchange->rockets + rockets <= EXCHANGE_ROCKETS_MAX);
}

//  One of the peer's that has room for so many rockets; else one that is nobody's becomes it.
static parcel_t *
s_parcel (asker_t *self, peer_t *peer, uint32_t rockets)
{
    guint index = 0;
    while (index < self->parcels->len &&
           !s_has_room (&g_array_index (self->parcels, parcel_t, index), peer, rockets))
        index++;
    if (index == self->parcels->len) {
        parcel_t parcel = {.bytes = g_byte_array_new ()};
        g_array_append_val (self->parcels, parcel);
    }
    parcel_t *parcel = &g_array_index (self->parcels, parcel_t, index);
    if (!parcel->peer) {
        parcel->peer = peer;
        parcel->exchange = s_begin_exchange (self);
    }
    return parcel;
}

static void
s_put (asker_t *self, peer_t *peer, inquiry_t *inquiry, const query_t *query)
{
    uint32_t rockets = query->op == QUERY_LIST ? query->list.limit : 1;
    parcel_t *parcel = s_parcel (self, peer, rockets);
    question_t question = {inquiry, inquiry->attempt};
    inquiry->references++;
    inquiry->outstanding++;
    g_array_append_val (parcel->exchange->questions, question);
    parcel->exchange->has_list |= inquiry->list != NULL;
    parcel->exchange->rockets += rockets;
    query_write (parcel->bytes, query);
}

static bool
s_put_get (asker_t *self, inquiry_t *inquiry)
{
    uint32_t partitions = directory_partitions (self->directory);
    query_t query = {.op = QUERY_GET, .id = text_of (inquiry->id, inquiry->id_size)};
    peer_t *owner =
        partitions ? directory_owner (self->directory, partition_of (query.id, partitions)) : NULL;
    if (owner)
        s_put (self, owner, inquiry, &query);
    return owner != NULL;
}

//  False if a partition that the list is of has no owner.
static bool
s_has_owners (const asker_t *self, const list_query_t *list)
{
    uint32_t partitions = directory_partitions (self->directory);
    bool has_owners = partitions > 0;
    for (uint32_t partition = 0; has_owners && partition < partitions; partition++)
        has_owners =
            !list_query_wants (list, partition) || directory_owner (self->directory, partition);
    return has_owners;
}

//  A list goes to every owner, each asked for just the partitions it is known to own.
static bool
s_put_list (asker_t *self, inquiry_t *inquiry)
{
    if (!s_has_owners (self, &inquiry->list->query))
        return false;
    size_t count = 0;
    uint32_t partitions = directory_partitions (self->directory);
    peer_t *const *peers = directory_peers (self->directory, &count);
    for (size_t index = 0; index < count; index++) {
        query_t query = {.op = QUERY_LIST, .list = inquiry->list->query};
        query.list.has_partitions = false;
        memset (query.list.partitions, 0, sizeof query.list.partitions);
        for (uint32_t partition = 0; partition < partitions; partition++)
            if (list_query_wants (&inquiry->list->query, partition) &&
                directory_owner (self->directory, partition) == peers[index])
                list_query_want (&query.list, partition);
        if (query.list.has_partitions)
            s_put (self, peers[index], inquiry, &query);
    }
    return true;
}

static void
s_retry (asker_t *self, inquiry_t *inquiry)
{
    inquiry->attempt++;
    inquiry->outstanding = 0;
    inquiry->retry_at_ms = clock_ms () + RETRY_MS;
    if (inquiry->list)
        s_forget_parts (inquiry->list);
    s_set_unsent (self, inquiry, true);
}

static void
s_retry_exchange (asker_t *self, exchange_t *exchange)
{
    for (guint index = 0; index < exchange->questions->len; index++) {
        question_t question = g_array_index (exchange->questions, question_t, index);
        if (!question.inquiry->is_done && question.attempt == question.inquiry->attempt)
            s_retry (self, question.inquiry);
    }
    s_end_exchange (self, exchange);
}

static bool
s_send_parts (socket_t *socket, const exchange_t *exchange, const GByteArray *batch)
{
    return socket_send (socket, &exchange->number, sizeof exchange->number, true) &&
           socket_send (socket, "", 0, true) &&
           socket_send (socket, batch->data, batch->len, false);
}

static void
s_send_parcel (asker_t *self, parcel_t *parcel)
{
    exchange_t *exchange = parcel->exchange;
    g_byte_array_set_size (self->batch, 0);
    query_write_batch (self->batch, exchange->questions->len, 0);
    g_byte_array_append (self->batch, parcel->bytes->data, parcel->bytes->len);
    g_queue_push_tail_link (&self->exchanges, &exchange->link);
    g_hash_table_insert (self->by_number, &exchange->number, exchange);
    if (!s_send_parts (parcel->peer->queries, exchange, self->batch))
        s_retry_exchange (self, exchange);
    parcel->peer = NULL;
    parcel->exchange = NULL;
    g_byte_array_set_size (parcel->bytes, 0);
}

static void
s_send_unsent (asker_t *self)
{
    int64_t now_ms = self->unsent.head ? clock_ms () : 0;
    self->has_new = false;
    for (GList *link = self->unsent.head; link;) {
        inquiry_t *inquiry = link->data;
        link = link->next;
        if (inquiry->retry_at_ms > now_ms)
            continue;
        if (inquiry->list ? s_put_list (self, inquiry) : s_put_get (self, inquiry))
            s_set_unsent (self, inquiry, false);
    }
    for (guint index = 0; index < self->parcels->len; index++)
        if (g_array_index (self->parcels, parcel_t, index).peer)
            s_send_parcel (self, &g_array_index (self->parcels, parcel_t, index));
}

//  All owners have answered: merge their lists.
static void
s_finish_list (asker_t *self, inquiry_t *inquiry)
{
    const listing_t *list = inquiry->list;
    list_merge_t merge;
    outcome_t outcome = {.status = 200};
    list_merge_begin (&merge, &list->query);
    for (guint index = 0; index < list->parts->len; index++)
        if (!list_merge_add (&merge, &g_array_index (list->parts, reply_t, index)))
            outcome.status = 503;
    list_merge_end (&merge);
    GArray *entries = merge.entries;
    outcome.has_next = merge.more;
    outcome.count = entries->len;
    text_t *rockets = g_new (text_t, outcome.count + 1);
    for (size_t index = 0; index < outcome.count; index++)
        rockets[index] = g_array_index (entries, query_entry_t, index).rocket;
    outcome.rockets = rockets;
    if (outcome.count)
        outcome.last = g_array_index (entries, query_entry_t, outcome.count - 1).place;
    s_finish (self, inquiry, &outcome);
    g_free (rockets);
    list_merge_free (&merge);
}

//  Is what a reply covers owned by whoever gave it, as far as we know?
static bool
s_is_current (const asker_t *self, const reply_t *reply)
{
    if (reply->owned.epoch)
        return reply->owned.epoch >= directory_epoch (self->directory, reply->owned.partition);
    msgpack_reader_t reader = reply->owned_list;
    for (uint32_t index = 0; index < reply->owned_count; index++) {
        uint32_t count = 0;
        uint64_t partition = 0;
        uint64_t epoch = 0;
        if (!msgpack_read_array (&reader, &count) || !msgpack_read_uint (&reader, &partition) ||
            !msgpack_read_uint (&reader, &epoch) || partition >= PARTITIONS_MAX ||
            epoch < directory_epoch (self->directory, (uint32_t) partition))
            return false;
    }
    return true;
}

static void
s_take_reply (asker_t *self, question_t question, const reply_t *reply, GBytes *bytes)
{
    inquiry_t *inquiry = question.inquiry;
    if (inquiry->is_done || inquiry->attempt != question.attempt)
        return;
    bool is_answer = reply->status == 200 || (reply->status == 404 && !inquiry->list);
    if (!is_answer || !s_is_current (self, reply)) {
        s_retry (self, inquiry);
        return;
    }
    inquiry->outstanding--;
    if (!inquiry->list) {
        outcome_t outcome = {.status = reply->status, .rocket = reply->rocket};
        s_finish (self, inquiry, &outcome);
        return;
    }
    g_array_append_vals (inquiry->list->parts, reply, 1);
    g_ptr_array_add (inquiry->list->answers, g_bytes_ref (bytes));
    if (inquiry->outstanding == 0)
        s_finish_list (self, inquiry);
}

static void
s_take_batch (asker_t *self, exchange_t *exchange, text_t payload)
{
    //  A rocket is shown before the next answer comes in; the parts of a list wait for each other.
    GBytes *bytes = exchange->has_list ? g_bytes_new (payload.data, payload.size) : NULL;
    msgpack_reader_t reader;
    reply_t batch;
    msgpack_reader_init (
        &reader, bytes ? g_bytes_get_data (bytes, NULL) : payload.data, payload.size);
    bool good = reply_read (&batch, &reader) && batch.replies_count == exchange->questions->len;
    for (guint index = 0; good && index < exchange->questions->len; index++) {
        reply_t reply;
        good = reply_read (&reply, &batch.replies);
        if (good)
            s_take_reply (
                self, g_array_index (exchange->questions, question_t, index), &reply, bytes);
    }
    if (bytes)
        g_bytes_unref (bytes);
    if (good)
        s_end_exchange (self, exchange);
    else
        s_retry_exchange (self, exchange);
}

static void
s_take_answer (asker_t *self, socket_t *socket, text_t part, bool more)
{
    uint64_t number = 0;
    if (part.size == sizeof number)
        memcpy (&number, part.data, sizeof number);
    exchange_t *exchange = g_hash_table_lookup (self->by_number, &number);
    int parts = 1;
    while (more && socket_receive (socket, &part, &more))
        parts++;
    if (exchange && parts == 3)
        s_take_batch (self, exchange, part);
}

static void
s_take_answers (asker_t *self)
{
    size_t count = 0;
    peer_t *const *peers = directory_peers (self->directory, &count);
    for (size_t index = 0; index < count; index++) {
        text_t part;
        bool more = false;
        for (int taken = 0; taken < ANSWERS_PER_RUN; taken++) {
            if (!socket_receive (peers[index]->queries, &part, &more))
                break;
            s_take_answer (self, peers[index]->queries, part, more);
        }
    }
}

//  Whoever was asked may be dead, and then nothing but another owner's word tells. One who lives
//  has answered long before there is a doubt.
static bool
s_is_in_doubt (const asker_t *self, const exchange_t *exchange, int64_t now_ms)
{
    bool is_same = exchange->generation == directory_generation (self->directory);
    return now_ms - exchange->sent_ms >= (is_same ? EXCHANGE_MS : DOUBT_MS);
}

static void
s_expire (asker_t *self)
{
    int64_t now_ms = self->all.head || self->exchanges.head ? clock_ms () : 0;
    while (self->exchanges.head && s_is_in_doubt (self, self->exchanges.head->data, now_ms))
        s_retry_exchange (self, self->exchanges.head->data);
    while (self->all.head && ((inquiry_t *) self->all.head->data)->deadline_ms <= now_ms) {
        outcome_t outcome = {.status = 503};
        s_finish (self, self->all.head->data, &outcome);
    }
}

void
asker_run (asker_t *self)
{
    s_take_answers (self);
    s_expire (self);
    s_send_unsent (self);
}

bool
asker_is_due (const asker_t *self)
{
    return self->has_new;
}
