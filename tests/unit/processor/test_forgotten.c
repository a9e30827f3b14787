//  Forgotten rockets: late and repeated messages, in any order, never bring one back.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "processor/shard/retention.h"

#define ALL UINT_MAX
#define NOW_US INT64_C (1800000000000000)
#define SECOND_US INT64_C (1000000)
#define MESSAGES 12

static shard_t *s_shard;
static acks_t *s_acks;

static void
s_open (ordering_t ordering)
{
    s_shard = shard_new ((owned_t){0, 1}, ordering);
    s_acks = acks_new ();
}

static void
s_close (void)
{
    shard_destroy (&s_shard);
    acks_destroy (&s_acks);
}

static message_t
s_message (const char *id, uint64_t number)
{
    static const message_kind_t kinds[] = {MESSAGE_LAUNCHED, MESSAGE_SPED_UP, MESSAGE_SLOWED,
        MESSAGE_MISSION_CHANGED, MESSAGE_EXPLODED};
    return (message_t){.channel = text_from (id),
        .number = number,
        .time_us = NOW_US,
        .kind = kinds[(number - 1) % G_N_ELEMENTS (kinds)],
        .speed = 10 * number,
        .type = text_from ("a type"),
        .mission = text_from ("a mission"),
        .reason = text_from ("a reason")};
}

static fold_t
s_fold (const char *id, uint64_t number)
{
    message_t message = s_message (id, number);
    return shard_fold (s_shard, &message);
}

//  Save all changes, and return the saved copies; the caller unrefs them.
static GPtrArray *
s_save (void)
{
    GPtrArray *changes = changes_take (shard_changes (s_shard), ALL);
    for (guint index = 0; index < changes->len; index++)
        (void) untold_pass_over (
            shard_untold (s_shard), changes_taken (shard_changes (s_shard), index));
    changes_end_save (shard_changes (s_shard), s_acks);
    return changes;
}

static void
s_save_quietly (void)
{
    g_ptr_array_unref (s_save ());
}

static void
s_expect_shown (const char *id, bool is_shown)
{
    const rocket_t *rocket = shard_find (s_shard, text_from (id));
    cr_expect_eq (rocket && !rocket_is_forgotten (rocket), is_shown, "%s", id);
}

//  Load the shard again from the saved copies, as after a restart or a takeover.
static void
s_load_again (ordering_t ordering, const GPtrArray *saved)
{
    shard_t *next = shard_new ((owned_t){0, 2}, ordering);
    for (guint index = 0; index < saved->len; index++) {
        const rocket_view_t *view = saved->pdata[index];
        if (view->status != ROCKET_GONE)
            cr_assert (shard_restore (next, view));
    }
    shard_destroy (&s_shard);
    s_shard = next;
}

static void
s_shuffle (GRand *random, uint64_t numbers[MESSAGES])
{
    for (int32_t at = MESSAGES - 1; at > 0; at--) {
        int32_t other = g_rand_int_range (random, 0, at + 1);
        uint64_t number = numbers[at];
        numbers[at] = numbers[other];
        numbers[other] = number;
    }
}

//  Messages arrive before and behind the removal, in any order, repeated, with saves and restarts
//  between: the rocket is forgotten, and another one follows from its own messages.
static void
s_check_orders (ordering_t ordering)
{
    GRand *random = g_rand_new_with_seed (11);
    for (unsigned round = 0; round < 500; round++) {
        uint64_t numbers[MESSAGES];
        s_open (ordering);
        for (uint64_t at = 0; at < MESSAGES; at++)
            numbers[at] = at + 1;
        s_shuffle (random, numbers);
        int32_t removed_at = g_rand_int_range (random, 1, MESSAGES + 1);
        int32_t loaded_at = g_rand_int_range (random, 0, 2 * MESSAGES);
        for (int32_t at = 0; at < 2 * MESSAGES; at++) {
            uint64_t number = numbers[at % MESSAGES];
            fold_t fold = s_fold ("gone", number);
            cr_assert_eq (fold == FOLD_FORGOTTEN, at >= removed_at);
            (void) s_fold ("stays", at < MESSAGES ? (uint64_t) at + 1 : number);
            if (at + 1 == removed_at)
                cr_assert_eq (shard_forget (s_shard, text_from ("gone"), NOW_US), FORGET_UNSAVED);
            if (at == loaded_at && at >= removed_at) {
                //  Everything saved earlier is changed again, so that one save has everything.
                GPtrArray *saved = s_save ();
                s_load_again (ordering, saved);
                g_ptr_array_unref (saved);
            }
        }
        s_expect_shown ("gone", false);
        s_expect_shown ("stays", true);
        rocket_view_t view;
        rocket_view (shard_find (s_shard, text_from ("stays")), &view);
        cr_assert_eq (view.applied, MESSAGES);
        cr_assert_eq (shard_size (s_shard), 1);
        cr_assert_eq (shard_forgotten (s_shard), 1);
        s_close ();
    }
    g_rand_free (random);
}

