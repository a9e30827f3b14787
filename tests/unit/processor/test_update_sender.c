//  A sender over real sockets: which rockets it sends to which listeners, and that it rests
//  afterwards.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "common/process/clock.h"
#include "processor/tell/update_sender.h"
#include "query/protocol/rocket_update.h"

#define PARTITIONS 16
#define ALL UINT_MAX
#define PATIENCE_MS 60000

static shards_t *s_shards;
static shard_t *s_shard;  //  the only one that is owned
static acks_t *s_acks;
static socket_t *s_events;
static socket_t *s_listener;
static update_sender_t *s_sender;

static void
s_set_up (void)
{
    cr_assert (socket_setup ());
    for (uint16_t port = 34000; !s_events && port < 35000; port++)
        s_events = socket_bind (SOCKET_PUB, "127.0.0.1", port);
    cr_assert_not_null (s_events);
    s_listener = socket_connect (SOCKET_SUB, socket_endpoint (s_events));
    s_acks = acks_new ();
    s_shard = shard_new ((owned_t){0, 1}, ORDERING_CONVERGE);
    s_shards = g_new0 (shards_t, 1);
    s_shards->partitions = PARTITIONS;
    s_shards->shards[0] = s_shard;
    s_sender = update_sender_new (s_shards, s_events);
}

static void
s_tear_down (void)
{
    update_sender_destroy (&s_sender);
    shard_destroy (&s_shard);
    g_free (s_shards);
    acks_destroy (&s_acks);
    socket_destroy (&s_listener);
    socket_destroy (&s_events);
}

TestSuite (update_sender, .init = s_set_up, .fini = s_tear_down);

//  Fold a message into each of so many rockets.
static void
s_fold (int rockets, uint64_t number)
{
    for (int index = 0; index < rockets; index++) {
        char id[16];
        g_snprintf (id, sizeof id, "rocket-%d", index);
        message_t message = {.channel = text_from (id),
            .number = number,
            .time_us = 1643827145863370,
            .kind = MESSAGE_SPED_UP,
            .speed = 1};
        shard_fold (s_shard, &message);
    }
}

static void
s_save (void)
{
    GPtrArray *changes = changes_take (shard_changes (s_shard), ALL);
    update_sender_saved (s_sender, shard_owned (s_shard), changes);
    changes_end_save (shard_changes (s_shard), s_acks);
    g_ptr_array_unref (changes);
}

//  Run the sender for so long as a loop would, or until it has sent so many updates.
static void
s_run (int64_t ms, uint64_t told)
{
    int64_t until_ms = clock_ms () + ms;
    while (clock_ms () < until_ms && s_shards->counters.updates < told) {
        socket_item_t item = {.socket = s_events};
        socket_poll (&item, 1, MIN (update_sender_timeout_ms (s_sender), 10));
        update_sender_run (s_sender);
    }
}

//  Listen to all rockets, or do not any more. The sender knows it when it answers a sync that comes
//  after it.
static void
s_listen (bool is_on)
{
    static int syncs;
    char topic[SYNC_TOPIC_MAX + 1];
    g_snprintf (topic, sizeof topic, SYNC_TOPIC "%d", ++syncs);
    if (is_on)
        socket_subscribe (s_listener, UPDATE_TOPIC);
    else
        socket_unsubscribe (s_listener, UPDATE_TOPIC);
    socket_subscribe (s_listener, topic);
    for (int64_t until_ms = clock_ms () + PATIENCE_MS; clock_ms () < until_ms;) {
        text_t part;
        bool more = false;
        s_run (10, UINT64_MAX);
        socket_poll (&(socket_item_t){.socket = s_listener}, 1, 0);
        while (socket_receive (s_listener, &part, &more))
            if (text_equal (part, text_from (topic)))
                return;
    }
    cr_assert_fail ("a sync was not answered");
}

//  Run the sender, as a loop would, until the condition holds.
#define RUN_UNTIL(condition)                                                                       \
    for (int64_t end_ms = clock_ms () + PATIENCE_MS; !(condition);) {                              \
        cr_assert_lt (clock_ms (), end_ms, "waited for %s", #condition);                           \
        s_run (10, UINT64_MAX);                                                                    \
    }

Test (update_sender, it_rests_when_as_many_were_told_as_an_interval_allows)
{
    s_listen (true);
    s_fold (5000, 1);
    s_save ();
    s_run (PATIENCE_MS, 5000);
    cr_assert_eq (s_shards->counters.updates, 5000);
    s_run (2 * UPDATE_INTERVAL_MS, UINT64_MAX);
    //  There is nothing to be told. Under load an interval may be over when it is looked at.
    RUN_UNTIL (update_sender_timeout_ms (s_sender) > 0);
}

Test (update_sender, what_was_overdue_when_nobody_listened_any_more_holds_up_nobody)
{
    s_listen (true);
    s_fold (2000, 1);
    s_save ();
    s_fold (2000, 2);
    RUN_UNTIL (untold_overdue (shard_untold (s_shard)) > 1000);
    s_listen (false);
    s_save ();
    cr_expect_eq (untold_overdue (shard_untold (s_shard)), 0);
    s_run (UPDATE_INTERVAL_MS + 1, UINT64_MAX);
    update_sender_run (s_sender);                                  //  in the next interval for sure
    RUN_UNTIL (update_sender_timeout_ms (s_sender) == INT64_MAX);  //  nothing is due any more
    s_listen (true);
    uint64_t told = s_shards->counters.updates;
    s_fold (1, 3);
    s_save ();
    s_run (PATIENCE_MS, told + 1);
    cr_expect_eq (s_shards->counters.updates, told + 1);
}
