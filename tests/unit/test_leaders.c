//  Lists of a shard from kept tables are what looking at all rockets gives, whatever changes meanwhile.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

#include "processor/shard.h"

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
    s_shard = shard_new ((owned_t){0, 1}, ORDERING_CONVERGE, s_pool);
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

TestSuite (leaders, .init = s_set_up, .fini = s_tear_down, .timeout = 120);

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

//  The list from the shard is the list from all rockets. Returns the place of its last.
static place_t
s_expect_right (const list_query_t *list)
{
    selection_t found;
    selection_t right;
    place_t last = {.value = {.is_null = true}};
    selection_init (&found, list, list->limit + 1u);
    selection_init (&right, list, list->limit + 1u);
    shard_select (s_shard, &found);
    for (guint index = 0; index < s_rockets->len; index++)
        selection_show (&right, s_rockets->pdata[index]);
    selection_sort (&found);
    selection_sort (&right);
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
        selection_init (&found, &list, list.limit + 1u);
        shard_select (s_shard, &found);
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