Test (forgotten, in_any_order_messages_around_the_removal_lead_to_one_state)
{
    s_check_orders (ORDERING_CONVERGE);
}

Test (forgotten, in_any_order_the_latest_message_counts_around_the_removal)
{
    s_check_orders (ORDERING_LATEST);
}

Test (forgotten, a_removal_is_saved_once_and_may_be_repeated)
{
    s_open (ORDERING_CONVERGE);
    cr_expect_eq (shard_forget (s_shard, text_from ("one"), NOW_US), FORGET_NO_ROCKET);
    (void) s_fold ("one", 1);
    (void) s_fold ("one", 2);
    s_save_quietly ();
    cr_expect_eq (shard_forget (s_shard, text_from ("one"), NOW_US), FORGET_UNSAVED);
    cr_expect_eq (shard_forget (s_shard, text_from ("one"), NOW_US + 1), FORGET_UNSAVED);
    GPtrArray *saved = s_save ();
    cr_assert_eq (saved->len, 1);
    const rocket_view_t *view = saved->pdata[0];
    cr_expect_eq (view->status, ROCKET_FORGOTTEN);
    cr_expect_eq (view->last_time_us, NOW_US);
    cr_expect_eq (view->applied, 3, "it is above all versions that were told");
    cr_expect_eq (shard_forget (s_shard, text_from ("one"), NOW_US + 2), FORGET_SAVED);
    cr_expect (changes_are_none (shard_changes (s_shard)));
    //  A save that fails is repeated.
    g_ptr_array_unref (saved);
    s_close ();
}

Test (forgotten, a_rocket_ends_after_its_time_and_its_id_may_be_used_again)
{
    s_open (ORDERING_CONVERGE);
    (void) s_fold ("one", 5);
    (void) s_fold ("two", 1);
    (void) shard_forget (s_shard, text_from ("one"), NOW_US);
    s_save_quietly ();
    shard_end_forgotten (s_shard, NOW_US, ALL);
    cr_expect (changes_are_none (shard_changes (s_shard)), "its time is not over");
    shard_end_forgotten (s_shard, NOW_US + 1, ALL);
    cr_expect_not (changes_are_none (shard_changes (s_shard)));
    cr_expect_eq (s_fold ("one", 6), FOLD_FORGOTTEN, "until it is gone from the store");
    GPtrArray *saved = changes_take (shard_changes (s_shard), ALL);
    cr_assert_eq (saved->len, 1);
    cr_expect_eq (((const rocket_view_t *) saved->pdata[0])->status, ROCKET_GONE);
    shard_end_forgotten (s_shard, NOW_US + 1, ALL);
    cr_expect_eq (shard_forgotten (s_shard), 1, "its save is in progress");
    changes_put_back (shard_changes (s_shard));  //  the save fails
    g_ptr_array_unref (saved);
    saved = s_save ();
    cr_assert_eq (saved->len, 1, "it is saved again");
    g_ptr_array_unref (saved);
    shard_end_forgotten (s_shard, NOW_US + 1, ALL);
    cr_expect_eq (shard_forgotten (s_shard), 0);
    cr_expect_null (shard_find (s_shard, text_from ("one")));
    cr_expect_eq (s_fold ("one", 1), FOLD_APPLIED);
    cr_expect_eq (shard_size (s_shard), 2);
    s_close ();
}

