//  Lists of several owners become one, and never show a rocket behind one that is missing.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "query/protocol/list_merge.h"
#include "query/protocol/reply.h"
#include "query/protocol/rocket_map.h"

//  The bytes of a reply with rockets of these speeds, named by them.
static GByteArray *
s_reply (const int64_t *speeds, uint32_t count, bool more, reply_t *reply)
{
    GByteArray *bytes = g_byte_array_new ();
    reply_write_list (bytes, NULL, 0, more, count);
    for (uint32_t index = 0; index < count; index++) {
        char id[24];
        g_snprintf (id, sizeof id, "r%d", (int) speeds[index]);
        rocket_view_t view = {.id = text_from (id), .speed = speeds[index], .last_number = 1};
        rocket_map_write (bytes, &view);
    }
    msgpack_reader_t reader;
    msgpack_reader_init (&reader, bytes->data, bytes->len);
    cr_assert (reply_read (reply, &reader));
    return bytes;
}

typedef struct {
    int64_t speeds[4];
    uint32_t count;
    bool more;
} part_t;

static void
s_expect (const part_t *parts, uint32_t limit, const char *expected, bool more)
{
    list_query_t list = {.order = {SORT_SPEED, false}, .limit = limit};
    list_merge_t merge;
    GByteArray *bytes[2];
    list_merge_begin (&merge, &list);
    for (int index = 0; index < 2; index++) {
        reply_t reply;
        bytes[index] = s_reply (parts[index].speeds, parts[index].count, parts[index].more, &reply);
        cr_assert (list_merge_add (&merge, &reply));
    }
    list_merge_end (&merge);
    GString *found = g_string_new (NULL);
    for (guint index = 0; index < merge.entries->len; index++)
        g_string_append_printf (found, "%d ",
            (int) g_array_index (merge.entries, reply_entry_t, index).place.value.number);
    cr_expect_str_eq (found->str, expected);
    cr_expect_eq (merge.more, more);
    g_string_free (found, TRUE);
    list_merge_free (&merge);
    g_byte_array_unref (bytes[0]);
    g_byte_array_unref (bytes[1]);
}

Test (list_merge, whole_lists_are_merged_in_order)
{
    s_expect ((part_t[]){{{1, 4}, 2, false}, {{2, 3}, 2, false}}, 10, "1 2 3 4 ", false);
    s_expect ((part_t[]){{{1, 4}, 2, false}, {{2, 3}, 2, false}}, 3, "1 2 3 ", true);
    s_expect ((part_t[]){{{0}, 0, false}, {{0}, 0, false}}, 3, "", false);
}

Test (list_merge, a_list_ends_behind_the_smallest_last_place_of_those_with_more)
{
    s_expect ((part_t[]){{{1, 4}, 2, true}, {{2, 3, 5}, 3, false}}, 10, "1 2 3 4 ", true);
    s_expect ((part_t[]){{{1, 4}, 2, true}, {{2, 3}, 2, true}}, 10, "1 2 3 ", true);
    s_expect ((part_t[]){{{1, 9}, 2, true}, {{2, 3}, 2, false}}, 10, "1 2 3 9 ", true);
}

Test (list_merge, a_reply_with_more_and_no_rocket_is_refused)
{
    list_query_t list = {.order = {SORT_SPEED, false}, .limit = 10};
    list_merge_t merge;
    reply_t reply;
    list_merge_begin (&merge, &list);
    GByteArray *bytes = s_reply (NULL, 0, true, &reply);
    cr_expect_not (list_merge_add (&merge, &reply));
    list_merge_free (&merge);
    g_byte_array_unref (bytes);
}

Test (query, a_deadline_is_written_and_read)
{
    GByteArray *bytes = g_byte_array_new ();
    query_write_batch (bytes, 2, 750);
    query_write (bytes, &(query_t){.op = QUERY_GET, .id = text_from ("a"), .deadline_ms = 20});
    query_write (bytes, &(query_t){.op = QUERY_PING});
    msgpack_reader_t reader;
    query_t batch;
    query_t query;
    msgpack_reader_init (&reader, bytes->data, bytes->len);
    cr_assert_null (query_read (&batch, &reader));
    cr_expect_eq (batch.deadline_ms, 750);
    cr_assert_null (query_read (&query, &batch.batch));
    cr_expect_eq (query.deadline_ms, 20);
    cr_assert_null (query_read (&query, &batch.batch));
    cr_expect_eq (query.deadline_ms, 0);
    g_byte_array_unref (bytes);
}
