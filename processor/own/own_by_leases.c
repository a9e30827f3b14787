//  Leases coordinate the processors of many hosts. A thread renews the leases, so that neither a
//  slow database nor a busy loop ends them. It also claims free leases of this processor's share of
//  the partitions, and gives back the leases of other partitions. The keeper holds only partitions
//  whose lease this processor has.
//
//  A processor that cannot reach the database goes on with the table it read last. It cannot save,
//  so it acknowledges nothing, and another processor that took a partition fences its saves. When
//  the database is back, the table shows the lost leases.
//
//  A processor that finds other members waits before it shares, so that the gateways find it before
//  partitions move to it.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <pthread.h>
#include <time.h>

#include "common/process/clock.h"
#include "common/process/log.h"
#include "common/process/thread.h"
#include "processor/own/lease_table.h"
#include "processor/own/ownership.h"

#define RENEW_INTERVAL_MS 150
#define HURRY_INTERVAL_MS 40  //  while a lease of our share is not ours yet

typedef struct {
    ownership_t base;
    postgres_link_t *link;  //  the thread owns it
    uint32_t partitions;
    member_id_t self_id;
    member_endpoint_t endpoint;
    int64_t join_at_ms;
    lease_table_t seen;  //  the loop's copy of the table

    pthread_t thread;
    pthread_mutex_t mutex;  //  guards the rest
    pthread_cond_t wake;    //  for the thread: something changed
    lease_table_t table;
    uint64_t exchanges;  //  that succeeded
    uint64_t exchanges_seen;
    bool is_ours[PARTITIONS_MAX];  //  by the members in the table
    bool is_held[PARTITIONS_MAX];  //  the keeper uses the lease
    bool is_sharing;               //  until we leave
    bool has_left;
    bool is_ending;
} own_by_leases_t;

//  Return true if this processor has a lease that it should give back.
static bool
s_is_returned (const own_by_leases_t *self, uint32_t partition)
{
    return self->table.is_leased[partition] && !self->is_ours[partition] &&
           !self->is_held[partition];
}

static bool
s_is_wanted (const own_by_leases_t *self, uint32_t partition)
{
    return self->is_ours[partition] && !self->table.is_leased[partition] &&
           !self->is_held[partition];
}

//  Collect the requests, under the mutex.
static void
s_prepare (own_by_leases_t *self, lease_request_t *request)
{
    bool may_share =
        self->exchanges > 0 && (self->table.members_count == 0 || clock_ms () >= self->join_at_ms);
    self->is_sharing = !self->has_left && (self->is_sharing || may_share);
    *request = (lease_request_t){
        .self = self->self_id, .endpoint = self->endpoint, .is_sharing = self->is_sharing};
    for (uint32_t partition = 0; partition < self->partitions; partition++) {
        request->is_wanted[partition] = s_is_wanted (self, partition);
        request->is_returned[partition] = s_is_returned (self, partition);
        request->is_held[partition] = self->is_held[partition];
    }
}

static void
s_share (own_by_leases_t *self)
{
    uint32_t owners[PARTITIONS_MAX];
    const lease_table_t *table = &self->table;
    memset (self->is_ours, 0, sizeof self->is_ours);
    if (self->has_left || table->members_count == 0)
        return;
    share_partitions (table->members, table->members_count, self->partitions, owners);
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        self->is_ours[partition] =
            memcmp (&table->members[owners[partition]], &self->self_id, sizeof (member_id_t)) == 0;
}

//  Take over a new table, under the mutex.
static void
s_take_table (own_by_leases_t *self, const lease_table_t *table)
{
    bool is_same = table->members_count == self->table.members_count &&
                   memcmp (table->members, self->table.members,
                       table->members_count * sizeof *table->members) == 0;
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        if (self->is_held[partition] && self->table.is_leased[partition] &&
            !table->is_leased[partition])
            log_event (LOG_WARN, "the lease of a partition expired, and another processor has it",
                "partition=%u", partition);
    self->table = *table;
    self->exchanges++;
    if (is_same)
        return;
    log_event (LOG_INFO, "members changed", "members=%zu", table->members_count);
    s_share (self);
}

//  Return the time until the next exchange, under the mutex.
static int64_t
s_interval_ms (const own_by_leases_t *self)
{
    if (!self->is_sharing && !self->has_left && self->table.members_count == 0)
        return HURRY_INTERVAL_MS;
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        if (s_is_wanted (self, partition) || s_is_returned (self, partition))
            return HURRY_INTERVAL_MS;
    return RENEW_INTERVAL_MS;
}

//  Wait until something changes, under the mutex, but no longer than this.
static void
s_wait (own_by_leases_t *self, int64_t wait_ms)
{
    int64_t until_ms = clock_ms () + wait_ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    (void) pthread_cond_timedwait (&self->wake, &self->mutex, &until);
}

