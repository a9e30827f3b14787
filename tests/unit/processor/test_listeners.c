//  Subscriptions at an XPUB: no peer can end the subscription of another peer.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/domain/message.h"
#include "processor/tell/listeners.h"
#include "query/protocol/rocket_update.h"

static listeners_t *s_listeners;
static int s_ends[2][2];  //  two connections: the end that a processor has, and the other one
static visitor_t s_one;
static visitor_t s_other;

static void
s_set_up (void)
{
    s_listeners = listeners_new ();
    for (int index = 0; index < 2; index++)
        cr_assert_eq (socketpair (AF_UNIX, SOCK_STREAM, 0, s_ends[index]), 0);
    s_one = visitor_of (s_ends[0][0]);
    s_other = visitor_of (s_ends[1][0]);
    cr_assert (visitor_is_there (s_one) && visitor_is_there (s_other));
}

static void
s_tear_down (void)
{
    listeners_destroy (&s_listeners);
    for (int index = 0; index < 4; index++)
        close (s_ends[index / 2][index % 2]);
}

TestSuite (listeners, .init = s_set_up, .fini = s_tear_down);

static text_t
s_take_from (visitor_t peer, int is_on, const char *topic)
{
    static char message[4096];
    int size = snprintf (message, sizeof message, "%c%s", is_on, topic);
    return listeners_take (s_listeners, peer, text_of (message, (size_t) size));
}

static text_t
s_take (int is_on, const char *topic)
{
    return s_take_from (s_one, is_on, topic);
}

//  Subscribe to so many topics of 40 bytes.
static void
s_take_many (visitor_t peer, const char *name, int count)
{
    char topic[64];
    for (int number = 0; number < count; number++) {
        snprintf (topic, sizeof topic, "rocket/%s-%025d", name, number);
        (void) s_take_from (peer, 1, topic);
    }
}

static bool
s_wants (const char *id)
{
    return listeners_want (s_listeners, text_from (id));
}

Test (listeners, nobody_wants_anything_at_first)
{
    cr_expect_not (listeners_want_some (s_listeners));
    cr_expect_not (s_wants ("apollo"));
}

Test (listeners, a_topic_that_every_update_begins_with_wants_all)
{
    const char *topics[] = {"", "r", "rocket", "rocket/"};
    for (size_t index = 0; index < 4; index++) {
        s_take (1, topics[index]);
        cr_expect (s_wants ("apollo"), "'%s'", topics[index]);
        cr_expect (listeners_want_some (s_listeners));
        s_take (0, topics[index]);
        cr_expect_not (s_wants ("apollo"), "'%s'", topics[index]);
    }
}

Test (listeners, other_topics_want_nothing)
{
    const char *topics[] = {"owner", "ack/00", "rockets", "rocket-", "sync/me"};
    for (size_t index = 0; index < 5; index++)
        s_take (1, topics[index]);
    cr_expect_not (listeners_want_some (s_listeners));
}

Test (listeners, an_id_is_wanted_by_all_of_it_or_by_its_beginning)
{
    s_take (1, "rocket/apollo");
    s_take (1, "rocket/ge");
    cr_expect (s_wants ("apollo"));
    cr_expect (s_wants ("apollo-11"));
    cr_expect_not (s_wants ("apoll"));
    cr_expect (s_wants ("gemini"));
    cr_expect_not (s_wants ("g"));
    s_take (0, "rocket/ge");
    cr_expect_not (s_wants ("gemini"));
    cr_expect (s_wants ("apollo"));
    s_take (0, "rocket/apollo");
    cr_expect_not (listeners_want_some (s_listeners));
}

Test (listeners, what_comes_twice_counts_once)
{
    s_take (1, "rocket/apollo");
    s_take (1, "rocket/apollo");
    s_take (0, "rocket/apollo");
    s_take (0, "rocket/apollo");
    s_take (0, "rocket/");
    cr_expect_not (listeners_want_some (s_listeners));
    s_take (1, "rocket/");
    cr_expect (listeners_want_some (s_listeners));
}

Test (listeners, a_beginning_longer_than_any_id_is_not_kept)
{
    char topic[MESSAGE_CHANNEL_MAX_BYTES + 16];
    snprintf (topic, sizeof topic, "rocket/%0*d", MESSAGE_CHANNEL_MAX_BYTES + 1, 1);
    s_take (1, topic);
    cr_expect_not (listeners_want_some (s_listeners));
    topic[strlen (topic) - 1] = 0;
    s_take (1, topic);
    cr_expect (listeners_want_some (s_listeners));
    cr_expect (s_wants (topic + 7));
}

static void
s_count (void *context, text_t topic)
{
    (void) topic;
    ++*(int *) context;
}

