//  The leases of partitions and the members, as rows in PostgreSQL (postgres/schema.sql). A lease
//  is live as long as its owner's member row, by the server's clock alone. One statement renews,
//  gives back, claims and reads.
//
//  A member row ends LEASE_MS after its renewal. A row that ends much further in the future was
//  written under another clock, before a failover, and does not count.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LEASE_TABLE_H
#define DOWNLINK_LEASE_TABLE_H

#include "processor/own/share_partitions.h"
#include "processor/postgres/postgres_link.h"

#define LEASE_MS 2000

//  The requests of one processor. While another processor has the lease of a partition that this
//  one still holds, the others give this processor no share. Otherwise an owner that was paused
//  could get its partitions back before it has noticed that they were taken, and would show an old
//  state.
typedef struct {
    member_id_t self;
    member_endpoint_t endpoint;
    bool is_sharing;                   //  takes its share of the partitions
    bool is_wanted[PARTITIONS_MAX];    //  claim the lease if it is free
    bool is_returned[PARTITIONS_MAX];  //  give the lease back
    bool is_held[PARTITIONS_MAX];      //  in use
} lease_request_t;

//  The result: members that share the partitions, and leases of this processor.
typedef struct {
    size_t members_count;
    member_id_t members[MEMBERS_MAX];  //  sorted by id
    member_endpoint_t endpoints[MEMBERS_MAX];
    bool is_leased[PARTITIONS_MAX];
} lease_table_t;

//  Renew, give back, claim, and set *table.
postgres_result_t lease_table_exchange (postgres_link_t *link, const lease_request_t *request,
    uint32_t partitions, lease_table_t *table) __attribute__ ((warn_unused_result));

//  End all leases of a processor that stops. Ignore an error: the leases expire.
void lease_table_leave (postgres_link_t *link, const member_id_t *self);

#endif
