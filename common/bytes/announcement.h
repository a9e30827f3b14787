//  Announcements of a processor as bytes: the partitions that it owns, and the frames that it has
//  saved.
//
//    topic "owner"           {"processor": bin 16, "endpoints": {"frames": str, "queries": str,
//                             "events": str}, "partitions": P, "owned": [[partition, epoch], ...],
//                             "state": bin 16, "ancestors": [bin 16, ...],
//                             "members": [[processor, frames], ...],
//                             "store": [kind, saved on, is away],
//                             "bus": [kind, topic, is away],
//                             "rockets": [unknown, flying, exploded], "isFull": bool}
//    topic "ack/" + 32 hex   {"processor": bin 16, "ranges": [[first, last], ...],
//                             "digests": bin, 8 bytes for each sequence of the ranges, in their order}
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ANNOUNCEMENT_H
#define DOWNLINK_ANNOUNCEMENT_H

#include <stdint.h>

#include "common/bytes/frame.h"
#include "common/bytes/msgpack_reader.h"
#include "common/domain/number_ranges.h"
#include "common/domain/partition.h"
#include "common/domain/rocket.h"
#include "common/domain/state_ancestors.h"

#define PROCESSOR_ID_SIZE 16
#define MEMBERS_MAX 256   //  processors of one state
#define ENDPOINT_SIZE 64  //  of the text of an endpoint, terminated
#define ANNOUNCEMENT_OWNER_TOPIC "owner"
#define ANNOUNCEMENT_ACK_TOPIC_SIZE (sizeof ("ack/") + 2 * FRAME_SOURCE_SIZE)  //  terminator too

typedef struct {
    uint32_t partition;
    uint64_t epoch;
} owned_t;

//  A processor that shares the state.
typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];
    char frames[ENDPOINT_SIZE];  //  the address of its frames socket, tcp://address:port; empty:
                                 //  unknown
} announced_member_t;

//  The store of a processor, as store_health_t describes it.
typedef struct {
    char kind[16];  //  terminated, as the next one; empty: not announced
    char saved_on[24];
    bool is_away;
} announced_store_t;

//  The bus that a processor takes messages from, as bus_health_t describes it.
typedef struct {
    char kind[16];    //  terminated, as the next one; empty: not announced, and then it is zmq
    char topic[256];  //  empty: a bus without topics
    bool is_away;
} announced_bus_t;

typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];  //  random, new at every start of a process
    char frames[ENDPOINT_SIZE];            //  bound endpoints, tcp://address:port
    char queries[ENDPOINT_SIZE];
    char events[ENDPOINT_SIZE];
    state_id_t state;             //  the state that it shares; zeroed: not announced
    state_ancestors_t ancestors;  //  of the state
    uint32_t partitions;          //  P
    partitioner_t partitioner;
    uint32_t owned_count;
    owned_t owned[PARTITIONS_MAX];
    uint32_t member_count;  //  0: not announced
    announced_member_t members[MEMBERS_MAX];
    announced_store_t store;
    announced_bus_t bus;
    bool has_rockets;                   //  false: not announced
    uint64_t rockets[ROCKET_STATUSES];  //  of the owned partitions, by rocket_status_t
    bool is_full;                       //  the processor holds as many rockets as it may
} owner_announcement_t;

//  Write the topic of the acks for a source: "ack/" and 32 hexadecimal digits, terminated.
void ack_topic (const uint8_t source[FRAME_SOURCE_SIZE], char topic[ANNOUNCEMENT_ACK_TOPIC_SIZE]);

//  Pack an announcement and set *size. The caller frees the bytes with free ().
void *owner_announcement_write (const owner_announcement_t *self, size_t *size);

//  A saved frame. The digest tells frames with the same source and sequence but other bytes apart.
typedef struct {
    uint64_t sequence;
    uint64_t digest;  //  frame_digest
} saved_frame_t;

//  Pack an ack for saved frames, which are in rising order of their sequences, in the same way.
void *ack_write (const uint8_t processor[PROCESSOR_ID_SIZE], const saved_frame_t *frames,
    size_t count, size_t *size);

//  Read an announcement. Return false if the bytes are not an announcement.
bool owner_announcement_read (owner_announcement_t *self, const void *bytes, size_t size)
    __attribute__ ((warn_unused_result));

//  An ack that was read. It points into the bytes.
typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];  //  the sender of the ack
    bool has_processor;                    //  false: the sender is not named
    msgpack_reader_t ranges;
    text_t digests;  //  no data: not given
} ack_t;

//  Read an ack. Return false if the bytes are not an ack: then ignore all of them.
bool ack_read (ack_t *self, const void *bytes, size_t size) __attribute__ ((warn_unused_result));

//  Take one range of an ack; first and last belong to it. digests are the digests of its frames,
//  for ack_digest; NULL: not given.
typedef void (ack_range_fn) (void *context, uint64_t first, uint64_t last, const void *digests);

//  Return the digest of the frame at this index of the range.
uint64_t ack_digest (const void *digests, uint64_t index);

//  Call range for every range of an ack.
void ack_tell (const ack_t *self, ack_range_fn *range, void *context);

#endif
