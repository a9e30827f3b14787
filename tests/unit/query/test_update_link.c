//  A link over real sockets: it proves subscriptions and notices lost updates.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "common/process/clock.h"
#include "query/protocol/update_link.h"

#define PATIENCE_MS 60000

static socket_t *s_events;
static update_link_t *s_link;
static char s_sync[SYNC_TOPIC_MAX + 1];  //  the topic that was subscribed to last
static int s_heard;

static void
s_set_up (void)
{
    cr_assert (socket_setup ());
    for (uint16_t port = 33000; !s_events && port < 34000; port++)
        s_events = socket_bind (SOCKET_PUB, "127.0.0.1", port);
    cr_assert_not_null (s_events);
    s_link = update_link_new (socket_endpoint (s_events), NULL);
    cr_assert_not_null (s_link);
}

static void
s_tear_down (void)
{
    update_link_destroy (&s_link);
    socket_destroy (&s_events);
}

TestSuite (update_link, .init = s_set_up, .fini = s_tear_down);

//  Wait until the link's sync is subscribed to.
static void
s_await_sync (void)
{
    text_t message;
    bool more = false;
    for (int64_t until_ms = clock_ms () + PATIENCE_MS; clock_ms () < until_ms;) {
        socket_item_t item = {.socket = s_events};
        socket_poll (&item, 1, 100);
        while (socket_receive (s_events, &message, &more)) {
            if (message.size > 6 && memcmp (message.data, "\1sync/", 6) == 0) {
                memcpy (s_sync, message.data + 1, message.size - 1);
                s_sync[message.size - 1] = 0;
                return;
            }
        }
    }
    cr_assert_fail ("no sync was subscribed to");
}

static void
s_count (void *context, const rocket_update_t *update)
{
    (void) context;
    cr_expect (text_equal (update->id, text_from ("apollo")));
    s_heard++;
}

//  Send an update or a sync, and have the link take it in. True if it has missed something.
static bool
s_send (const char *topic, char processor, uint64_t sequence)
{
    rocket_update_t update = {.processor = {(uint8_t) processor}, .sequence = sequence};
    rocket_view_t rocket = {.id = text_from ("apollo"), .applied = 1};
    GByteArray *bytes = g_byte_array_new ();
    update.owned.epoch = 1;
    if (g_str_has_prefix (topic, SYNC_TOPIC))
        rocket_update_write_sync (bytes, &update);
    else
        rocket_update_write (bytes, &update, &rocket);
    cr_assert (socket_send (s_events, topic, strlen (topic), true));
    cr_assert (socket_send (s_events, bytes->data, bytes->len, false));
    g_byte_array_unref (bytes);
    socket_item_t item = {.socket = update_link_socket (s_link)};
    socket_poll (&item, 1, PATIENCE_MS);
    cr_assert (item.ready);
    return update_link_run (s_link, s_count, NULL);
}

static void
s_listen (const char *id, uint64_t number)
{
    update_link_listen (s_link, id);
    update_link_sync (s_link, number);
    s_await_sync ();
}

Test (update_link, a_sync_that_is_told_is_in_effect)
{
    s_listen (NULL, 1);
    cr_expect_eq (update_link_synced (s_link), 0);
    cr_expect_not (s_send (s_sync, 'a', 41));
    cr_expect_eq (update_link_synced (s_link), 1);
    cr_expect_eq (update_link_processor (s_link)[0], 'a');
    cr_expect_not (s_send ("rocket/apollo", 'a', 42));
    cr_expect_not (s_send (s_sync, 'a', 42));
    cr_expect_eq (s_heard, 1);
}

Test (update_link, a_gap_in_the_sequence_is_noticed_once)
{
    s_listen (NULL, 1);
    cr_expect_not (s_send (s_sync, 'a', 1));
    cr_expect (s_send ("rocket/apollo", 'a', 3));
    cr_expect_not (s_send ("rocket/apollo", 'a', 4));
    cr_expect (s_send (s_sync, 'a', 5), "it was the last one that did not come");
    cr_expect_not (s_send (s_sync, 'a', 5));
}

Test (update_link, another_processor_is_noticed_and_has_told_nothing)
{
    s_listen (NULL, 1);
    cr_expect_not (s_send (s_sync, 'a', 9));
    cr_expect (s_send ("rocket/apollo", 'b', 10));
    cr_expect_eq (update_link_synced (s_link), 0);
    cr_expect_not (s_send (s_sync, 'b', 10));
    cr_expect_eq (update_link_synced (s_link), 1);
}

Test (update_link, who_listens_to_some_rockets_sees_no_gaps)
{
    s_listen ("apollo", 1);
    cr_expect_not (s_send (s_sync, 'a', 1));
    cr_expect_not (s_send ("rocket/apollo", 'a', 7));
    s_listen (NULL, 2);
    cr_expect_eq (update_link_synced (s_link), 1);
    cr_expect_not (s_send ("rocket/apollo", 'a', 9), "it may not be in effect yet");
    cr_expect_not (s_send (s_sync, 'a', 12));
    cr_expect_eq (update_link_synced (s_link), 2);
    cr_expect (s_send ("rocket/apollo", 'a', 14));
    update_link_ignore (s_link, NULL);
    cr_expect_not (s_send ("rocket/apollo", 'a', 20));
}
