//  Queries as bytes: msgpack maps. Each query gets a reply (reply.h). docs/protocol.md describes
//  them, with examples.
//
//  Writers append to a GByteArray of the caller. Readers borrow: texts point into the bytes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_QUERY_H
#define DOWNLINK_QUERY_H

#include <glib.h>

#include "common/bytes/announcement.h"
#include "common/bytes/msgpack_reader.h"
#include "common/bytes/msgpack_writer.h"
#include "query/protocol/rocket_order.h"

#define QUERY_LIMIT_MAX 1000
#define QUERY_LIMIT_DEFAULT 100
#define QUERY_BATCH_MAX 4096
#define QUERY_DEADLINE_MAX_MS 3600000

typedef enum {
    QUERY_PING,
    QUERY_STATS,
    QUERY_GET,
    QUERY_LIST,
    QUERY_BATCH,
    QUERY_FORGET
} query_op_t;

//  A list: filters, partitions, an order, and the place where it begins.
typedef struct {
    rocket_order_t order;
    uint32_t limit;  //  1 to QUERY_LIMIT_MAX
    bool has_after;
    bool has_partitions;  //  list only the partitions below; false: all that the processor owns
    place_t after;        //  the list begins behind this place
    text_t status;        //  filter; no text: any
    text_t type;
    text_t mission;
    uint8_t partitions[PARTITIONS_MAX / 8];  //  a bit each
} list_query_t;

typedef struct {
    query_op_t op;
    uint32_t deadline_ms;    //  from the receipt on; 0: not given
    text_t id;               //  QUERY_GET, QUERY_FORGET
    list_query_t list;       //  QUERY_LIST
    uint32_t batch_count;    //  QUERY_BATCH: number of queries that follow
    msgpack_reader_t batch;  //  at the first query; read each with query_read
} query_t;

//  Write a query of any kind but QUERY_BATCH.
void query_write (GByteArray *out, const query_t *query);

//  Begin a query batch; write count queries right behind. deadline_ms holds for each of them; 0:
//  not given.
void query_write_batch (GByteArray *out, uint32_t count, uint32_t deadline_ms);

//  Read the next query. Return NULL, or a sentence with the fault.
const char *query_read (query_t *query, msgpack_reader_t *reader)
    __attribute__ ((warn_unused_result));

//  Add a partition to those of a list. Return true if a list includes a partition.
void list_query_want (list_query_t *self, uint32_t partition);
bool list_query_wants (const list_query_t *self, uint32_t partition);

//  Write or read a place as [value, id], for "after" and for cursors.
void query_write_place (
    msgpack_writer_t *writer, const rocket_order_t *order, const place_t *place);
bool query_read_place (const rocket_order_t *order, msgpack_reader_t *reader, place_t *place)
    __attribute__ ((warn_unused_result));

#endif
