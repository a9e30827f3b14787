//  Lists in slices equal a list made in one piece; waiting lists are bounded, expire,
//  and ends when its partition goes.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <string.h>

#include "common/process/clock.h"
#include "processor/answer/list_jobs.h"
#include "query/protocol/list_merge.h"
#include "query/protocol/reply.h"

#define ROCKETS 5000
#define PARTITIONS 3
#define FAR_US (G_MAXINT64 / 2)

static text_pool_t *s_pool;
static shards_t *s_shards;
static list_jobs_t *s_jobs;
static GRand *s_random;
static GPtrArray *s_replies;  //  of GBytes *, by tag

static void
s_fold (uint32_t which, uint64_t number)
{
    char id[16];
    char mission[16];
    g_snprintf (id, sizeof id, "rocket-%u", which);
    g_snprintf (mission, sizeof mission, "M%d", g_rand_int_range (s_random, 0, 40));
    message_t message = {.channel = text_from (id),
        .number = number,
        .time_us = g_rand_int_range (s_random, 0, 1000000),
        .kind = MESSAGE_LAUNCHED,
        .speed = (uint64_t) g_rand_int_range (s_random, 0, 1000),
        .type = text_from (which % 3 ? "Falcon-9" : "Soyuz"),
        .mission = text_from (mission)};
    shard_fold (
        s_shards->shards[partition_of (message.channel, (layout_t){.partitions = PARTITIONS})],
        &message);
}

static void
s_set_up (void)
{
    s_pool = text_pool_new ();
    s_shards = g_new0 (shards_t, 1);
    s_shards->partitions = PARTITIONS;
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        s_shards->shards[partition] = shard_new ((owned_t){partition, 1}, ORDERING_CONVERGE);
    s_jobs = list_jobs_new (s_shards, s_pool, 0);
    s_random = g_rand_new_with_seed (11);
    s_replies = g_ptr_array_new ();
    for (uint32_t which = 0; which < ROCKETS; which++)
        s_fold (which, 1);
}

static void
s_tear_down (void)
{
    list_jobs_destroy (&s_jobs);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        shard_destroy (&s_shards->shards[partition]);
    text_pool_destroy (&s_pool);
    g_free (s_shards);
    g_rand_free (s_random);
    for (guint tag = 0; tag < s_replies->len; tag++)
        g_bytes_unref (s_replies->pdata[tag]);
    g_ptr_array_unref (s_replies);
}

TestSuite (list_jobs, .init = s_set_up, .fini = s_tear_down, .timeout = 300);

static void
s_take (void *context, uint32_t tag, GBytes *reply)
{
    (void) context;
    if (s_replies->len <= tag)
        g_ptr_array_set_size (s_replies, (gint) tag + 1);
    cr_assert_null (s_replies->pdata[tag], "one reply each");
    s_replies->pdata[tag] = g_bytes_ref (reply);
}

static list_added_t
s_add (const list_query_t *list, uint32_t tag, uint64_t client, int64_t deadline_us)
{
    list_asker_t asker = {s_take, NULL, tag, client, deadline_us};
    return list_jobs_add (s_jobs, list, &asker);
}

static reply_t
s_reply (uint32_t tag)
{
    reply_t reply = {0};
    gsize size = 0;
    cr_assert (tag < s_replies->len && s_replies->pdata[tag]);
    const void *bytes = g_bytes_get_data (s_replies->pdata[tag], &size);
    msgpack_reader_t reader;
    msgpack_reader_init (&reader, bytes, size);
    cr_assert (reply_read (&reply, &reader));
    return reply;
}

//  The reply has exactly these rockets, as a look at all of them at once selects them.
static void
s_expect_right (const list_query_t *list, uint32_t tag)
{
    selection_t right;
    selection_init (&right, list, list->limit + 1u, NULL);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        const shard_t *shard = s_shards->shards[partition];
        for (size_t place = 0; place < shard_places (shard); place++) {
            rocket_view_t view;
            if (!shard_at (shard, place))
                continue;
            rocket_view (shard_at (shard, place), &view);
            selection_show (&right, shard_at (shard, place), &view);
        }
    }
    selection_settle (&right);
    reply_t reply = s_reply (tag);
    GArray *entries = g_array_new (FALSE, TRUE, sizeof (reply_entry_t));
    cr_assert_eq (reply.status, 200);
    cr_assert (reply_collect (&list->order, &reply, entries));
    cr_assert_eq (entries->len, MIN (right.count, list->limit));
    cr_assert_eq (reply.more, right.count > list->limit);
    for (guint index = 0; index < entries->len; index++)
        cr_assert (text_equal (g_array_index (entries, reply_entry_t, index).place.id,
            rocket_id (right.heap[index].rocket)));
    g_array_unref (entries);
    selection_free (&right);
}

