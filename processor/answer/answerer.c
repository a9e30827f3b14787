//  The reply to a query batch is written while its queries are read, with a hole for each list.
//  When the last hole has its reply, text and replies are joined.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/answer/answerer.h"

#include "common/process/clock.h"
#include "processor/answer/answer_query.h"
#include "processor/answer/list_jobs.h"
#include "query/protocol/reply.h"

#define QUERIES_PER_STEP 16             //  the clock is read between steps
#define BORROWED_MAX_BYTES (64 * 1024)  //  a larger reply goes out without a copy

//  The place of the reply to a list.
typedef struct {
    size_t at;      //  the reply goes in front of this byte of the text
    GBytes *reply;  //  NULL: still missing
} hole_t;

typedef struct {
    answerer_t *answerer;
    reply_fn *function;
    void *context;
    uint64_t client;
    int64_t received_us;
    int64_t deadline_us;
    GByteArray *text;  //  the reply, without its holes
    GArray *holes;     //  of hole_t; NULL: none
    uint32_t missing;  //  holes without a reply
    size_t size;       //  of text and replies
    bool may_remove;   //  rockets
    bool is_held;      //  it waits in the answerer, which counts its size
    bool is_batch;
    uint32_t left;           //  unread queries of the batch
    msgpack_reader_t batch;  //  at the first unread query
    uint8_t *unread;         //  a copy of the unread queries; NULL: the reader is in borrowed bytes
    size_t unread_size;
    GList link;         //  in requests
    GList unread_link;  //  in batches
} request_t;

struct answerer {
    shards_t *shards;
    list_jobs_t *lists;
    GByteArray *spare;   //  the text of an earlier request, for reuse; or NULL
    GQueue requests;     //  of request_t *, all waiting ones
    GQueue batches;      //  the requests with unread queries
    size_t unread_size;  //  of the unread queries
    size_t size;         //  of the texts and replies of all waiting requests
};

answerer_t *
answerer_new (shards_t *shards, text_pool_t *pool)
{
    answerer_t *self = g_new0 (answerer_t, 1);
    self->shards = shards;
    self->lists = list_jobs_new (shards, pool, LIST_JOBS_TABLES_FROM);
    return self;
}

static void
s_clear_hole (void *data)
{
    hole_t *hole = data;
    if (hole->reply)
        g_bytes_unref (hole->reply);
}

static request_t *
s_new (answerer_t *self, reply_fn *function, void *context)
{
    request_t *request = g_new0 (request_t, 1);
    request->answerer = self;
    request->function = function;
    request->context = context;
    request->received_us = clock_us ();
    request->text = self->spare ? g_steal_pointer (&self->spare) : g_byte_array_new ();
    request->link.data = request->unread_link.data = request;
    return request;
}

static void
s_forget_unread (answerer_t *self, request_t *request)
{
    if (!request->unread)
        return;
    g_queue_unlink (&self->batches, &request->unread_link);
    self->unread_size -= request->unread_size;
    g_clear_pointer (&request->unread, g_free);
}

static void
s_free (answerer_t *self, request_t *request)
{
    s_forget_unread (self, request);
    if (request->is_held) {
        g_queue_unlink (&self->requests, &request->link);
        self->size -= request->size;
    }
    if (request->holes)
        g_array_unref (request->holes);
    if (request->text && !self->spare && request->text->len <= BORROWED_MAX_BYTES)
        self->spare = g_byte_array_set_size (g_steal_pointer (&request->text), 0);
    g_clear_pointer (&request->text, g_byte_array_unref);
    g_free (request);
}

void
answerer_destroy (answerer_t **self_p)
{
    answerer_t *self = *self_p;
    if (!self)
        return;
    list_jobs_destroy (&self->lists);
    while (self->requests.head) {
        request_t *request = self->requests.head->data;
        request->function (request->context, (text_t){0}, NULL);
        s_free (self, request);
    }
    g_clear_pointer (&self->spare, g_byte_array_unref);
    g_free (self);
    *self_p = NULL;
}

//  Count bytes that were added to a reply.
static void
s_grow (request_t *request, size_t size)
{
    request->size += size;
    if (request->is_held)
        request->answerer->size += size;
}

//  Keep a request for later.
static void
s_hold (request_t *request)
{
    answerer_t *self = request->answerer;
    if (request->is_held)
        return;
    request->is_held = true;
    self->size += request->size;
    g_queue_push_tail_link (&self->requests, &request->link);
}

static void
s_append (GByteArray *whole, GBytes *reply)
{
    gsize size = 0;
    const guint8 *bytes = g_bytes_get_data (reply, &size);
    g_byte_array_append (whole, bytes, (guint) size);
}

