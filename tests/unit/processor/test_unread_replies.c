//  Unread replies are bounded, for each client and together, and clients that read go on.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "processor/answer/unread_replies.h"

#define MIB (1024 * 1024)

static unread_reply_t *
s_add (unread_replies_t *unread, uint64_t client, size_t size)
{
    GBytes *owner = g_bytes_new_take (g_malloc0 (size), size);
    text_t reply = text_of (g_bytes_get_data (owner, NULL), size);
    unread_reply_t *added = unread_replies_add (unread, client, reply, size % 2 ? NULL : owner);
    if (added)
        cr_assert (text_equal (unread_replies_give (added), reply));
    g_bytes_unref (owner);
    return added;
}

//  Add replies of a MiB until one is refused; returns how many there are.
static size_t
s_fill (unread_replies_t *unread, uint64_t client, GPtrArray *replies)
{
    size_t count = 0;
    for (unread_reply_t *reply; (reply = s_add (unread, client, MIB)); count++)
        g_ptr_array_add (replies, reply);
    return count;
}

Test (unread_replies, are_bounded_for_each_client_and_for_all)
{
    unread_replies_t *unread = unread_replies_new ();
    GPtrArray *replies = g_ptr_array_new ();
    cr_expect_eq (s_fill (unread, 1, replies), UNREAD_CLIENT_MAX_BYTES / MIB);
    cr_expect_eq (s_fill (unread, 2, replies), UNREAD_CLIENT_MAX_BYTES / MIB);
    cr_expect_eq (s_fill (unread, 3, replies), UNREAD_CLIENT_MAX_BYTES / MIB / 2);
    for (uint64_t client = 4; client < 44; client++)
        s_fill (unread, client, replies);
    cr_expect_leq (replies->len, UNREAD_ALL_MAX_BYTES / MIB + 43 * 2);
    unread_reply_t *small = s_add (unread, 1000, 1000);
    cr_assert_not_null (small);
    unread_replies_release (NULL, small);
    while (replies->len > 0)
        unread_replies_release (NULL, g_ptr_array_steal_index (replies, replies->len - 1));
    cr_expect_eq (s_fill (unread, 1, replies), UNREAD_CLIENT_MAX_BYTES / MIB);
    unread_replies_destroy (&unread);
    while (replies->len > 0)  //  as when the socket is closed later
        unread_replies_release (NULL, g_ptr_array_steal_index (replies, replies->len - 1));
    g_ptr_array_unref (replies);
}

Test (unread_replies, clients_without_any_are_forgotten_and_counted_anew)
{
    unread_replies_t *unread = unread_replies_new ();
    for (uint64_t client = 0; client < 10000; client++) {
        unread_reply_t *reply = s_add (unread, client, 1);
        cr_assert_not_null (reply);
        unread_replies_release (NULL, reply);
    }
    GPtrArray *replies = g_ptr_array_new ();
    cr_expect_eq (s_fill (unread, 9999, replies), UNREAD_CLIENT_MAX_BYTES / MIB);
    cr_expect_eq (s_fill (unread, 10000, replies), UNREAD_CLIENT_MAX_BYTES / MIB);
    while (replies->len > 0)
        unread_replies_release (NULL, g_ptr_array_steal_index (replies, replies->len - 1));
    g_ptr_array_unref (replies);
    unread_replies_destroy (&unread);
}
