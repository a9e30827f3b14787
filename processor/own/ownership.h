//  The interface of an ownership, which decides which partitions this processor should own, and
//  locks them. An implementation has an ownership_t as the first member of its structure. The
//  processor's thread owns the ownership.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OWNERSHIP_H
#define DOWNLINK_OWNERSHIP_H

#include "processor/own/share_partitions.h"

//  A new processor joins the members only after this time, so that gateways have found it before it
//  owns a partition: they resolve names every second, and connect in some tenths of a second.
#define JOIN_DELAY_MS 2000

typedef struct ownership ownership_t;

struct ownership {
    //  Read the list of members. The keeper calls it several times a second.
    void (*look) (ownership_t *self);

    //  Return true if the partition should be ours, by the last look.
    bool (*is_ours) (const ownership_t *self, uint32_t partition);

    //  Try to lock a partition. Return false if another process holds the lock: retry soon. The
    //  lock ends with release, or when the process dies.
    bool (*hold) (ownership_t *self, uint32_t partition);

    //  Unlock a partition.
    void (*release) (ownership_t *self, uint32_t partition);

    //  Stop being a member. From now on is_ours returns false for every partition, and the other
    //  members notice that this one has left.
    void (*leave) (ownership_t *self);

    //  Return the members at the last look, this processor too if it is one. Borrowed until the
    //  next look.
    const member_id_t *(*members) (const ownership_t *self, size_t *count);

    //  Return the endpoints of these members, in the same order. Borrowed until the next look.
    const member_endpoint_t *(*endpoints) (const ownership_t *self);

    //  Return true if the locks cannot be renewed at the moment, because the database does not
    //  answer.
    bool (*is_away) (const ownership_t *self);

    void (*destroy) (ownership_t **self_p);
};

//  Create an ownership by locked files in the state directory, which all processors of this host
//  share. self is the id of this process, new at every start; endpoint is published to the other
//  members. Return NULL if the directory cannot be used; then the log says why.
ownership_t *own_by_files_new (const char *directory, uint32_t partitions,
    const uint8_t self[PROCESSOR_ID_SIZE], const member_endpoint_t *endpoint);

//  Create an ownership by leases in a PostgreSQL database, which all processors of the state share.
//  The store has made the tables. Return NULL if the address cannot be read or the thread that
//  renews them cannot be started; then the log says why.
ownership_t *own_by_leases_new (const char *address, uint32_t partitions,
    const uint8_t self[PROCESSOR_ID_SIZE], const member_endpoint_t *endpoint);

//  Create an ownership of all partitions, for a store that no other processor shares.
ownership_t *own_alone_new (
    const uint8_t self[PROCESSOR_ID_SIZE], const member_endpoint_t *endpoint);

#endif
