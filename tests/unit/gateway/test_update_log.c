//  The log that streams read: each rocket once, in order, bounded, and nothing missed unnoticed.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/events/update_log.h"

static update_log_t *s_log;

static void
s_set_up (void)
{
    s_log = update_log_new (10000);
}

static void
s_tear_down (void)
{
    update_log_destroy (&s_log);
}

TestSuite (update_log, .init = s_set_up, .fini = s_tear_down);

static bool
s_put (const char *id, uint64_t changes)
{
    char json[32];
    snprintf (json, sizeof json, "\"%s %d\"", id, (int) changes);
    return update_log_put (
        s_log, text_from (id), 7, (rocket_version_t){1, changes}, text_from (json));
}

//  Return the events behind a position, as one text: "one 2, two 1".
static const char *
s_read (uint64_t position)
{
    static char text[4096];
    text[0] = 0;
    const log_entry_t *entry = NULL;
    while ((entry = update_log_after (s_log, position))) {
        position = entry->number;
        size_t size = strlen (text);
        snprintf (text + size, sizeof text - size, "%s%.*s %d", size ? ", " : "",
            (int) entry->id.size, entry->id.data, (int) entry->version.changes);
    }
    return text;
}

Test (update_log, states_are_read_in_the_order_they_came_in)
{
    cr_expect_str_eq (s_read (0), "");
    s_put ("two", 1);
    s_put ("one", 5);
    cr_expect_str_eq (s_read (0), "two 1, one 5");
    cr_expect_str_eq (s_read (1), "one 5");
    cr_expect_str_eq (s_read (update_log_end (s_log)), "");
    cr_expect_eq (update_log_after (s_log, 0)->partition, 7);
}

Test (update_log, a_newer_state_takes_the_place_of_the_older_one_at_the_end)
{
    s_put ("one", 1);
    s_put ("two", 1);
    uint64_t position = update_log_end (s_log);
    s_put ("one", 2);
    s_put ("one", 3);
    cr_expect_str_eq (s_read (0), "two 1, one 3");
    cr_expect_str_eq (s_read (position), "one 3");
    cr_expect_eq (update_log_of (s_log, text_from ("one"))->version.changes, 3);
    cr_expect_null (update_log_of (s_log, text_from ("three")));
    cr_expect (update_log_reaches (s_log, 0), "nothing is lost but what is newer elsewhere");
}

Test (update_log, what_is_not_newer_is_passed_over)
{
    s_put ("one", 2);
    cr_expect_not (s_put ("one", 2));
    cr_expect_not (s_put ("one", 1));
    cr_expect_str_eq (s_read (0), "one 2");
    rocket_version_t next_epoch = {2, 1};
    cr_expect (update_log_put (s_log, text_from ("one"), 7, next_epoch, text_from ("{}")));
    cr_expect_str_eq (s_read (0), "one 1");
}

Test (update_log, an_event_has_its_id_and_the_json)
{
    s_put ("one", 1);
    char id[UPDATE_LOG_ID_SIZE];
    char expected[128];
    uint64_t position = 0;
    const log_entry_t *entry = update_log_after (s_log, 0);
    update_log_write_id (s_log, entry->number, id);
    snprintf (expected, sizeof expected, "id: %s\nevent: rocket\ndata: \"one 1\"\n\n", id);
    gsize size = 0;
    const char *event = g_bytes_get_data (entry->event, &size);
    cr_expect (text_equal (text_of (event, size), text_from (expected)));
    cr_expect (update_log_read_id (s_log, id, &position));
    cr_expect_eq (position, entry->number);
}

Test (update_log, ids_of_others_are_not_taken)
{
    char id[UPDATE_LOG_ID_SIZE];
    uint64_t position = 0;
    update_log_t *other = update_log_new (10000);
    update_log_write_id (other, 1, id);
    update_log_destroy (&other);
    cr_expect_not (update_log_read_id (s_log, id, &position));
    const char *junk[] = {"", "1", "-", "00000000-", "zzzzzzzz-1"};
    for (size_t index = 0; index < 5; index++)
        cr_expect_not (update_log_read_id (s_log, junk[index], &position), "%s", junk[index]);
    update_log_write_id (s_log, 0, id);
    id[strlen (id) - 1] = 'x';
    cr_expect_not (update_log_read_id (s_log, id, &position));
}

Test (update_log, the_oldest_go_when_it_is_full_and_who_has_not_read_them_is_lost)
{
    char id[16];
    for (int number = 1; number <= 1000; number++) {
        snprintf (id, sizeof id, "r%d", number);
        s_put (id, 1);
    }
    cr_expect_not (update_log_reaches (s_log, 0));
    const log_entry_t *oldest = update_log_after (s_log, 0);
    cr_expect_gt (oldest->number, 950);
    cr_expect_lt (oldest->number, 990);
    cr_expect (update_log_reaches (s_log, oldest->number));
    cr_expect (update_log_reaches (s_log, oldest->number - 1), "it has read the one that went");
    cr_expect_not (update_log_reaches (s_log, oldest->number - 2));
    cr_expect_not (update_log_reaches (s_log, update_log_end (s_log) + 1), "not there yet");
    cr_expect_null (update_log_of (s_log, text_from ("r1")));
}

Test (update_log, one_rocket_that_changes_for_ever_loses_nobody)
{
    s_put ("slow", 1);
    for (uint64_t changes = 1; changes <= 10000; changes++)
        s_put ("fast", changes);
    cr_expect (update_log_reaches (s_log, 0));
    cr_expect_str_eq (s_read (0), "slow 1, fast 10000");
}

Test (update_log, after_a_break_nobody_goes_on)
{
    s_put ("one", 1);
    uint64_t position = update_log_end (s_log);
    update_log_break (s_log);
    cr_expect_eq (update_log_breaks (s_log), 1);
    cr_expect_not (update_log_reaches (s_log, position));
    cr_expect (update_log_reaches (s_log, update_log_end (s_log)));
    cr_expect_str_eq (s_read (update_log_end (s_log)), "");
    cr_expect (s_put ("one", 1), "it is not known any more");
}

Test (update_log, who_was_shown_a_newer_state_is_not_taken_back)
{
    rocket_version_t shown = {1, 5};
    s_put ("one", 3);
    update_log_shown (s_log, text_from ("one"), shown, 1000);
    cr_expect_str_eq (s_read (0), "", "the older one went");
    cr_expect_not (s_put ("one", 4), "it comes late");
    cr_expect (s_put ("one", 5), "others have not seen it");
    cr_expect (s_put ("one", 6));
    update_log_shown (s_log, text_from ("one"), shown, 1000);
    cr_expect_str_eq (s_read (0), "one 6", "what is newer stays");
}

Test (update_log, what_was_shown_is_forgotten_after_some_seconds)
{
    rocket_version_t shown = {1, 5};
    update_log_shown (s_log, text_from ("one"), shown, 1000);
    update_log_shown (s_log, text_from ("two"), shown, 3500);
    cr_expect_not (s_put ("one", 4));
    update_log_shown (s_log, text_from ("two"), shown, 6000);
    cr_expect (s_put ("one", 4));
    cr_expect_not (s_put ("two", 4));
}
