//  Questions and answers as bytes: one REQ/REP exchange each, msgpack maps. docs/protocol.md tells
//  them with worked examples.
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

//  Once the replies of a batch have so many bytes, those that are still missing are a 400: the whole is
//  less than the 64 MiB that a socket takes.
#define QUERY_REPLIES_MAX_BYTES (40 * 1024 * 1024)

//  The rockets of a reply to a list have no more bytes, but for one that is larger alone. A reply that
//  is cut here holds fewer rockets than were asked for, and says that there are more.
#define LIST_REPLY_MAX_BYTES (1024 * 1024)

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

//  Begin a batch of count questions; write them right behind. deadline_ms holds for each of them; 0:
//  none.
void query_write_batch (GByteArray *out, uint32_t count, uint32_t deadline_ms);

//  Read the next question. Returns NULL, or a sentence that says what is wrong with it.
const char *query_read (query_t *query, msgpack_reader_t *reader)
    __attribute__ ((warn_unused_result));

//  Add or look for a partition in a list's set.
void list_query_want (list_query_t *self, uint32_t partition);
bool list_query_wants (const list_query_t *self, uint32_t partition);

//  An answer with a status (HTTP's numbers) and, if detail is not NULL, a sentence.
void reply_write_status (GByteArray *out, uint32_t status, const char *detail);

//  The answer with one rocket, and under which epoch its partition is owned.
void reply_write_rocket (GByteArray *out, owned_t owned, const rocket_t *rocket);

//  Begin an answer with a list; write count rockets right behind with rocket_map_write. more: there
//  are further ones behind the last. owned: the partitions it covers.
void reply_write_list (
    GByteArray *out, const owned_t *owned, uint32_t owned_count, bool more, uint32_t count);

//  Begin an answer to a batch; write count answers right behind.
void reply_write_batch (GByteArray *out, uint32_t count);

//  Begin {"status": 200, "stats": {count members}}; write the members right behind.
void reply_write_stats (msgpack_writer_t *writer, uint32_t count);

typedef struct {
    uint32_t status;
    text_t detail;  //  none if there was none
    owned_t owned;  //  with rocket
    text_t rocket;  //  the bytes of the rocket's map; none if there was none
    uint32_t rockets_count;
    msgpack_reader_t rockets;  //  at the first rocket of a list
    bool more;
    uint32_t owned_count;
    msgpack_reader_t owned_list;  //  at the first [partition, epoch] of a list
    text_t stats;                 //  the bytes of the map
    uint32_t replies_count;
    msgpack_reader_t replies;  //  at the first answer of a batch; read each with reply_read
} reply_t;

//  Read the next answer; false if it is none. Behind the answer to a batch the reader may stand at the
//  first of the answers in it, which were not looked at.
bool reply_read (reply_t *reply, msgpack_reader_t *reader) __attribute__ ((warn_unused_result));

//  The place of a rocket's map in an order; false if it is no rocket. Borrowed from the bytes.
bool query_rocket_place (const rocket_order_t *order, text_t rocket, place_t *place)
    __attribute__ ((warn_unused_result));

//  A rocket of a list, and its place. Borrowed from the bytes of the answer.
typedef struct {
    place_t place;
    text_t rocket;
} query_entry_t;

//  Add the rockets of an answer with a list to entries (a GArray of query_entry_t). False if one of
//  them is no rocket.
bool query_collect (const rocket_order_t *order, const reply_t *reply, GArray *entries)
    __attribute__ ((warn_unused_result));

//  Write and read a place as [value, id], for "after" and for cursors.
void query_write_place (
    msgpack_writer_t *writer, const rocket_order_t *order, const place_t *place);
bool query_read_place (const rocket_order_t *order, msgpack_reader_t *reader, place_t *place)
    __attribute__ ((warn_unused_result));

#endif
