//  Who listens to what, as an XPUB hears it.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>

#include "common/message.h"
#include "processor/listeners.h"

static listeners_t *s_listeners;

static void
s_set_up (void)
{
    s_listeners = listeners_new ();
}

static void
s_tear_down (void)
{
    listeners_destroy (&s_listeners);
}

TestSuite (listeners, .init = s_set_up, .fini = s_tear_down);

static text_t
s_take (int is_on, const char *topic)
{
    static char message[4096];
    int size = snprintf (message, sizeof message, "%c%s", is_on, topic);
    return listeners_take (s_listeners, text_of (message, (size_t) size));
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

Test (listeners, junk_is_passed_over_and_syncs_are_bounded)
{
    cr_expect_null (listeners_take (s_listeners, text_from ("")).data);
    cr_expect_null (s_take (2, "rocket/").data);
    cr_expect_null (
        s_take (1, "sync/0123456789012345678901234567890123456789012345678901234567890").data);
    for (int number = 0; number < 5000; number++) {
        char topic[32];
        snprintf (topic, sizeof topic, "sync/%d", number);
        s_take (1, topic);
    }
    int count = 0;
    listeners_each_sync (s_listeners, s_count, &count);
    cr_expect_eq (count, 4096);
    cr_expect_not (listeners_want_some (s_listeners));
}
