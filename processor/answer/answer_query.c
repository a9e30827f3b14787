//  SPDX-License-Identifier: Apache-2.0
#include "processor/answer/answer_query.h"

#include "common/process/clock.h"
#include "common/text/digits.h"
#include "query/protocol/reply.h"
#include "query/protocol/rocket_map.h"

//  Write the rockets of a page, bounded in bytes. Return their number.
static uint32_t
s_write_page (const selection_t *selection, GByteArray *page)
{
    uint32_t count = 0;
    while (count < selection->list->limit && count < selection->count) {
        guint before = page->len;
        rocket_view_t view;
        rocket_view (selection->heap[count].rocket, &view);
        rocket_map_write (page, &view);
        if (page->len > LIST_REPLY_MAX_BYTES && count > 0) {
            g_byte_array_set_size (page, before);
            break;
        }
        count++;
    }
    return count;
}

void
answer_list (
    const selection_t *selection, const owned_t *owned, uint32_t owned_count, GByteArray *reply)
{
    GByteArray *page = g_byte_array_new ();
    uint32_t count = s_write_page (selection, page);
    bool more = selection->is_cut || count < selection->count;
    reply_write_list (reply, owned, owned_count, more, count);
    g_byte_array_append (reply, page->data, page->len);
    g_byte_array_unref (page);
}

static void
s_answer_get (const shards_t *shards, text_t id, GByteArray *reply)
{
    const shard_t *shard = shards->shards[partition_of (id, shards_layout (shards))];
    const rocket_t *rocket = shard ? shard_find (shard, id) : NULL;
    if (!shard)
        reply_write_status (reply, 421, "the partition of this rocket is not owned here");
    else if (!rocket || rocket_is_forgotten (rocket))
        reply_write_status (reply, 404, "there is no rocket of this id");
    else
        reply_write_rocket (reply, shard_owned (shard), rocket);
}

static void
s_answer_forget (shards_t *shards, text_t id, GByteArray *reply)
{
    shard_t *shard = shards->shards[partition_of (id, shards_layout (shards))];
    if (!shard || shard_is_leaving (shard)) {
        reply_write_status (reply, 421, "the partition of this rocket is not owned here");
        return;
    }
    const rocket_t *rocket = shard_find (shard, id);
    bool was_forgotten = rocket && rocket_is_forgotten (rocket);
    forget_t forget = shard_forget (shard, id, g_get_real_time ());
    if (forget == FORGET_NO_ROCKET)
        reply_write_status (reply, 404, "there is no rocket of this id");
    else if (forget == FORGET_NO_ROOM)
        reply_write_status (reply, 503, "too many forgotten rockets are remembered");
    else {
        shards->counters.forgotten += !was_forgotten;
        reply_write_forgotten (reply, shard_owned (shard), forget == FORGET_SAVED);
    }
}

//  Write the id of a processor as hexadecimal digits.
static void
s_write_id (msgpack_writer_t *writer, const uint8_t id[PROCESSOR_ID_SIZE])
{
    char text[2 * PROCESSOR_ID_SIZE + 1];
    digits_of_bytes (id, PROCESSOR_ID_SIZE, text);
    msgpack_write_str (writer, text_from (text));
}

static void
s_write_counters (msgpack_writer_t *writer, const shards_t *shards)
{
#define X(field, name, prometheus, help)                                                           \
    msgpack_write_key (writer, name);                                                              \
    msgpack_write_uint (writer, shards->counters.field);
    PROCESSOR_COUNTERS (X)
#undef X
}

static void
s_write_store (msgpack_writer_t *writer, const store_health_t *store)
{
    msgpack_write_key (writer, "store");
    msgpack_write_map (writer, 3);
    msgpack_write_key (writer, "kind");
    msgpack_write_str (writer, text_from (store->kind));
    msgpack_write_key (writer, "savedOn");
    msgpack_write_str (writer, text_from (store->saved_on));
    msgpack_write_key (writer, "isAway");
    msgpack_write_bool (writer, store->is_away);
}

//  Leave only the partitions with a known lag. Return their number.
static uint32_t
s_keep_known (const shards_t *shards, owned_t owned[PARTITIONS_MAX], uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t index = 0; index < count; index++)
        if (shards->lags[owned[index].partition].is_known)
            owned[kept++] = owned[index];
    return kept;
}

