//  Queries are written with msgpack_writer and read with msgpack_reader.
//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/query.h"

#include "query/protocol/rocket_map.h"

static const char *const s_ops[] = {[QUERY_PING] = "ping",
    [QUERY_STATS] = "stats",
    [QUERY_GET] = "get",
    [QUERY_LIST] = "list",
    [QUERY_BATCH] = "batch",
    [QUERY_FORGET] = "forget"};

static void
s_write_time (msgpack_writer_t *writer, int64_t time_us)
{
    char text[TIMESTAMP_SIZE];
    timestamp_print (time_us, text);
    msgpack_write_key (writer, text);
}

void
query_write_place (msgpack_writer_t *writer, const rocket_order_t *order, const place_t *place)
{
    msgpack_write_array (writer, 2);
    if (place->value.is_null)
        msgpack_write_str (writer, (text_t){0});
    else if (order->key == SORT_LAST_TIME)
        s_write_time (writer, place->value.number);
    else if (sort_key_is_number (order->key))
        msgpack_write_int (writer, place->value.number);
    else
        msgpack_write_str (writer, place->value.text);
    msgpack_write_str (writer, place->id);
}

bool
query_read_place (const rocket_order_t *order, msgpack_reader_t *reader, place_t *place)
{
    *place = (place_t){0};
    uint32_t count = 0;
    if (!msgpack_read_array (reader, &count) || count != 2)
        return false;
    text_t text = {0};
    bool good = true;
    if (msgpack_read_nil (reader))
        place->value.is_null = true;
    else if (order->key == SORT_LAST_TIME)
        good = msgpack_read_str (reader, &text) && timestamp_parse (text, &place->value.number);
    else if (sort_key_is_number (order->key))
        good = msgpack_read_int (reader, &place->value.number);
    else
        good = msgpack_read_str (reader, &place->value.text);
    return good && msgpack_read_str (reader, &place->id);
}

void
list_query_want (list_query_t *self, uint32_t partition)
{
    self->has_partitions = true;
    self->partitions[partition / 8] |= (uint8_t) (1u << partition % 8);
}

bool
list_query_wants (const list_query_t *self, uint32_t partition)
{
    return !self->has_partitions || (self->partitions[partition / 8] & 1u << partition % 8) != 0;
}

static void
s_write_filter (msgpack_writer_t *writer, const list_query_t *list)
{
    const char *names[] = {"status", "type", "mission"};
    text_t values[] = {list->status, list->type, list->mission};
    uint32_t count = 0;
    for (int index = 0; index < 3; index++)
        count += values[index].data != NULL;
    msgpack_write_key (writer, "filter");
    msgpack_write_map (writer, count);
    for (int index = 0; index < 3; index++) {
        if (values[index].data) {
            msgpack_write_key (writer, names[index]);
            msgpack_write_str (writer, values[index]);
        }
    }
}

static void
s_write_partitions (msgpack_writer_t *writer, const list_query_t *list)
{
    uint32_t count = 0;
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        count += list_query_wants (list, partition);
    msgpack_write_key (writer, "partitions");
    msgpack_write_array (writer, count);
    for (uint32_t partition = 0; partition < PARTITIONS_MAX; partition++)
        if (list_query_wants (list, partition))
            msgpack_write_uint (writer, partition);
}

//  Begin a query with the members that every kind has.
static void
s_begin_query (msgpack_writer_t *writer, query_op_t op, uint32_t deadline_ms, uint32_t others)
{
    msgpack_write_map (writer, 1u + (deadline_ms > 0) + others);
    msgpack_write_key (writer, "op");
    msgpack_write_key (writer, s_ops[op]);
    if (deadline_ms > 0) {
        msgpack_write_key (writer, "deadlineMs");
        msgpack_write_uint (writer, deadline_ms);
    }
}

static void
s_write_list (msgpack_writer_t *writer, const list_query_t *list, uint32_t deadline_ms)
{
    char sort[ROCKET_ORDER_SIZE];
    rocket_order_print (&list->order, sort);
    s_begin_query (writer, QUERY_LIST, deadline_ms, 3u + list->has_after + list->has_partitions);
    msgpack_write_key (writer, "sort");
    msgpack_write_key (writer, sort);
    msgpack_write_key (writer, "limit");
    msgpack_write_uint (writer, list->limit);
    s_write_filter (writer, list);
    if (list->has_after) {
        msgpack_write_key (writer, "after");
        query_write_place (writer, &list->order, &list->after);
    }
    if (list->has_partitions)
        s_write_partitions (writer, list);
}

static bool
s_has_id (query_op_t op)
{
    return op == QUERY_GET || op == QUERY_FORGET;
}

void
query_write (GByteArray *out, const query_t *query)
{
    msgpack_writer_t writer = msgpack_writer_begin (out);
    if (query->op == QUERY_LIST)
        s_write_list (&writer, &query->list, query->deadline_ms);
    else
        s_begin_query (&writer, query->op, query->deadline_ms, s_has_id (query->op));
    if (s_has_id (query->op)) {
        msgpack_write_key (&writer, "id");
        msgpack_write_str (&writer, query->id);
    }
    msgpack_writer_end (&writer);
}

void
query_write_batch (GByteArray *out, uint32_t count, uint32_t deadline_ms)
{
    msgpack_writer_t writer = msgpack_writer_begin (out);
    s_begin_query (&writer, QUERY_BATCH, deadline_ms, 1);
    msgpack_write_key (&writer, "requests");
    msgpack_write_array (&writer, count);
    msgpack_writer_end (&writer);
}

