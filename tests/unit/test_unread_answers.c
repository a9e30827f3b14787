//  What clients do not read is bounded, each and together, and those who read go on.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "processor/unread_answers.h"

#define MIB (1024 * 1024)

static unread_answer_t *
s_add (unread_t *unread, const char *client, size_t size)
{
    return unread_add (unread, text_from (client), g_bytes_new_take (g_malloc0 (size), size));
}

//  Add answers of a MiB until one is refused; returns how many there are.
static size_t
s_fill (unread_t *unread, const char *client, GPtrArray *answers)
{
    size_t count = 0;
    for (unread_answer_t *answer; (answer = s_add (unread, client, MIB)); count++)
        g_ptr_array_add (answers, answer);
    return count;
}

Test (unread_answers, are_bounded_for_each_client_and_for_all)
{
    unread_t *unread = unread_new ();
    GPtrArray *answers = g_ptr_array_new ();
    cr_expect_eq (s_fill (unread, "one", answers), UNREAD_CLIENT_MAX_BYTES / MIB);
    cr_expect_eq (s_fill (unread, "two", answers), UNREAD_CLIENT_MAX_BYTES / MIB);
    cr_expect_eq (s_fill (unread, "three", answers), UNREAD_CLIENT_MAX_BYTES / MIB / 2);
    for (int client = 0; client < 40; client++) {
        char name[8];
        g_snprintf (name, sizeof name, "%d", client);
        s_fill (unread, name, answers);
    }
    cr_expect_leq (unread_size (unread), (size_t) UNREAD_ALL_MAX_BYTES + 43 * 2 * MIB);
    unread_answer_t *small = s_add (unread, "a reader", 1000);
    cr_assert_not_null (small);
    unread_release (NULL, small);
    while (answers->len > 0)
        unread_release (NULL, g_ptr_array_steal_index (answers, answers->len - 1));
    cr_expect_eq (unread_size (unread), 0);
    cr_expect_eq (s_fill (unread, "one", answers), UNREAD_CLIENT_MAX_BYTES / MIB);
    unread_destroy (&unread);
    while (answers->len > 0)  //  as when the socket is closed later
        unread_release (NULL, g_ptr_array_steal_index (answers, answers->len - 1));
    g_ptr_array_unref (answers);
}

Test (unread_answers, clients_without_any_are_forgotten_and_counted_anew)
{
    unread_t *unread = unread_new ();
    for (int client = 0; client < 10000; client++) {
        char name[8];
        g_snprintf (name, sizeof name, "%d", client);
        unread_answer_t *answer = s_add (unread, name, 1);
        cr_assert_not_null (answer);
        unread_release (NULL, answer);
    }
    cr_expect_eq (unread_size (unread), 0);
    unread_destroy (&unread);
}
