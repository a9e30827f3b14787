//  Replies as bytes: msgpack maps, each to a query (query.h). docs/protocol.md describes them, with
//  examples.
//
//  Writers append to a GByteArray of the caller. Readers borrow: texts point into the bytes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_REPLY_H
#define DOWNLINK_REPLY_H

#include <glib.h>

#include "common/bytes/announcement.h"
#include "common/bytes/msgpack_reader.h"
#include "common/bytes/msgpack_writer.h"
#include "query/protocol/rocket_order.h"

//  Most bytes of the replies of a batch; further replies become a 400. A gateway asks for less than
//  its sockets take (BATCH_ROCKETS).
#define QUERY_REPLIES_MAX_BYTES (40 * 1024 * 1024)

//  Most bytes of the rockets of a reply to a list, unless its only rocket is larger. A reply that
//  is cut here has fewer rockets than the limit, and says that more follow.
#define LIST_REPLY_MAX_BYTES (1024 * 1024)

//  Write a reply with a status (as in HTTP) and a sentence. A NULL detail is allowed.
void reply_write_status (GByteArray *out, uint32_t status, const char *detail);

//  Write a reply with a rocket, and the partition and epoch of its ownership.
void reply_write_forgotten (GByteArray *out, owned_t owned, bool is_saved);
void reply_write_rocket (GByteArray *out, owned_t owned, const rocket_t *rocket);

//  Begin a reply with a list; write count rockets right behind with rocket_map_write. more: rockets
//  follow the last one. owned: the partitions that the list covers.
void reply_write_list (
    GByteArray *out, const owned_t *owned, uint32_t owned_count, bool more, uint32_t count);

//  Begin the reply to a query batch; write count replies right behind.
void reply_write_batch (GByteArray *out, uint32_t count);

//  Begin {"status": 200, "stats": {count members}}; write the members right behind.
void reply_write_stats (msgpack_writer_t *writer, uint32_t count);

typedef struct {
    uint32_t status;
    text_t detail;  //  no text: there is none
    owned_t owned;  //  of the rocket
    text_t rocket;  //  the bytes of the rocket's map; no text: there is none
    uint32_t rockets_count;
    msgpack_reader_t rockets;  //  at the first rocket of a list
    bool more;
    uint32_t owned_count;
    msgpack_reader_t owned_list;  //  at the first [partition, epoch] of a list
    text_t stats;                 //  the bytes of the map
    uint32_t replies_count;
    msgpack_reader_t replies;  //  at the first reply of a batch; read each with reply_read
} reply_t;

//  Read the next reply. Return false if the bytes are not a reply. Behind the reply to a query
//  batch the reader may stand at the first of its replies, which are not read yet.
bool reply_read (reply_t *reply, msgpack_reader_t *reader) __attribute__ ((warn_unused_result));

//  A rocket of a list and its place, borrowed from the bytes of the reply.
typedef struct {
    place_t place;
    text_t rocket;
} reply_entry_t;

//  Add the rockets of a reply with a list to entries (a GArray of reply_entry_t). Return false if
//  one of them is invalid.
bool reply_collect (const rocket_order_t *order, const reply_t *reply, GArray *entries)
    __attribute__ ((warn_unused_result));

#endif