Test (listeners, a_sync_is_told_when_it_is_new_and_kept_until_it_goes)
{
    cr_expect (text_equal (s_take (1, "sync/me"), text_from ("sync/me")));
    cr_expect (text_equal (s_take (1, "sync/you"), text_from ("sync/you")));
    cr_expect_null (s_take (1, "sync/me").data);
    cr_expect_null (s_take (0, "sync/you").data);
    int count = 0;
    listeners_each_sync (s_listeners, s_count, &count);
    cr_expect_eq (count, 1);
}

Test (listeners, junk_is_passed_over)
{
    cr_expect_null (listeners_take (s_listeners, s_one, text_from ("")).data);
    cr_expect_null (s_take (2, "rocket/").data);
    cr_expect_null (
        s_take (1, "sync/0123456789012345678901234567890123456789012345678901234567890").data);
    cr_expect_not (listeners_want_some (s_listeners));
}

Test (listeners, a_peer_cannot_take_away_what_another_one_listens_to)
{
    const char *topics[] = {"", "rocket/", "rocket/apollo", "rocket/ap"};
    for (size_t index = 0; index < 4; index++) {
        s_take_from (s_one, 1, topics[index]);
        s_take_from (s_other, 0, topics[index]);
        s_take_from ((visitor_t){.fd = -1}, 0, topics[index]);
        cr_expect (s_wants ("apollo"), "'%s'", topics[index]);
        s_take_from (s_other, 1, topics[index]);
        s_take_from (s_other, 0, topics[index]);
        s_take_from (s_other, 0, topics[index]);
        cr_expect (s_wants ("apollo"), "'%s' that both had", topics[index]);
        s_take_from (s_one, 0, topics[index]);
        cr_expect_not (listeners_want_some (s_listeners));
    }
}

Test (listeners, a_connection_that_is_gone_listens_to_nothing)
{
    s_take_from (s_one, 1, "rocket/");
    s_take_from (s_one, 1, "sync/one");
    s_take_from (s_other, 1, "rocket/apollo");
    close (s_ends[0][0]);
    listeners_forget_gone (s_listeners);
    cr_expect_not (s_wants ("gemini"));
    cr_expect (s_wants ("apollo"));
    //  The descriptor is used again, by another connection.
    cr_assert_eq (dup2 (s_ends[1][1], s_ends[0][0]), s_ends[0][0]);
    s_take_from (s_one, 0, "rocket/apollo");
    cr_expect (s_wants ("apollo"));
}

Test (listeners, a_peer_has_few_syncs_and_takes_none_from_others)
{
    char topic[32];
    for (int number = 0; number < 100; number++) {
        snprintf (topic, sizeof topic, "sync/%d", number);
        text_t told = s_take (1, topic);
        cr_expect_eq (told.data != NULL, number < LISTENERS_PEER_SYNCS);
    }
    cr_expect_not_null (s_take_from (s_other, 1, "sync/0").data);
    int count = 0;
    listeners_each_sync (s_listeners, s_count, &count);
    cr_expect_eq (count, LISTENERS_PEER_SYNCS + 1);
}

Test (listeners, a_connection_that_takes_too_much_room_is_ended)
{
    char byte;
    s_take_from (s_other, 1, "rocket/apollo");
    s_take_many (s_one, "gemini", SUBSCRIPTIONS_MAX_BYTES / (40 + SUBSCRIPTION_ROOM_BYTES));
    cr_expect_eq (listeners_ended (s_listeners), 0);
    cr_expect (s_wants ("gemini-0000000000000000000000001"));
    s_take_many (s_one, "mercury", 500);
    cr_expect_eq (listeners_ended (s_listeners), 1);
    cr_expect_eq (recv (s_ends[0][0], &byte, 1, MSG_DONTWAIT), 0, "the end");
    cr_expect_not (s_wants ("gemini-0000000000000000000000001"), "and all that it had");
    s_take_from (s_one, 1, "rocket/");
    cr_expect (s_wants ("apollo"));
    cr_expect_not (s_wants ("gemini"), "what it says later is not heard");
}

Test (listeners, when_all_take_too_much_the_largest_is_ended)
{
    int ends[20][2];
    char byte;
    for (int index = 0; index < 20; index++)
        cr_assert_eq (socketpair (AF_UNIX, SOCK_STREAM, 0, ends[index]), 0);
    s_take_from (s_other, 1, "rocket/apollo");
    s_take_many (s_one, "largest", 3500);
    for (int index = 0; index < 20 && listeners_ended (s_listeners) == 0; index++)
        s_take_many (visitor_of (ends[index][0]), "many", 3000);
    cr_expect_eq (listeners_ended (s_listeners), 1);
    cr_expect_eq (recv (s_ends[0][0], &byte, 1, MSG_DONTWAIT), 0);
    cr_expect (s_wants ("apollo"));
    for (int index = 0; index < 20; index++) {
        close (ends[index][0]);
        close (ends[index][1]);
    }
}
