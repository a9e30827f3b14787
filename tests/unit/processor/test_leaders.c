//  Lists of a shard from leaders equal lists from all rockets, whichever rockets change
//  meanwhile.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

#include "processor/shard/shard.h"

#define ROCKETS 3000

static text_pool_t *s_pool;
static shard_t *s_shard;
static GPtrArray *s_rockets;  //  of const rocket_t *, in no order
static uint64_t s_numbers[ROCKETS];
static GRand *s_random;

static void
s_set_up (void)
{
    s_pool = text_pool_new ();
    s_shard = shard_new ((owned_t){0, 1}, ORDERING_CONVERGE);
    s_rockets = g_ptr_array_new ();
    s_random = g_rand_new_with_seed (7);
    memset (s_numbers, 0, sizeof s_numbers);
}

static void
s_tear_down (void)
{
    shard_destroy (&s_shard);
    text_pool_destroy (&s_pool);
    g_ptr_array_unref (s_rockets);
    g_rand_free (s_random);
}

TestSuite (leaders, .init = s_set_up, .fini = s_tear_down, .timeout = 300);

//  A message for one of the rockets; the first launches it.
static void
s_fold (uint32_t which)
{
    char id[16];
    g_snprintf (id, sizeof id, "rocket-%u", which);
    bool is_new = s_numbers[which] == 0;
    message_t message = {.channel = text_from (id),
        .number = ++s_numbers[which],
        .time_us = g_rand_int_range (s_random, 0, 1000000),
        .kind = MESSAGE_LAUNCHED,
        .speed = (uint64_t) g_rand_int_range (s_random, 0, 1000),
        .type = text_from (which % 3 ? "Falcon-9" : "Soyuz"),
        .mission = text_from (which % 7 ? "ARTEMIS" : "GEMINI")};
    if (!is_new) {
        static const message_kind_t kinds[] = {
            MESSAGE_SPED_UP, MESSAGE_SLOWED, MESSAGE_SLOWED, MESSAGE_EXPLODED};
        message.kind = kinds[g_rand_int_range (s_random, 0, g_rand_boolean (s_random) ? 4 : 3)];
        message.type = message.mission = (text_t){0};
        if (message.kind == MESSAGE_EXPLODED) {
            message.speed = 0;
            message.reason = text_from ("PRESSURE");
        }
    }
    cr_assert_eq (shard_fold (s_shard, &message), FOLD_APPLIED);
    if (is_new)
        g_ptr_array_add (s_rockets, (gpointer) (uintptr_t) shard_find (s_shard, text_from (id)));
}

static void
s_show (selection_t *selection, const rocket_t *rocket)
{
    rocket_view_t view;
    rocket_view (rocket, &view);
    selection_show (selection, rocket, &view);
}

//  Select from the shard as a job does: from a table, or from all rockets, of which some change
//  after each piece.
static void
s_select (selection_t *selection, int changes)
{
    leaders_t *leaders = shard_leaders (s_shard);
    if (leaders_show (leaders, selection))
        return;
    leaders_draft_t *draft = leaders_begin (leaders, selection);
    for (size_t place = 0; place < shard_size (s_shard); place++) {
        s_show (draft ? leaders_draft_selection (draft) : selection, shard_at (s_shard, place));
        for (int change = 0; place % 200 == 0 && change < changes; change++)
            s_fold ((uint32_t) g_rand_int_range (s_random, 0, ROCKETS / 2));
    }
    if (draft)
        leaders_end (leaders, &draft, selection);
}

//  The list from the shard is the list from all rockets. Returns the place of its last.
static place_t
s_expect_right (const list_query_t *list)
{
    selection_t found;
    selection_t right;
    place_t last = {.value = {.is_null = true}};
    selection_init (&found, list, list->limit + 1u, s_pool);
    selection_init (&right, list, list->limit + 1u, s_pool);
    s_select (&found, 0);
    for (guint index = 0; index < s_rockets->len; index++)
        s_show (&right, s_rockets->pdata[index]);
    selection_settle (&found);
    selection_settle (&right);
    cr_assert_eq (found.count, right.count);
    for (size_t index = 0; index < right.count; index++)
        cr_assert_eq (found.heap[index].rocket, right.heap[index].rocket);
    if (right.count)
        last = right.heap[right.count - 1].place;
    selection_free (&found);
    selection_free (&right);
    return last;
}

