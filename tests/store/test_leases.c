//  Ownership by leases in a real server: shares, expiry, return, and the leases of others.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <libpq-fe.h>
#include <string.h>

#include "common/process/clock.h"
#include "processor/own/lease_table.h"
#include "processor/own/ownership.h"
#include "processor/save/store.h"
#include "tests/store/database.h"

#define PARTITIONS 16
#define PATIENCE_MS 60000

//  A member that no process renews.
#define STRANGER "'\\xffffffffffffffffffffffffffffffff'"

static const patience_t s_patience = {.stop_fd = -1};
static char *s_address;

//  Make a database with the tables of a state.
static void
s_set_up (void)
{
    const uint8_t writer[PROCESSOR_ID_SIZE] = {1};
    state_traits_t traits = {.partitions = PARTITIONS};
    s_address = database_make ();
    store_t *store = store_postgres_new (s_address, writer, &s_patience, &traits);
    cr_assert_not_null (store);
    store->destroy (&store);
}

static void
s_tear_down (void)
{
    database_drop (&s_address);
}

TestSuite (leases, .init = s_set_up, .fini = s_tear_down, .timeout = 300);

static ownership_t *
s_open (uint8_t name)
{
    const uint8_t id[PROCESSOR_ID_SIZE] = {name, 1, 2};
    ownership_t *self =
        own_by_leases_new (s_address, PARTITIONS, id, &(member_endpoint_t){"tcp://10.0.0.1:5561"});
    cr_assert_not_null (self);
    return self;
}

//  Hold the partitions that can be held. Return their number.
static uint32_t
s_hold (ownership_t *self)
{
    uint32_t count = 0;
    self->look (self);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        count += self->is_ours (self, partition) && self->hold (self, partition);
    return count;
}

//  Release the held partitions that should not be ours any more.
static void
s_release (ownership_t *self)
{
    self->look (self);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        if (!self->is_ours (self, partition))
            self->release (self, partition);
}

//  Wait until so many partitions are held.
static void
s_await_held (ownership_t *self, uint32_t count)
{
    int64_t until_ms = clock_ms () + PATIENCE_MS;
    while (s_hold (self) != count) {
        cr_assert_lt (clock_ms (), until_ms, "%u are held", s_hold (self));
        g_usleep (2000);
    }
}

static void
s_await_ours (ownership_t *self, uint32_t count)
{
    int64_t until_ms = clock_ms () + PATIENCE_MS;
    uint32_t ours;
    do {
        ours = 0;
        self->look (self);
        for (uint32_t partition = 0; partition < PARTITIONS; partition++)
            ours += self->is_ours (self, partition);
        cr_assert_lt (clock_ms (), until_ms, "%u are ours", ours);
        g_usleep (2000);
    } while (ours != count);
}

Test (leases, a_single_processor_has_everything_at_once)
{
    ownership_t *only = s_open (1);
    size_t count = 0;
    s_await_held (only, PARTITIONS);
    const member_id_t *members = only->members (only, &count);
    cr_assert_eq (count, 1);
    cr_assert_eq (members[0].id[0], 1);
    cr_assert_str_eq (only->endpoints (only)[0].text, "tcp://10.0.0.1:5561");
    only->destroy (&only);
}

Test (leases, a_partition_moves_once_its_holder_releases_it)
{
    ownership_t *first = s_open (1);
    s_await_held (first, PARTITIONS);
    ownership_t *second = s_open (2);
    s_await_ours (second, PARTITIONS / 2);
    g_usleep (500000);
    cr_assert_eq (s_hold (second), 0, "the first one holds them still");
    s_release (first);
    s_await_held (second, PARTITIONS / 2);
    cr_assert_eq (s_hold (first), PARTITIONS / 2);
    second->leave (second);
    cr_assert_eq (s_hold (second), 0);
    s_await_ours (first, PARTITIONS);
    cr_assert_eq (s_hold (first), PARTITIONS / 2, "the second one saves them still");
    second->destroy (&second);
    s_await_held (first, PARTITIONS);
    first->destroy (&first);
}