Test (forgotten, rockets_are_remembered_in_bounded_number)
{
    s_open (ORDERING_CONVERGE);
    char id[32];
    for (unsigned number = 0; number <= FORGOTTEN_MAX; number++) {
        g_snprintf (id, sizeof id, "%u", number);
        (void) s_fold (id, 1);
        forget_t wanted = number < FORGOTTEN_MAX ? FORGET_UNSAVED : FORGET_NO_ROOM;
        cr_assert_eq (shard_forget (s_shard, text_from (id), NOW_US), wanted);
    }
    s_expect_shown (id, true);
    s_close ();
}

//  Run the retention until it has looked at everything, and save.
static void
s_run (retention_t *retention, shards_t *shards, int64_t *now_ms, int64_t for_ms)
{
    for (int64_t end_ms = *now_ms + for_ms; *now_ms < end_ms; *now_ms += 10)
        retention_run (retention, shards, *now_ms, 1000 * *now_ms);
    s_save_quietly ();
}

Test (forgotten, exploded_rockets_that_are_quiet_are_forgotten_and_end)
{
    s_open (ORDERING_CONVERGE);
    shards_t *shards = g_new0 (shards_t, 1);
    shards->partitions = 1;
    shards->shards[0] = s_shard;
    retention_t retention = {.config = {.forget_exploded_ms = 1000, .remember_ms = 120000}};
    int64_t now_ms = 1000000;
    (void) s_fold ("flying", 1);
    (void) s_fold ("quiet", 5);
    (void) s_fold ("busy", 5);
    s_run (&retention, shards, &now_ms, 900);
    s_expect_shown ("quiet", true);
    (void) s_fold ("busy", 6);
    s_run (&retention, shards, &now_ms, 1000);
    s_expect_shown ("quiet", false);
    s_expect_shown ("busy", true);
    cr_expect_eq (shards->counters.forgotten, 1);
    s_run (&retention, shards, &now_ms, 2000);
    s_expect_shown ("busy", false);
    s_expect_shown ("flying", true);
    cr_expect_eq (s_fold ("quiet", 7), FOLD_FORGOTTEN);
    s_run (&retention, shards, &now_ms, 121000);
    s_run (&retention, shards, &now_ms, 100);
    cr_expect_eq (shard_forgotten (s_shard), 0);
    cr_expect_null (shard_find (s_shard, text_from ("quiet")));
    cr_expect_not_null (shard_find (s_shard, text_from ("flying")));
    g_free (shards);
    s_close ();
}

Test (forgotten, nothing_is_forgotten_by_default)
{
    s_open (ORDERING_CONVERGE);
    shards_t *shards = g_new0 (shards_t, 1);
    shards->partitions = 1;
    shards->shards[0] = s_shard;
    retention_t retention = {.config = {.remember_ms = 120000}};
    int64_t now_ms = 1000000;
    (void) s_fold ("exploded", 5);
    s_run (&retention, shards, &now_ms, 20000);
    s_expect_shown ("exploded", true);
    cr_expect_eq (retention_timeout_ms (&retention, now_ms), INT64_MAX);
    g_free (shards);
    s_close ();
}

Test (forgotten, a_view_that_has_more_than_a_forgotten_rocket_is_damaged)
{
    text_pool_t *pool = text_pool_new ();
    rocket_view_t good = {
        .id = text_from ("one"), .status = ROCKET_FORGOTTEN, .applied = 4, .last_time_us = NOW_US};
    rocket_t *rocket = rocket_restore (&good, pool);
    cr_assert_not_null (rocket);
    rocket_view_t view;
    rocket_view (rocket, &view);
    cr_expect_eq (view.status, ROCKET_FORGOTTEN);
    cr_expect_eq (view.applied, 4);
    rocket_destroy (&rocket, pool);
    rocket_view_t bad[] = {good, good, good, good, good};
    bad[0].applied = 0;
    bad[1].speed = 1;
    bad[2].type = text_from ("a type");
    bad[3].last_number = 1;
    bad[4].hashes[3] = 1;
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++)
        cr_expect_null (rocket_restore (&bad[index], pool), "%zu", index);
    text_pool_destroy (&pool);
}
