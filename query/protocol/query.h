//  Questions as bytes: msgpack maps, each of one REQ/REP exchange, which ends with an answer
//  (reply.h). docs/protocol.md tells them with worked examples.
//
//  Writers add to a GByteArray of the caller's. Readers borrow: texts point into the bytes read.
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
#define QUERY_MAX_BYTES (1024 * 1024)  //  a larger question does not get through

#define QUERY_DEADLINE_MAX_MS 3600000

typedef enum { QUERY_PING, QUERY_STATS, QUERY_GET, QUERY_LIST, QUERY_BATCH } query_op_t;

//  Which rockets of which partitions, in which order, from where on.
typedef struct {
    rocket_order_t order;
    uint32_t limit;  //  1 to QUERY_LIMIT_MAX
    bool has_after;
    bool has_partitions;  //  only those below, if all are owned here; else all that are owned
    place_t after;        //  only what comes behind it
    text_t status;        //  filters; none: all
    text_t type;
    text_t mission;
    uint8_t partitions[PARTITIONS_MAX / 8];  //  a bit each
} list_query_t;

typedef struct {
    query_op_t op;
    uint32_t deadline_ms;    //  how long the asker waits, from the receipt on; 0: not said
    text_t id;               //  QUERY_GET
    list_query_t list;       //  QUERY_LIST
    uint32_t batch_count;    //  QUERY_BATCH: so many questions follow
    msgpack_reader_t batch;  //  at the first of them; read each with query_read
} query_t;

//  Write a question of any kind but QUERY_BATCH.
void query_write (GByteArray *out, const query_t *query);

//  Begin a batch of count questions; write them right behind. deadline_ms holds for each of them;
//  0: none.
void query_write_batch (GByteArray *out, uint32_t count, uint32_t deadline_ms);

//  Read the next question. Returns NULL, or a sentence that says what is wrong with it.
const char *query_read (query_t *query, msgpack_reader_t *reader)
    __attribute__ ((warn_unused_result));

//  Add or look for a partition in a list's set.
void list_query_want (list_query_t *self, uint32_t partition);
bool list_query_wants (const list_query_t *self, uint32_t partition);

//  Write and read a place as [value, id], for "after" and for cursors.
void query_write_place (
    msgpack_writer_t *writer, const rocket_order_t *order, const place_t *place);
bool query_read_place (const rocket_order_t *order, msgpack_reader_t *reader, place_t *place)
    __attribute__ ((warn_unused_result));

#endif