//  Give half of the partitions to a member whose lease ends at a time in SQL.
static void
s_add_stranger (const char *lease_until)
{
    char *sql =
        g_strdup_printf ("INSERT INTO downlink.member VALUES (" STRANGER ", '', true, %s);"
                         "UPDATE downlink.lease SET owner = " STRANGER " WHERE partition < 8;",
            lease_until);
    database_execute (s_address, sql);
    g_free (sql);
}

Test (leases, leases_of_a_dead_member_are_free_when_they_expire)
{
    int64_t begun_ms = clock_ms ();
    s_add_stranger ("clock_timestamp () + interval '2 s'");
    ownership_t *other = s_open (1);
    s_await_held (other, PARTITIONS);
    cr_assert_geq (clock_ms () - begun_ms, 1900);
    other->destroy (&other);
}

Test (leases, a_lease_under_a_clock_that_was_ahead_does_not_count)
{
    s_add_stranger ("clock_timestamp () + interval '1 hour'");
    ownership_t *other = s_open (1);
    s_await_held (other, PARTITIONS);
    other->destroy (&other);
}

Test (leases, a_lease_that_went_to_another_is_not_ours_until_it_is_released)
{
    ownership_t *owner = s_open (1);
    s_await_held (owner, PARTITIONS);
    database_execute (
        s_address, "UPDATE downlink.lease SET owner = " STRANGER " WHERE partition = 3;");
    s_await_ours (owner, PARTITIONS - 1);
    cr_assert_not (owner->is_ours (owner, 3));
    owner->release (owner, 3);
    s_await_held (owner, PARTITIONS);
    owner->destroy (&owner);
}

//  Expect the flag of the only processor's row, soon. Until then the stranger's lease goes on.
static void
s_await_sharing (const char *wanted)
{
    char *sql =
        g_strdup_printf ("DO $$ BEGIN FOR turn IN 1..1200 LOOP"
                         " UPDATE downlink.member SET lease_until ="
                         " clock_timestamp () + interval '2 s' WHERE id = " STRANGER "; COMMIT;"
                         " IF (SELECT is_sharing = %s FROM downlink.member"
                         " WHERE id <> " STRANGER ") THEN RETURN; END IF;"
                         " PERFORM pg_sleep (0.05); END LOOP;"
                         " RAISE EXCEPTION 'is_sharing is not %s'; END $$",
            wanted, wanted);
    database_execute (s_address, sql);
    g_free (sql);
}

Test (leases, others_do_not_share_with_a_member_that_holds_a_lost_lease)
{
    ownership_t *owner = s_open (1);
    s_await_held (owner, PARTITIONS);
    s_await_sharing ("true");
    s_add_stranger ("clock_timestamp () + interval '2 s'");
    s_await_sharing ("false");
    for (uint32_t partition = 0; partition < 8; partition++)
        owner->release (owner, partition);
    s_await_sharing ("true");
    owner->destroy (&owner);
}

Test (leases, a_member_that_was_forgotten_comes_back)
{
    ownership_t *owner = s_open (1);
    s_await_held (owner, PARTITIONS);
    database_execute (
        s_address, "DELETE FROM downlink.member; UPDATE downlink.lease SET owner = NULL;");
    s_await_ours (owner, 0);
    s_release (owner);
    s_await_held (owner, PARTITIONS);
    owner->destroy (&owner);
}

Test (leases, a_processor_without_the_database_keeps_its_partitions)
{
    ownership_t *owner = s_open (1);
    s_await_held (owner, PARTITIONS);
    database_execute (s_address, "ALTER TABLE downlink.member RENAME TO away;");
    g_usleep (2500000);
    cr_assert_eq (s_hold (owner), PARTITIONS);
    database_execute (s_address, "ALTER TABLE downlink.away RENAME TO member;");
    g_usleep (300000);
    cr_assert_eq (s_hold (owner), PARTITIONS);
    owner->destroy (&owner);
}