//  A list of any order, filter, limit and beginning.
static list_query_t
s_any_list (void)
{
    static const char *const missions[] = {"M0", "M7", "M39", "none"};
    list_query_t list = {.limit = (uint32_t) g_rand_int_range (s_random, 1, 1001)};
    list.order.key = (sort_key_t) g_rand_int_range (s_random, 0, SORT_LAST_NUMBER + 1);
    list.order.descending = g_rand_boolean (s_random);
    if (g_rand_int_range (s_random, 0, 3) == 0)
        list.mission = text_from (missions[g_rand_int_range (s_random, 0, 4)]);
    if (g_rand_int_range (s_random, 0, 3) == 0)
        list.type = text_from ("Soyuz");
    if (g_rand_int_range (s_random, 0, 3) == 0)
        list.status = text_from (
            rocket_status_name ((rocket_status_t) g_rand_int_range (s_random, 0, ROCKET_STATUSES)));
    list.has_after = g_rand_boolean (s_random);
    if (list.has_after) {
        list.after.id = text_from ("rocket-2");
        list.after.value.number = g_rand_int_range (s_random, 0, 1000);
        list.after.value.text = text_from (sort_key_is_number (list.order.key) ? NULL : "M2");
    }
    return list;
}

Test (list_jobs, lists_in_slices_are_the_lists_at_once)
{
    list_query_t lists[200];
    for (uint32_t tag = 0; tag < G_N_ELEMENTS (lists); tag++) {
        lists[tag] = s_any_list ();
        cr_assert_eq (s_add (&lists[tag], tag, tag % 5, FAR_US), LIST_ADDED);
        if (tag % 3 == 0)
            list_jobs_run (s_jobs, 0);  //  a step: others get on while the pass is somewhere
    }
    while (list_jobs_are_waiting (s_jobs))
        list_jobs_run (s_jobs, 0);
    for (uint32_t tag = 0; tag < G_N_ELEMENTS (lists); tag++)
        s_expect_right (&lists[tag], tag);
}

//  Fold a message of any kind into any rocket, perhaps a new one; or forget one.
static void
s_change_something (uint64_t number)
{
    char id[16];
    char text[16];
    g_snprintf (id, sizeof id, "rocket-%d", g_rand_int_range (s_random, 0, 2 * ROCKETS));
    g_snprintf (text, sizeof text, "%c%d", "MSZ"[g_rand_int_range (s_random, 0, 3)],
        g_rand_int_range (s_random, 0, 40));
    uint32_t partition = partition_of (text_from (id), (layout_t){.partitions = PARTITIONS});
    message_t message = {.channel = text_from (id),
        .number = number + (g_rand_int_range (s_random, 0, 9) ? 0 : UINT32_MAX - 100),
        .time_us = g_rand_int_range (s_random, -1000000, 1000000),
        .kind = (message_kind_t) g_rand_int_range (
            s_random, MESSAGE_LAUNCHED, MESSAGE_MISSION_CHANGED + 1),
        .speed = (uint64_t) g_rand_int_range (s_random, 0, 1000),
        .type = text_from (g_rand_boolean (s_random) ? text : "Soyuz"),
        .mission = text_from (text),
        .reason = text_from (text)};
    if (g_rand_int_range (s_random, 0, 20))
        shard_fold (s_shards->shards[partition], &message);
    else
        (void) shard_forget (s_shards->shards[partition], message.channel, 1000);
}

//  Save all changes, and let the rockets go that were forgotten.
static void
s_end_forgotten (shard_t *shard)
{
    acks_t *acks = acks_new ();
    for (int round = 0; round < 3; round++) {
        g_ptr_array_unref (changes_take (shard_changes (shard), G_MAXUINT));
        changes_end_save (shard_changes (shard), acks);
        shard_end_forgotten (shard, 2000, G_MAXUINT);
    }
    acks_destroy (&acks);
}