//  Join the text and the replies.
static GBytes *
s_join (request_t *request)
{
    if (!request->holes)
        return g_byte_array_free_to_bytes (g_steal_pointer (&request->text));
    if (request->text->len == 0 && request->holes->len == 1)
        return g_bytes_ref (g_array_index (request->holes, hole_t, 0).reply);
    GByteArray *whole = g_byte_array_sized_new ((guint) request->size);
    size_t done = 0;
    for (guint index = 0; index < request->holes->len; index++) {
        const hole_t *hole = &g_array_index (request->holes, hole_t, index);
        g_byte_array_append (whole, request->text->data + done, (guint) (hole->at - done));
        s_append (whole, hole->reply);
        done = hole->at;
    }
    g_byte_array_append (whole, request->text->data + done, (guint) (request->text->len - done));
    return g_byte_array_free_to_bytes (whole);
}

static void
s_finish_if_whole (request_t *request)
{
    answerer_t *self = request->answerer;
    if (request->missing > 0 || request->left > 0)
        return;
    histogram_add (&self->shards->latencies.query, clock_us () - request->received_us, 1);
    if (!request->holes && request->text->len <= BORROWED_MAX_BYTES) {
        text_t reply = text_of ((const char *) request->text->data, request->text->len);
        request->function (request->context, reply, NULL);
    }
    else {
        GBytes *owner = s_join (request);
        gsize size = 0;
        const char *bytes = g_bytes_get_data (owner, &size);
        request->function (request->context, text_of (bytes, size), owner);
        g_bytes_unref (owner);
    }
    s_free (self, request);
}

static void
s_write_status (request_t *request, uint32_t status, const char *detail)
{
    guint before = request->text->len;
    reply_write_status (request->text, status, detail);
    s_grow (request, request->text->len - before);
}

static void
s_refuse (request_t *request, const char *detail)
{
    request->answerer->shards->counters.queries_refused++;
    s_write_status (request, 503, detail);
}

//  Return NULL if the replies of a batch and of all batches leave room for size bytes, else the
//  detail of the refusal.
static const char *
s_lacks_room (const request_t *request, size_t size, uint32_t *status)
{
    if (request->is_batch && request->size + size > QUERY_REPLIES_MAX_BYTES) {
        *status = 400;
        return "the replies before this one are too large";
    }
    if (request->is_held && request->answerer->size + size > REPLIES_MAX_BYTES) {
        *status = 503;
        return "too many replies wait: ask again later";
    }
    return NULL;
}

//  Fill the hole of a list with its reply.
static void
s_fill_hole (void *context, uint32_t tag, GBytes *reply)
{
    request_t *request = context;
    hole_t *hole = &g_array_index (request->holes, hole_t, tag);
    uint32_t status = 0;
    const char *lack =
        request->is_batch ? s_lacks_room (request, g_bytes_get_size (reply), &status) : NULL;
    if (lack) {
        GByteArray *bytes = g_byte_array_new ();
        reply_write_status (bytes, status, lack);
        hole->reply = g_byte_array_free_to_bytes (bytes);
    }
    else
        hole->reply = g_bytes_ref (reply);
    s_grow (request, g_bytes_get_size (hole->reply));
    request->missing--;
    s_finish_if_whole (request);
}

static int64_t
s_deadline_us (const request_t *request, const query_t *query, uint32_t default_ms)
{
    uint32_t wait_ms = query->deadline_ms ? query->deadline_ms : default_ms;
    return request->received_us + (int64_t) wait_ms * 1000;
}

static void
s_ask_list (request_t *request, const query_t *query)
{
    answerer_t *self = request->answerer;
    if (!request->holes) {
        request->holes = g_array_new (FALSE, FALSE, sizeof (hole_t));
        g_array_set_clear_func (request->holes, s_clear_hole);
    }
    list_asker_t asker = {.function = s_fill_hole,
        .context = request,
        .tag = request->holes->len,
        .client = request->client,
        .deadline_us =
            MIN (request->deadline_us, s_deadline_us (request, query, QUERY_DEADLINE_MAX_MS))};
    switch (list_jobs_add (self->lists, &query->list, &asker)) {
    case LIST_ADDED: {
        hole_t hole = {.at = request->text->len};
        g_array_append_val (request->holes, hole);
        request->missing++;
        s_hold (request);
        self->shards->counters.queries++;
        break;
    }
    case LIST_FOREIGN:
        s_write_status (request, 421, "a partition that was asked for is not owned here");
        break;
    case LIST_REFUSED:
        s_refuse (request, "too many lists wait: ask again later");
        break;
    }
}

