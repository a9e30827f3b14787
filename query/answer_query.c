//  SPDX-License-Identifier: Apache-2.0
#include "query/answer_query.h"

#include "common/clock.h"
#include "common/digits.h"
#include "query/rocket_map.h"

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
    //  One more than asked for, which tells whether there is more.
    selection_t selection;
    selection_init (&selection, list, list->limit + 1u);
    for (uint32_t index = 0; index < owned_count; index++)
        shard_select (shards->shards[owned[index].partition], &selection);
    selection_sort (&selection);
    bool more = selection.count > list->limit;
    uint32_t count = more ? list->limit : (uint32_t) selection.count;
    reply_write_list (answer, owned, owned_count, more, count);
    for (uint32_t index = 0; index < count; index++) {
        rocket_view_t view;
        rocket_view (selection.heap[index].rocket, &view);
        rocket_map_write (answer, &view);
    }
    selection_free (&selection);
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

//  A processor's id, as hexadecimal digits.
static void
s_write_id (msgpack_writer_t *writer, const uint8_t id[PROCESSOR_ID_SIZE])
{
    char text[2 * PROCESSOR_ID_SIZE + 1];
    digits_of_bytes (id, PROCESSOR_ID_SIZE, text);
    msgpack_write_str (writer, text_from (text));
}

static void
s_answer_stats (const shards_t *shards, GByteArray *answer)
{
    owned_t owned[PARTITIONS_MAX];
    uint32_t owned_count = shards_owned (shards, owned);
    uint32_t counters = 0;
#define X(field, name, prometheus, help) counters++;
    PROCESSOR_COUNTERS (X)
#undef X
    msgpack_writer_t writer = msgpack_writer_begin (answer);
    reply_write_stats (&writer, 6 + counters);
    msgpack_write_key (&writer, "processor");
    s_write_id (&writer, shards->processor);
    msgpack_write_key (&writer, "uptimeMs");
    msgpack_write_uint (&writer, (uint64_t) (clock_ms () - shards->started_ms));
    msgpack_write_key (&writer, "partitions");
    msgpack_write_uint (&writer, shards->partitions);
    msgpack_write_key (&writer, "rockets");
    msgpack_write_uint (&writer, shards_rockets (shards));
#define X(field, name, prometheus, help)                                                           \
    msgpack_write_key (&writer, name);                                                             \
    msgpack_write_uint (&writer, shards->counters.field);
    PROCESSOR_COUNTERS (X)
#undef X
    msgpack_write_key (&writer, "members");
    msgpack_write_array (&writer, (uint32_t) shards->members_count);
    for (size_t index = 0; index < shards->members_count; index++)
        s_write_id (&writer, shards->members[index].id);
    msgpack_write_key (&writer, "owned");
    msgpack_write_array (&writer, owned_count);
    for (uint32_t index = 0; index < owned_count; index++) {
        const shard_t *shard = shards->shards[owned[index].partition];
        msgpack_write_array (&writer, 4);
        msgpack_write_uint (&writer, owned[index].partition);
        msgpack_write_uint (&writer, owned[index].epoch);
        msgpack_write_uint (&writer, shard_size (shard));
        msgpack_write_uint (&writer, shard_folded (shard) - shard_saved (shard));
    }
    msgpack_writer_end (&writer);
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
        else if (answer->len > QUERY_REPLIES_MAX_BYTES)
            reply_write_status (answer, 400, "the replies before this one are too large");
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
    int64_t start_us = clock_us ();
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
    histogram_add (&shards->latencies.query, clock_us () - start_us, 1);
}
