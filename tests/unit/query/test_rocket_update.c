//  Updates and syncs as bytes, and which of two states is newer.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "query/protocol/rocket_update.h"

static const rocket_update_t s_update = {
    .processor = "0123456789abcde", .sequence = 1ull << 40, .owned = {7, 3}};

static const rocket_view_t s_rocket = {.id = {"apollo", 6}, .applied = 5, .conflicts = 2};

static bool
s_read (rocket_update_t *update, const GByteArray *bytes, size_t size)
{
    return rocket_update_read (update, text_of ((const char *) bytes->data, size));
}

Test (rocket_update, what_is_written_is_read)
{
    GByteArray *bytes = g_byte_array_new ();
    rocket_update_t read;
    rocket_update_write (bytes, &s_update, &s_rocket);
    cr_assert (s_read (&read, bytes, bytes->len));
    cr_expect_arr_eq (read.processor, s_update.processor, PROCESSOR_ID_SIZE);
    cr_expect_eq (read.sequence, 1ull << 40);
    cr_expect_eq (read.owned.partition, 7);
    cr_expect_eq (read.owned.epoch, 3);
    cr_expect (text_equal (read.id, text_from ("apollo")));
    cr_expect_eq (read.changes, 7);
    for (size_t size = 0; size < bytes->len; size++)
        cr_expect_not (s_read (&read, bytes, size), "%zu of %u bytes", size, bytes->len);
    g_byte_array_append (bytes, (const guint8 *) "", 1);
    cr_expect_not (s_read (&read, bytes, bytes->len), "a byte too many");
    g_byte_array_unref (bytes);
}

Test (rocket_update, a_sync_has_no_rocket)
{
    GByteArray *bytes = g_byte_array_new ();
    rocket_update_t read;
    rocket_update_write_sync (bytes, &s_update);
    cr_assert (s_read (&read, bytes, bytes->len));
    cr_expect_null (read.rocket.data);
    cr_expect_eq (read.sequence, 1ull << 40);
    g_byte_array_unref (bytes);
}

Test (rocket_update, one_without_an_epoch_or_with_a_wrong_id_is_none)
{
    GByteArray *bytes = g_byte_array_new ();
    rocket_update_t update = s_update;
    update.owned.epoch = 0;
    rocket_update_write (bytes, &update, &s_rocket);
    cr_expect_not (s_read (&update, bytes, bytes->len), "epoch 0");
    g_byte_array_set_size (bytes, 0);
    update = s_update;
    rocket_update_write (bytes, &update, &(rocket_view_t){.id = {"", 0}});
    cr_expect_not (s_read (&update, bytes, bytes->len), "no id");
    g_byte_array_set_size (bytes, 0);
    update.owned.partition = PARTITIONS_MAX;
    rocket_update_write (bytes, &update, &s_rocket);
    cr_expect_not (s_read (&update, bytes, bytes->len), "partition");
    g_byte_array_unref (bytes);
}

Test (rocket_version, the_epoch_counts_first)
{
    rocket_version_t low = {1, 9};
    rocket_version_t high = {2, 3};
    cr_expect_lt (rocket_version_compare (low, high), 0);
    cr_expect_gt (rocket_version_compare (high, low), 0);
    cr_expect_lt (rocket_version_compare (high, (rocket_version_t){2, 4}), 0);
    cr_expect_eq (rocket_version_compare (high, high), 0);
}