static void
s_answer (request_t *request, const query_t *query)
{
    uint32_t status = 0;
    const char *lack = s_lacks_room (request, 0, &status);
    guint before = request->text->len;
    if (lack)
        s_write_status (request, status, lack);
    else if (query->op == QUERY_BATCH)
        s_write_status (request, 400, "a batch must not hold another one");
    else if (query->op == QUERY_LIST)
        s_ask_list (request, query);
    else if (query->op == QUERY_FORGET && !request->may_remove)
        s_write_status (request, 403, "removing a rocket needs a key with the right push");
    else {
        answer_query (request->answerer->shards, query, request->text);
        s_grow (request, request->text->len - before);
    }
}

//  Answer the rest of a batch with 503: its deadline has passed.
static void
s_expire_rest (request_t *request)
{
    request->answerer->shards->counters.queries_expired += request->left;
    for (; request->left > 0; request->left--)
        s_write_status (request, 503, QUERY_EXPIRED);
}

//  Read and answer some queries of a batch. Behind an invalid query the beginning of the next one
//  is unknown, so all the rest get 400.
static void
s_step (request_t *request)
{
    for (int count = 0; request->left > 0 && count < QUERIES_PER_STEP; count++) {
        query_t query;
        const char *fault = query_read (&query, &request->batch);
        if (!fault) {
            s_answer (request, &query);
            request->left--;
        }
        for (; fault && request->left > 0; request->left--)
            s_write_status (request, 400, fault);
    }
}

//  Read on in a batch, at least one step.
static void
s_read_batch (request_t *request, int64_t until_us)
{
    int64_t now_us = clock_us ();
    do {
        if (now_us >= request->deadline_us)
            s_expire_rest (request);
        s_step (request);
        now_us = request->left > 0 ? clock_us () : until_us;
    } while (now_us < until_us);
}

//  Keep the unread queries. Refuse them if there is no room.
static void
s_keep_unread (request_t *request)
{
    answerer_t *self = request->answerer;
    size_t size = (size_t) (request->batch.end - request->batch.at);
    if (self->unread_size + size > REQUESTS_MAX_BYTES) {
        for (; request->left > 0; request->left--)
            s_refuse (request, "too many queries wait: ask again later");
        return;
    }
    request->unread = g_memdup2 (request->batch.at, size);
    request->unread_size = size;
    self->unread_size += size;
    msgpack_reader_init (&request->batch, (const char *) request->unread, size);
    g_queue_push_tail_link (&self->batches, &request->unread_link);
    s_hold (request);
}

static void
s_begin_batch (request_t *request, const query_t *query, int64_t until_us)
{
    const answerer_t *self = request->answerer;
    request->is_batch = true;
    request->left = query->batch_count;
    request->batch = query->batch;
    reply_write_batch (request->text, query->batch_count);
    s_grow (request, request->text->len);
    //  A batch behind other batches only joins the queue. Otherwise the batches of many clients
    //  would each delay a single query by a turn of the loop.
    s_read_batch (request, self->batches.head ? 0 : until_us);
    if (request->left > 0)
        s_keep_unread (request);
}

void
answerer_take (answerer_t *self, text_t bytes, query_client_t client, reply_fn *function,
    void *context, int64_t until_us)
{
    request_t *request = s_new (self, function, context);
    request->client = client.number;
    request->may_remove = client.may_remove;
    msgpack_reader_t reader;
    query_t query;
    msgpack_reader_init (&reader, bytes.data, bytes.size);
    const char *fault = query_read (&query, &reader);
    if (!fault && !msgpack_is_done (&reader))
        fault = "bytes follow the query";
    request->deadline_us = s_deadline_us (request, &query, REQUEST_DEADLINE_MS);
    if (fault)
        s_write_status (request, 400, fault);
    else if (self->requests.length >= REQUESTS_MAX &&
             (query.op == QUERY_LIST || query.op == QUERY_BATCH))
        s_refuse (request, "too many queries wait: ask again later");
    else if (query.op == QUERY_BATCH)
        s_begin_batch (request, &query, until_us);
    else
        s_answer (request, &query);
    s_finish_if_whole (request);
}

bool
answerer_is_busy (const answerer_t *self)
{
    return self->batches.head || list_jobs_are_waiting (self->lists);
}

void
answerer_run (answerer_t *self, int64_t until_us)
{
    int64_t now_us = clock_us ();
    int64_t batches_until_us = now_us + (until_us - now_us) / 2;
    while (self->batches.head && now_us < batches_until_us) {
        request_t *request = self->batches.head->data;
        s_read_batch (request, batches_until_us);
        if (request->left == 0) {
            s_forget_unread (self, request);
            s_finish_if_whole (request);
        }
        now_us = clock_us ();
    }
    list_jobs_run (self->lists, until_us);
}
