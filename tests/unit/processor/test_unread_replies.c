//  Unread answers are bounded, for each client and together, and clients that read go on.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "processor/answer/unread_answers.h"

#define MIB (1024 * 1024)

static unread_answer_t *
s_add (unread_answers_t *unread, uint64_t client, size_t size)
{
    GBytes *owner = g_bytes_new_take (g_malloc0 (size), size);
    text_t answer = text_of (g_bytes_get_data (owner, NULL), size);
    unread_answer_t *added = unread_answers_add (unread, client, answer, size % 2 ? NULL : owner);
    if (added)
        cr_assert (text_equal (unread_answers_give (added), answer));
    g_bytes_unref (owner);
    return added;
}

//  Add answers of a MiB until one is refused; returns how many there are.
static size_t
s_fill (unread_answers_t *unread, uint64_t client, GPtrArray *answers)
{
    size_t count = 0;
    for (unread_answer_t *answer; (answer = s_add (unread, client, MIB)); count++)
        g_ptr_array_add (answers, answer);
    return count;
}

Test (unread_answers, are_bounded_for_each_client_and_for_all)
{
    unread_answers_t *unread = unread_answers_new ();
    GPtrArray *answers = g_ptr_array_new ();
    cr_expect_eq (s_fill (unread, 1, answers), UNREAD_CLIENT_MAX_BYTES / MIB);
    cr_expect_eq (s_fill (unread, 2, answers), UNREAD_CLIENT_MAX_BYTES / MIB);
    cr_expect_eq (s_fill (unread, 3, answers), UNREAD_CLIENT_MAX_BYTES / MIB / 2);
    for (uint64_t client = 4; client < 44; client++)
        s_fill (unread, client, answers);
    cr_expect_leq (answers->len, UNREAD_ALL_MAX_BYTES / MIB + 43 * 2);
    unread_answer_t *small = s_add (unread, 1000, 1000);
    cr_assert_not_null (small);
    unread_answers_release (NULL, small);
    while (answers->len > 0)
        unread_answers_release (NULL, g_ptr_array_steal_index (answers, answers->len - 1));
    cr_expect_eq (s_fill (unread, 1, answers), UNREAD_CLIENT_MAX_BYTES / MIB);
    unread_answers_destroy (&unread);
    while (answers->len > 0)  //  as when the socket is closed later
        unread_answers_release (NULL, g_ptr_array_steal_index (answers, answers->len - 1));
    g_ptr_array_unref (answers);
}

Test (unread_answers, clients_without_any_are_forgotten_and_counted_anew)
{
    unread_answers_t *unread = unread_answers_new ();
    for (uint64_t client = 0; client < 10000; client++) {
        unread_answer_t *answer = s_add (unread, client, 1);
        cr_assert_not_null (answer);
        unread_answers_release (NULL, answer);
    }
    GPtrArray *answers = g_ptr_array_new ();
    cr_expect_eq (s_fill (unread, 9999, answers), UNREAD_CLIENT_MAX_BYTES / MIB);
    cr_expect_eq (s_fill (unread, 10000, answers), UNREAD_CLIENT_MAX_BYTES / MIB);
    while (answers->len > 0)
        unread_answers_release (NULL, g_ptr_array_steal_index (answers, answers->len - 1));
    g_ptr_array_unref (answers);
    unread_answers_destroy (&unread);
}
