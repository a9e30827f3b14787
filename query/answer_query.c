//  A list is a selection, not a sort: a heap holds the best limit + 1 rockets with the worst of them
//  on top, so that a rocket which is not among the best costs one comparison.
//  SPDX-License-Identifier: Apache-2.0
#include "query/answer_query.h"

#include "common/clock.h"

typedef struct {
    place_t place;
    const rocket_t *rocket;
} candidate_t;

typedef struct {
    const list_query_t *list;
    candidate_t *heap;  //  room for one more than asked for, which tells whether there is more
    size_t count;
    size_t capacity;
} selection_t;

static int
s_compare (const selection_t *self, const candidate_t *a, const candidate_t *b)
{
    return rocket_order_compare (&self->list->order, &a->place, &b->place);
}

static void
s_swap (selection_t *self, size_t a, size_t b)
{
    candidate_t candidate = self->heap[a];
    self->heap[a] = self->heap[b];
    self->heap[b] = candidate;
}

static void
s_rise (selection_t *self, size_t index)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (s_compare (self, &self->heap[index], &self->heap[parent]) <= 0)
            return;
        s_swap (self, index, parent);
        index = parent;
    }
}

static void
s_sink (selection_t *self, size_t index)
{
    for (;;) {
        size_t worst = index;
        for (size_t child = 2 * index + 1; child <= 2 * index + 2; child++)
            if (child < self->count && s_compare (self, &self->heap[child], &self->heap[worst]) > 0)
                worst = child;
        if (worst == index)
            return;
        s_swap (self, index, worst);
        index = worst;
    }
}

static void
s_offer (selection_t *self, const candidate_t *candidate)
{
    if (self->count < self->capacity) {
        self->heap[self->count] = *candidate;
        s_rise (self, self->count++);
    }
    else if (s_compare (self, candidate, &self->heap[0]) < 0) {
        self->heap[0] = *candidate;
        s_sink (self, 0);
    }
}

//  Put the best first. The heap becomes a sorted array: the worst goes to the end, again and again.
static void
s_sort (selection_t *self)
{
    size_t count = self->count;
    while (self->count > 1) {
        s_swap (self, 0, --self->count);
        s_sink (self, 0);
    }
    self->count = count;
}

static bool
s_passes (const list_query_t *list, const rocket_view_t *rocket)
{
    return (!list->status.data ||
               text_equal (list->status, text_from (rocket_status_name (rocket->status)))) &&
           (!list->type.data || (rocket->type.data && text_equal (list->type, rocket->type))) &&
           (!list->mission.data ||
               (rocket->mission.data && text_equal (list->mission, rocket->mission)));
}

static void
s_consider (void *context, const rocket_t *rocket)
{
    selection_t *self = context;
    rocket_view_t view;
    rocket_view (rocket, &view);
    if (!s_passes (self->list, &view))
        return;
    candidate_t candidate = {rocket_order_place (&self->list->order, &view), rocket};
    if (self->list->has_after &&
        rocket_order_compare (&self->list->order, &candidate.place, &self->list->after) <= 0)
        return;
    s_offer (self, &candidate);
}

static void
s_answer_list (const shards_t *shards, const list_query_t *list, GByteArray *answer)
{
    owned_t owned[PARTITIONS_MAX];
    uint32_t owned_count = 0;
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++) {
        const shard_t *shard = partition < shards->partitions ? shards->shards[partition] : NULL;
        if (!list_query_wants (list, partition))
            continue;
        if (shard)
            owned[owned_count++] = shard_owned (shard);
        else if (list->has_partitions) {
            reply_write_status (answer, 421, "a partition that was asked for is not owned here");
            return;
        }
    }
    selection_t selection = {.list = list, .capacity = list->limit + 1u};
    selection.heap = g_new (candidate_t, selection.capacity);
    for (uint32_t index = 0; index < owned_count; index++)
        shard_each (shards->shards[owned[index].partition], s_consider, &selection);
    s_sort (&selection);
    bool more = selection.count > list->limit;
    uint32_t count = more ? list->limit : (uint32_t) selection.count;
    reply_write_list (answer, owned, owned_count, more, count);
    for (uint32_t index = 0; index < count; index++)
        query_write_rocket (answer, selection.heap[index].rocket);
    g_free (selection.heap);
}