//  The first lists make the rows, the later ones read them; with tables of leaders and without.
static void
s_expect_right_after_changes (size_t tables_from)
{
    uint32_t tag = 0;
    list_jobs_destroy (&s_jobs);
    s_jobs = list_jobs_new (s_shards, s_pool, tables_from);
    for (uint64_t round = 2; round < 12; round++) {
        list_query_t lists[60];
        uint32_t first = tag;
        for (size_t index = 0; index < G_N_ELEMENTS (lists); index++) {
            lists[index] = s_any_list ();
            cr_assert_eq (s_add (&lists[index], tag++, 1, FAR_US), LIST_ADDED);
        }
        while (list_jobs_are_waiting (s_jobs))
            list_jobs_run (s_jobs, 0);
        for (size_t index = 0; index < G_N_ELEMENTS (lists); index++)
            s_expect_right (&lists[index], first + (uint32_t) index);
        for (int count = 0; count < 2000; count++)
            s_change_something (round);
        if (round % 3 == 0)
            s_end_forgotten (s_shards->shards[round % PARTITIONS]);
    }
}

Test (list_jobs, rockets_that_come_after_the_first_list_of_an_empty_shard_are_listed)
{
    list_query_t list = {.order = {SORT_SPEED, true}, .limit = 100};
    list_jobs_destroy (&s_jobs);
    s_jobs = list_jobs_new (s_shards, s_pool, SIZE_MAX);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        shard_destroy (&s_shards->shards[partition]);
        s_shards->shards[partition] = shard_new ((owned_t){partition, 2}, ORDERING_CONVERGE);
    }
    for (uint32_t tag = 0; tag < 3; tag++) {
        cr_assert_eq (s_add (&list, tag, 1, FAR_US), LIST_ADDED);
        while (list_jobs_are_waiting (s_jobs))
            list_jobs_run (s_jobs, 0);
        s_expect_right (&list, tag);
        for (uint32_t which = 0; which < 60; which++)
            s_fold (60 * tag + which, 1);
    }
}

Test (list_jobs, lists_are_right_after_changes_and_removals)
{
    s_expect_right_after_changes (SIZE_MAX);
}

Test (list_jobs, lists_with_tables_are_right_after_changes_and_removals)
{
    s_expect_right_after_changes (0);
}

Test (list_jobs, while_rockets_change_pages_are_in_order_and_nothing_that_stays_is_skipped)
{
    //  Rockets from 2500 on stay as they are; the others change between slices. All pages together
    //  show each of those that stay once.
    list_query_t list = {.order = {SORT_MISSION, true}, .limit = 100};
    GHashTable *seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    uint64_t number = 2;
    bool more = true;
    for (uint32_t page = 0; more && page < 500; page++) {
        uint32_t tag = page * 20;
        cr_assert_eq (s_add (&list, tag, 1, FAR_US), LIST_ADDED);
        for (uint32_t other = 1; other < 20; other++)  //  so that it takes many slices
            cr_assert_eq (s_add (&(list_query_t){.order = {SORT_TYPE, false}, .limit = 600 + other},
                              tag + other, 2, FAR_US),
                LIST_ADDED);
        while (list_jobs_are_waiting (s_jobs)) {
            list_jobs_run (s_jobs, 0);
            for (int count = 0; count < 30; count++)
                s_fold ((uint32_t) g_rand_int_range (s_random, 0, ROCKETS / 2), number);
            number++;
        }
        reply_t reply = s_reply (tag);
        GArray *entries = g_array_new (FALSE, TRUE, sizeof (reply_entry_t));
        cr_assert_eq (reply.status, 200);
        cr_assert (reply_collect (&list.order, &reply, entries));
        cr_assert (!reply.more || entries->len > 0);
        for (guint index = 0; index < entries->len; index++) {
            const place_t *place = &g_array_index (entries, reply_entry_t, index).place;
            cr_assert (
                !list.has_after || rocket_order_compare (&list.order, place, &list.after) > 0);
            list.has_after = true;
            list.after = *place;
            g_hash_table_add (seen, g_strndup (place->id.data, place->id.size));
        }
        more = reply.more;
        g_array_unref (entries);
    }
    cr_expect_not (more);
    for (uint32_t which = ROCKETS / 2; which < ROCKETS; which++) {
        char id[16];
        g_snprintf (id, sizeof id, "rocket-%u", which);
        cr_assert (g_hash_table_contains (seen, id), "%s is missing", id);
    }
    g_hash_table_destroy (seen);
}

Test (list_jobs, equal_lists_are_one_job)
{
    list_query_t list = {.order = {SORT_SPEED, true}, .limit = 50};
    for (uint32_t tag = 0; tag < 2000; tag++)
        cr_assert_eq (s_add (&list, tag, 1, FAR_US), LIST_ADDED);
    while (list_jobs_are_waiting (s_jobs))
        list_jobs_run (s_jobs, 0);
    s_expect_right (&list, 0);
    for (uint32_t tag = 0; tag < 2000; tag++)
        cr_assert_eq (s_replies->pdata[tag], s_replies->pdata[0]);
}

