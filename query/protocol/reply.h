//  Answers as bytes: msgpack maps, each to a question (query.h). docs/protocol.md tells them with
//  worked examples.
//
//  Writers add to a GByteArray of the caller's. Readers borrow: texts point into the bytes read.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_REPLY_H
#define DOWNLINK_REPLY_H

#include <glib.h>

#include "common/bytes/announcement.h"
#include "common/bytes/msgpack_reader.h"
#include "common/bytes/msgpack_writer.h"
#include "query/protocol/rocket_order.h"

//  Once the replies of a batch have so many bytes, those that are still missing are a 400: the
//  whole is less than the 64 MiB that a socket takes.
#define QUERY_REPLIES_MAX_BYTES (40 * 1024 * 1024)

//  The rockets of a reply to a list have no more bytes, but for one that is larger alone. A reply
//  that is cut here holds fewer rockets than were asked for, and says that there are more.
#define LIST_REPLY_MAX_BYTES (1024 * 1024)

//  Write an answer with a status (HTTP's numbers) and, if detail is not NULL, a sentence.
void reply_write_status (GByteArray *out, uint32_t status, const char *detail);

//  Write the answer with one rocket, and under which epoch its partition is owned.
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

//  Read the next answer. Return false if it is none. Behind the answer to a batch the reader may
//  stand at the first of the answers in it, which were not looked at.
bool reply_read (reply_t *reply, msgpack_reader_t *reader) __attribute__ ((warn_unused_result));

//  A rocket of a list, and its place. Borrowed from the bytes of the answer.
typedef struct {
    place_t place;
    text_t rocket;
} reply_entry_t;

//  Add the rockets of an answer with a list to entries (a GArray of reply_entry_t). Return
//  false if one of them is no rocket.
bool reply_collect (const rocket_order_t *order, const reply_t *reply, GArray *entries)
    __attribute__ ((warn_unused_result));

#endif