//  Write the bus, and the lag of each owned partition behind it, if it keeps messages.
static void
s_write_bus (msgpack_writer_t *writer, const shards_t *shards)
{
    owned_t owned[PARTITIONS_MAX];
    uint32_t owned_count = shards_owned (shards, owned);
    uint32_t count = s_keep_known (shards, owned, owned_count);
    msgpack_write_key (writer, "bus");
    msgpack_write_map (writer, 4);
    msgpack_write_key (writer, "kind");
    msgpack_write_str (writer, text_from (shards->bus.kind));
    msgpack_write_key (writer, "topic");
    msgpack_write_str (writer, text_from (shards->bus.topic ? shards->bus.topic : ""));
    msgpack_write_key (writer, "isAway");
    msgpack_write_bool (writer, shards->bus.is_away);
    msgpack_write_key (writer, "lag");
    msgpack_write_array (writer, count);
    for (uint32_t index = 0; index < count; index++) {
        const lag_t *lag = &shards->lags[owned[index].partition];
        msgpack_write_array (writer, 3);
        msgpack_write_uint (writer, owned[index].partition);
        msgpack_write_uint (writer, lag->messages);
        msgpack_write_uint (writer, lag->age_ms);
    }
}

//  Write the ids and the endpoints of the members, in the same order.
static void
s_write_members (msgpack_writer_t *writer, const shards_t *shards)
{
    msgpack_write_key (writer, "members");
    msgpack_write_array (writer, (uint32_t) shards->members_count);
    for (size_t index = 0; index < shards->members_count; index++)
        s_write_id (writer, shards->members[index].id);
    msgpack_write_key (writer, "endpoints");
    msgpack_write_array (writer, (uint32_t) shards->members_count);
    for (size_t index = 0; index < shards->members_count; index++)
        msgpack_write_str (writer, text_from (shards->endpoints[index].text));
}

static void
s_write_owned (msgpack_writer_t *writer, const shards_t *shards)
{
    owned_t owned[PARTITIONS_MAX];
    uint32_t owned_count = shards_owned (shards, owned);
    msgpack_write_key (writer, "owned");
    msgpack_write_array (writer, owned_count);
    for (uint32_t index = 0; index < owned_count; index++) {
        const shard_t *shard = shards->shards[owned[index].partition];
        msgpack_write_array (writer, 4);
        msgpack_write_uint (writer, owned[index].partition);
        msgpack_write_uint (writer, owned[index].epoch);
        msgpack_write_uint (writer, shard_size (shard));
        msgpack_write_uint (writer, changes_unsaved (shard_changes (shard)));
    }
}

static void
s_answer_stats (const shards_t *shards, GByteArray *reply)
{
    char state[STATE_ID_TEXT_SIZE];
    uint32_t counters = 0;
#define X(field, name, prometheus, help) counters++;
    PROCESSOR_COUNTERS (X)
#undef X
    msgpack_writer_t writer = msgpack_writer_begin (reply);
    reply_write_stats (&writer, 11 + counters);
    msgpack_write_key (&writer, "processor");
    s_write_id (&writer, shards->processor);
    msgpack_write_key (&writer, "state");
    state_id_text (&shards->state, state);
    msgpack_write_str (&writer, text_from (state));
    msgpack_write_key (&writer, "uptimeMs");
    msgpack_write_uint (&writer, (uint64_t) (clock_ms () - shards->started_ms));
    msgpack_write_key (&writer, "partitions");
    msgpack_write_uint (&writer, shards->partitions);
    msgpack_write_key (&writer, "partitioner");
    msgpack_write_str (&writer, text_from (partitioner_name (shards->partitioner)));
    msgpack_write_key (&writer, "rockets");
    msgpack_write_uint (&writer, shards_rockets (shards));
    s_write_counters (&writer, shards);
    s_write_store (&writer, &shards->store);
    s_write_bus (&writer, shards);
    s_write_members (&writer, shards);
    s_write_owned (&writer, shards);
    msgpack_writer_end (&writer);
}

void
answer_query (shards_t *shards, const query_t *query, GByteArray *reply)
{
    shards->counters.queries++;
    switch (query->op) {
    case QUERY_PING:
        reply_write_status (reply, 200, NULL);
        break;
    case QUERY_STATS:
        s_answer_stats (shards, reply);
        break;
    case QUERY_GET:
        s_answer_get (shards, query->id, reply);
        break;
    case QUERY_FORGET:
        s_answer_forget (shards, query->id, reply);
        break;
    case QUERY_LIST:
    case QUERY_BATCH:
        g_assert_not_reached ();
    }
}