Test (list_jobs, a_list_that_has_begun_does_not_answer_one_that_is_asked_for_later)
{
    list_query_t list = {.order = {SORT_SPEED, true}, .limit = 1000};
    cr_assert_eq (s_add (&list, 0, 1, FAR_US), LIST_ADDED);
    for (int step = 0; step < 6; step++)
        list_jobs_run (s_jobs, 0);
    for (uint32_t which = 0; which < ROCKETS; which++)
        s_fold (which, 2);
    cr_assert_eq (s_add (&list, 1, 1, FAR_US), LIST_ADDED);
    while (list_jobs_are_waiting (s_jobs))
        list_jobs_run (s_jobs, 0);
    s_expect_right (&list, 1);
}

Test (list_jobs, beyond_the_bound_lists_are_refused_and_a_client_has_half_of_it)
{
    list_query_t list = {.limit = 1};
    uint32_t tag = 0;
    uint32_t added[2] = {0};
    for (; tag < 2 * LIST_JOBS_MAX; tag++) {
        char mission[16];
        g_snprintf (mission, sizeof mission, "%u", tag);
        list.mission = text_from (mission);
        list_added_t result = s_add (&list, tag, 1, FAR_US);
        cr_assert_eq (result, tag < LIST_JOBS_MAX / 2 ? LIST_ADDED : LIST_REFUSED);
    }
    for (; tag < 4 * LIST_JOBS_MAX; tag++) {
        char mission[16];
        g_snprintf (mission, sizeof mission, "%u", tag);
        list.mission = text_from (mission);
        added[s_add (&list, tag, 2 + tag, FAR_US) == LIST_ADDED]++;
    }
    cr_expect_eq (added[1], LIST_JOBS_MAX / 2);
}

Test (list_jobs, a_list_is_dropped_at_its_deadline_and_costs_nothing_more)
{
    list_query_t list = {.order = {SORT_SPEED, true}, .limit = 1000};
    cr_assert_eq (s_add (&list, 0, 1, clock_us () - 1), LIST_ADDED);
    cr_assert_eq (s_add (&list, 1, 1, FAR_US), LIST_ADDED);
    list.limit = 999;
    cr_assert_eq (s_add (&list, 2, 1, clock_us () - 1), LIST_ADDED);
    list_jobs_run (s_jobs, 0);
    cr_expect_eq (s_reply (0).status, 503);
    cr_expect_eq (s_reply (2).status, 503);
    while (list_jobs_are_waiting (s_jobs))
        list_jobs_run (s_jobs, 0);
    list.limit = 1000;
    s_expect_right (&list, 1);
    cr_expect_eq (s_shards->counters.queries_expired, 2);
}

Test (list_jobs, a_partition_that_goes_ends_its_lists_wherever_they_are)
{
    for (int steps = 0; steps < 60; steps += 3) {
        list_query_t lists[] = {{.order = {SORT_TYPE, true}, .limit = 50},
            {.order = {SORT_MISSION, false}, .limit = 1000}};
        list_query_want (&lists[1], 1);
        for (uint32_t tag = 0; tag < 2; tag++)
            cr_assert_eq (s_add (&lists[tag], tag, 1, FAR_US), LIST_ADDED);
        for (int step = 0; step < steps; step++)
            list_jobs_run (s_jobs, 0);
        shard_destroy (&s_shards->shards[1]);
        while (list_jobs_are_waiting (s_jobs))
            list_jobs_run (s_jobs, 0);
        for (uint32_t tag = 0; tag < 2; tag++)
            cr_expect (s_reply (tag).status == 421 || s_reply (tag).status == 200);
        cr_expect_eq (s_add (&lists[1], 2, 1, FAR_US), LIST_FOREIGN);
        s_shards->shards[1] = shard_new ((owned_t){1, (uint64_t) steps + 2}, ORDERING_CONVERGE);
        for (uint32_t which = 0; which < ROCKETS / 5; which++) {
            char id[16];
            g_snprintf (id, sizeof id, "rocket-%u", which);
            if (partition_of (text_from (id), (layout_t){.partitions = PARTITIONS}) == 1)
                s_fold (which, 1);
        }
        for (guint tag = 0; tag < s_replies->len; tag++)
            g_clear_pointer (&s_replies->pdata[tag], g_bytes_unref);
        g_ptr_array_set_size (s_replies, 0);
    }
}