//  Read the members of "filter".
static const char *
s_read_filter (list_query_t *list, msgpack_reader_t *reader)
{
    uint32_t pairs = 0;
    if (!msgpack_read_map (reader, &pairs))
        return "filter must be a map";
    for (; pairs > 0; pairs--) {
        text_t key;
        text_t value;
        if (!msgpack_read_str (reader, &key) || !msgpack_read_str (reader, &value))
            return "filter must hold texts";
        if (text_equal (key, text_from ("status"))) {
            rocket_status_t status;
            if (!rocket_status_of (value, &status))
                return "filter's status must be unknown, flying or exploded";
            list->status = value;
        }
        else if (text_equal (key, text_from ("type")))
            list->type = value;
        else if (text_equal (key, text_from ("mission")))
            list->mission = value;
        else
            return "filter can hold status, type and mission only";
    }
    return NULL;
}

static const char *
s_read_partitions (list_query_t *list, msgpack_reader_t *reader)
{
    uint32_t count = 0;
    if (!msgpack_read_array (reader, &count))
        return "partitions must be an array";
    list->has_partitions = true;
    for (; count > 0; count--) {
        uint64_t partition = 0;
        if (!msgpack_read_uint (reader, &partition) || partition >= PARTITIONS_MAX)
            return "partitions must hold numbers of partitions";
        list_query_want (list, (uint32_t) partition);
    }
    return NULL;
}

//  The members of a query in the order of the bytes. "after" needs the order and "requests" needs
//  the op, so both are read last.
typedef struct {
    text_t op;
    bool has_id;
    msgpack_reader_t after;
    msgpack_reader_t requests;
} members_t;

static const char *
s_read_sort (list_query_t *list, msgpack_reader_t *reader)
{
    text_t sort;
    if (!msgpack_read_str (reader, &sort) || !rocket_order_parse (sort, &list->order))
        return "sort must be id, type, speed, mission, status, lastMessageTime or "
               "lastMessageNumber, with - before it for descending";
    return NULL;
}

static const char *
s_read_limit (list_query_t *list, msgpack_reader_t *reader)
{
    uint64_t limit = 0;
    if (!msgpack_read_uint (reader, &limit) || limit < 1 || limit > QUERY_LIMIT_MAX)
        return "limit must be an integer from 1 to 1000";
    list->limit = (uint32_t) limit;
    return NULL;
}

//  Read the deadline. A longer one than the maximum becomes the maximum.
static const char *
s_read_deadline (query_t *query, msgpack_reader_t *reader)
{
    uint64_t deadline_ms = 0;
    if (!msgpack_read_uint (reader, &deadline_ms) || deadline_ms < 1)
        return "deadlineMs must be a positive integer";
    query->deadline_ms = (uint32_t) MIN (deadline_ms, QUERY_DEADLINE_MAX_MS);
    return NULL;
}

static const char *
s_read_member (query_t *query, members_t *members, text_t key, msgpack_reader_t *reader)
{
    if (text_equal (key, text_from ("op")))
        return msgpack_read_str (reader, &members->op) ? NULL : "op must be a text";
    if (text_equal (key, text_from ("id"))) {
        members->has_id = msgpack_read_str (reader, &query->id);
        return members->has_id ? NULL : "id must be a text";
    }
    if (text_equal (key, text_from ("deadlineMs")))
        return s_read_deadline (query, reader);
    if (text_equal (key, text_from ("sort")))
        return s_read_sort (&query->list, reader);
    if (text_equal (key, text_from ("limit")))
        return s_read_limit (&query->list, reader);
    if (text_equal (key, text_from ("filter")))
        return s_read_filter (&query->list, reader);
    if (text_equal (key, text_from ("partitions")))
        return s_read_partitions (&query->list, reader);
    if (text_equal (key, text_from ("after")))
        members->after = *reader;
    else if (text_equal (key, text_from ("requests")))
        members->requests = *reader;
    return msgpack_skip (reader) ? NULL : "the query ends in the middle of a value";
}

//  Check and read the members that depend on others.
static const char *
s_finish (query_t *query, members_t *members)
{
    query_op_t op = QUERY_PING;
    while (op < G_N_ELEMENTS (s_ops) && !text_equal (members->op, text_from (s_ops[op])))
        op++;
    if (op == G_N_ELEMENTS (s_ops))
        return "op must be get, list, stats, ping, batch or forget";
    query->op = op;
    if (s_has_id (op) && !members->has_id)
        return "id is missing";
    if (op == QUERY_LIST && members->after.at && !msgpack_read_nil (&members->after)) {
        if (!query_read_place (&query->list.order, &members->after, &query->list.after))
            return "after must be [value of the sort key, id]";
        query->list.has_after = true;
    }
    if (op == QUERY_BATCH) {
        query->batch = members->requests;
        if (!query->batch.at || !msgpack_read_array (&query->batch, &query->batch_count) ||
            query->batch_count > QUERY_BATCH_MAX)
            return "requests must be an array of at most 4096 queries";
    }
    return NULL;
}

const char *
query_read (query_t *query, msgpack_reader_t *reader)
{
    memset (query, 0, sizeof *query);
    query->list.limit = QUERY_LIMIT_DEFAULT;
    members_t members = {0};
    uint32_t pairs = 0;
    if (!msgpack_read_map (reader, &pairs))
        return "a query must be a msgpack map";
    for (; pairs > 0; pairs--) {
        text_t key;
        if (!msgpack_read_str (reader, &key))
            return "a query's keys must be texts";
        const char *fault = s_read_member (query, &members, key, reader);
        if (fault)
            return fault;
    }
    return s_finish (query, &members);
}