Test (leaders, lists_are_right_whatever_changes)
{
    static const char *const sorts[] = {
        "-speed", "speed", "id", "-lastMessageTime", "type", "-status", "mission"};
    for (uint32_t which = 0; which < ROCKETS / 2; which++)
        s_fold (which);
    for (int turn = 0; turn < 1500; turn++) {
        int changes = g_rand_int_range (s_random, 0, turn % 50 ? 20 : 2000);
        for (int change = 0; change < changes; change++)
            s_fold ((uint32_t) g_rand_int_range (s_random, 0, turn > 500 ? ROCKETS : ROCKETS / 2));
        list_query_t list = {.limit = turn % 11 ? 10 : 300};
        cr_assert (rocket_order_parse (
            text_from (sorts[g_rand_int_range (s_random, 0, turn % 2 ? 2 : 7)]), &list.order));
        if (turn % 5 == 0)
            list.status = text_from ("flying");
        if (turn % 17 == 0)
            list.type = text_from ("Soyuz");
        place_t last = s_expect_right (&list);
        if (turn % 3 == 0 && !last.value.is_null) {
            list.has_after = true;
            list.after = last;
            s_expect_right (&list);
        }
    }
}

Test (leaders, an_empty_shard_has_an_empty_list_and_then_what_came)
{
    list_query_t list = {.limit = 50, .order = {SORT_SPEED, true}};
    s_expect_right (&list);
    for (uint32_t which = 0; which < 600; which++) {
        s_fold (which);
        s_expect_right (&list);
    }
}

Test (leaders, when_all_leaders_slow_down_others_are_found)
{
    list_query_t list = {.limit = 50, .order = {SORT_SPEED, true}};
    for (uint32_t which = 0; which < ROCKETS; which++)
        s_fold (which);
    for (int turn = 0; turn < 200; turn++) {
        selection_t found;
        selection_init (&found, &list, list.limit + 1u, s_pool);
        s_select (&found, 0);
        selection_settle (&found);
        for (size_t index = 0; index < found.count; index++) {
            text_t id = rocket_id (found.heap[index].rocket);
            uint32_t which = (uint32_t) g_ascii_strtoull (id.data + strlen ("rocket-"), NULL, 10);
            message_t message = {
                .channel = id, .number = ++s_numbers[which], .kind = MESSAGE_SLOWED, .speed = 5000};
            cr_assert_eq (shard_fold (s_shard, &message), FOLD_APPLIED);
        }
        selection_free (&found);
        s_expect_right (&list);
    }
}

//  Select while rockets change, and compare the result with the current rockets: in order,
//  and nothing that stayed as it was is skipped.
static void
s_expect_nothing_skipped (const list_query_t *list, int changes)
{
    selection_t found;
    uint64_t before[ROCKETS];
    memcpy (before, s_numbers, sizeof before);
    selection_init (&found, list, list->limit + 1u, s_pool);
    s_select (&found, changes);
    selection_settle (&found);
    GHashTable *rockets = g_hash_table_new (NULL, NULL);
    for (size_t index = 0; index < found.count; index++) {
        const selection_candidate_t *one = &found.heap[index];
        cr_assert (g_hash_table_add (rockets, (gpointer) (uintptr_t) one->rocket), "once each");
        cr_assert (index == 0 || rocket_order_compare (
                                     &list->order, &found.heap[index - 1].place, &one->place) < 0);
    }
    for (guint index = 0; index < s_rockets->len; index++) {
        rocket_view_t view;
        rocket_view (s_rockets->pdata[index], &view);
        uint32_t which = (uint32_t) g_ascii_strtoull (view.id.data + strlen ("rocket-"), NULL, 10);
        place_t place = rocket_order_place (&list->order, &view);
        bool is_ahead = found.count > 0 && rocket_order_compare (&list->order, &place,
                                               &found.heap[found.count - 1].place) <= 0;
        if (before[which] == s_numbers[which] && selection_passes (list, &view) &&
            (is_ahead || !found.is_cut))
            cr_assert (g_hash_table_contains (rockets, s_rockets->pdata[index]));
    }
    g_hash_table_destroy (rockets);
    selection_free (&found);
}

Test (leaders, nothing_is_skipped_while_rockets_change)
{
    static const char *const sorts[] = {"-speed", "mission", "id", "-lastMessageTime", "type"};
    for (uint32_t which = 0; which < ROCKETS / 2; which++)
        s_fold (which);
    for (int turn = 0; turn < 300; turn++) {
        list_query_t list = {.limit = turn % 3 ? 10 : 300};
        cr_assert (rocket_order_parse (text_from (sorts[turn % 5]), &list.order));
        if (turn % 7 == 0)
            list.status = text_from ("flying");
        s_expect_nothing_skipped (&list, turn % 2 ? 5 : 500);
        s_expect_right (&list);
    }
}