static void
s_answer_get (const shards_t *shards, text_t id, GByteArray *answer)
{
    const shard_t *shard = shards->shards[partition_of (id, shards->partitions)];
    const rocket_t *rocket = shard ? shard_find (shard, id) : NULL;
    if (!shard)
        reply_write_status (answer, 421, "the partition of this rocket is not owned here");
    else if (!rocket)
        reply_write_status (answer, 404, "there is no rocket of this id");
    else
        reply_write_rocket (answer, shard_owned (shard), rocket);
}

static void
s_answer_stats (const shards_t *shards, GByteArray *answer)
{
    owned_t owned[PARTITIONS_MAX];
    uint32_t owned_count = shards_owned (shards, owned);
    char id[2 * PROCESSOR_ID_SIZE + 1];
    for (size_t byte = 0; byte < PROCESSOR_ID_SIZE; byte++)
        g_snprintf (id + 2 * byte, 3, "%02x", shards->processor[byte]);
    uint32_t counters = 0;
#define X(field, name, help) counters++;
    PROCESSOR_COUNTERS (X)
#undef X
    reply_write_stats (answer, 5 + counters);
    query_write_key (answer, "processor");
    query_write_key (answer, id);
    query_write_key (answer, "uptimeMs");
    query_write_uint (answer, (uint64_t) (clock_ms () - shards->started_ms));
    query_write_key (answer, "partitions");
    query_write_uint (answer, shards->partitions);
    query_write_key (answer, "rockets");
    query_write_uint (answer, shards_rockets (shards));
#define X(field, name, help)                                                                       \
    query_write_key (answer, name);                                                                \
    query_write_uint (answer, shards->counters.field);
    PROCESSOR_COUNTERS (X)
#undef X
    query_write_key (answer, "owned");
    query_write_array (answer, owned_count);
    for (uint32_t index = 0; index < owned_count; index++) {
        query_write_array (answer, 3);
        query_write_uint (answer, owned[index].partition);
        query_write_uint (answer, owned[index].epoch);
        query_write_uint (answer, shard_size (shards->shards[owned[index].partition]));
    }
}

static void s_answer (shards_t *shards, const query_t *query, bool in_batch, GByteArray *answer);

static void
s_answer_batch (shards_t *shards, query_t *batch, GByteArray *answer)
{
    reply_write_batch (answer, batch->batch_count);
    const char *fault = NULL;
    for (uint32_t index = 0; index < batch->batch_count; index++) {
        query_t query;
        //  Behind a question that is none, nothing tells where the next one begins.
        if (!fault)
            fault = query_read (&query, &batch->batch);
        if (fault)
            reply_write_status (answer, 400, fault);
        else
            s_answer (shards, &query, true, answer);
    }
}

static void
s_answer (shards_t *shards, const query_t *query, bool in_batch, GByteArray *answer)
{
    shards->counters.queries++;
    switch (query->op) {
    case QUERY_PING:
        reply_write_status (answer, 200, NULL);
        break;
    case QUERY_STATS:
        s_answer_stats (shards, answer);
        break;
    case QUERY_GET:
        s_answer_get (shards, query->id, answer);
        break;
    case QUERY_LIST:
        s_answer_list (shards, &query->list, answer);
        break;
    case QUERY_BATCH:
        if (in_batch)
            reply_write_status (answer, 400, "a batch must not hold another one");
        else {
            query_t batch = *query;
            s_answer_batch (shards, &batch, answer);
        }
        break;
    }
}

void
answer_query (shards_t *shards, text_t question, GByteArray *answer)
{
    msgpack_reader_t reader;
    msgpack_reader_init (&reader, question.data, question.size);
    query_t query;
    const char *fault = query_read (&query, &reader);
    if (!fault && !msgpack_is_done (&reader))
        fault = "bytes follow the question";
    if (fault)
        reply_write_status (answer, 400, fault);
    else
        s_answer (shards, &query, false, answer);
}