static void *
s_renew (void *context)
{
    own_by_leases_t *self = context;
    lease_request_t request;
    lease_table_t table;
    pthread_mutex_lock (&self->mutex);
    while (!self->is_ending) {
        s_prepare (self, &request);
        pthread_mutex_unlock (&self->mutex);
        postgres_result_t result =
            lease_table_exchange (self->link, &request, self->partitions, &table);
        pthread_mutex_lock (&self->mutex);
        if (result == POSTGRES_DONE)
            s_take_table (self, &table);
        if (!self->is_ending)
            s_wait (self, s_interval_ms (self));
    }
    pthread_mutex_unlock (&self->mutex);
    lease_table_leave (self->link, &self->self_id);
    return NULL;
}

static void
s_look (ownership_t *base)
{
    own_by_leases_t *self = (own_by_leases_t *) base;
    pthread_mutex_lock (&self->mutex);
    if (self->exchanges_seen != self->exchanges)
        self->seen = self->table;
    self->exchanges_seen = self->exchanges;
    pthread_mutex_unlock (&self->mutex);
}

static bool
s_is_ours (const ownership_t *base, uint32_t partition)
{
    own_by_leases_t *self = (own_by_leases_t *) base;
    pthread_mutex_lock (&self->mutex);
    bool is_lost = self->is_held[partition] && !self->table.is_leased[partition];
    bool is_ours = self->is_ours[partition] && !is_lost;
    pthread_mutex_unlock (&self->mutex);
    return is_ours;
}

static bool
s_hold (ownership_t *base, uint32_t partition)
{
    own_by_leases_t *self = (own_by_leases_t *) base;
    pthread_mutex_lock (&self->mutex);
    if (self->is_ours[partition] && self->table.is_leased[partition])
        self->is_held[partition] = true;
    bool is_held = self->is_held[partition];
    pthread_mutex_unlock (&self->mutex);
    return is_held;
}

static void
s_release (ownership_t *base, uint32_t partition)
{
    own_by_leases_t *self = (own_by_leases_t *) base;
    pthread_mutex_lock (&self->mutex);
    self->is_held[partition] = false;
    if (s_is_returned (self, partition))
        pthread_cond_signal (&self->wake);
    pthread_mutex_unlock (&self->mutex);
}

static void
s_leave (ownership_t *base)
{
    own_by_leases_t *self = (own_by_leases_t *) base;
    pthread_mutex_lock (&self->mutex);
    self->has_left = true;
    s_share (self);
    pthread_cond_signal (&self->wake);
    pthread_mutex_unlock (&self->mutex);
}

static const member_id_t *
s_members (const ownership_t *base, size_t *count)
{
    const own_by_leases_t *self = (const own_by_leases_t *) base;
    *count = self->seen.members_count;
    return self->seen.members;
}

static const member_endpoint_t *
s_endpoints (const ownership_t *base)
{
    return ((const own_by_leases_t *) base)->seen.endpoints;
}

static bool
s_is_away (const ownership_t *base)
{
    return postgres_link_is_away (((const own_by_leases_t *) base)->link);
}

static void
s_free (own_by_leases_t *self)
{
    postgres_link_destroy (&self->link);
    pthread_mutex_destroy (&self->mutex);
    pthread_cond_destroy (&self->wake);
    g_free (self);
}

static void
s_destroy (ownership_t **base_p)
{
    own_by_leases_t *self = (own_by_leases_t *) *base_p;
    if (!self)
        return;
    pthread_mutex_lock (&self->mutex);
    self->is_ending = true;
    pthread_cond_signal (&self->wake);
    pthread_mutex_unlock (&self->mutex);
    pthread_join (self->thread, NULL);
    s_free (self);
    *base_p = NULL;
}

ownership_t *
own_by_leases_new (const char *address, uint32_t partitions,
    const uint8_t self_id[PROCESSOR_ID_SIZE], const member_endpoint_t *endpoint)
{
    postgres_link_t *link = postgres_link_new (address, "downlink leases", POSTGRES_COMMIT_LAZY);
    if (!link)
        return NULL;
    own_by_leases_t *self = g_new0 (own_by_leases_t, 1);
    self->base = (ownership_t){s_look, s_is_ours, s_hold, s_release, s_leave, s_members,
        s_endpoints, s_is_away, s_destroy};
    self->link = link;
    self->partitions = partitions;
    self->endpoint = *endpoint;
    memcpy (self->self_id.id, self_id, PROCESSOR_ID_SIZE);
    self->join_at_ms = clock_ms () + JOIN_DELAY_MS;
    pthread_mutex_init (&self->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init (&monotonic);
    pthread_condattr_setclock (&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init (&self->wake, &monotonic);
    pthread_condattr_destroy (&monotonic);
    if (!thread_start (&self->thread, "leases", s_renew, self)) {
        s_free (self);
        return NULL;
    }
    return &self->base;
}
