//  The queue in which clients alternate.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/intake/fair_queue.h"

//  Push these items; the letter is the client.
static void
s_push (fair_queue_t *queue, char **items)
{
    for (; *items; items++)
        fair_queue_push (queue, *items, (uint64_t) * *items);
}

//  Take all items, and return them in one string.
static char *
s_take_all (fair_queue_t *queue)
{
    GString *all = g_string_new (NULL);
    const char *item;
    while ((item = fair_queue_first (queue))) {
        g_string_append (all, item);
        fair_queue_remove (queue, (void *) item);
    }
    return g_string_free (all, FALSE);
}

static void
s_expect_rest (fair_queue_t *queue, const char *expected)
{
    char *rest = s_take_all (queue);
    cr_expect_str_eq (rest, expected);
    cr_expect_eq (fair_queue_length (queue), 0);
    cr_expect_null (fair_queue_first (queue));
    g_free (rest);
    fair_queue_destroy (&queue);
    cr_expect_null (queue);
}

Test (fair_queue, is_first_come_first_served_for_one_client)
{
    char *items[] = {"a1", "a2", "a3", NULL};
    fair_queue_t *queue = fair_queue_new ();
    s_push (queue, items);
    s_expect_rest (queue, "a1a2a3");
}

Test (fair_queue, lets_clients_alternate)
{
    char *items[] = {"a1", "a2", "a3", "a4", "b1", "b2", "c1", NULL};
    fair_queue_t *queue = fair_queue_new ();
    s_push (queue, items);
    cr_expect_eq (fair_queue_length (queue), 7);
    s_expect_rest (queue, "a1b1c1a2b2a3a4");
}

Test (fair_queue, serves_a_client_that_comes_later_after_one_item_of_each_other)
{
    char *items[] = {"a1", "a2", "a3", "a4", NULL}, *late[] = {"b1", NULL};
    fair_queue_t *queue = fair_queue_new ();
    s_push (queue, items);
    fair_queue_remove (queue, items[0]);
    s_push (queue, late);
    cr_expect_eq (fair_queue_first (queue), items[1], "the first item stays the first");
    s_expect_rest (queue, "a2b1a3a4");
}

Test (fair_queue, removes_items_from_any_place)
{
    char *items[] = {"a1", "a2", "b1", "c1", "c2", NULL};
    fair_queue_t *queue = fair_queue_new ();
    s_push (queue, items);
    fair_queue_remove (queue, items[1]);
    fair_queue_remove (queue, items[2]);
    fair_queue_remove (queue, items[2]);
    cr_expect_eq (fair_queue_length (queue), 3);
    s_expect_rest (queue, "a1c1c2");
}

//  Their number may stand for many clients.
Test (fair_queue, takes_items_of_client_0_for_clients_of_their_own)
{
    char *items[] = {"a1", "a2", "a3", NULL};
    fair_queue_t *queue = fair_queue_new ();
    s_push (queue, items);
    fair_queue_push (queue, "x", 0);
    fair_queue_push (queue, "y", 0);
    s_expect_rest (queue, "a1xya2a3");
}

Test (fair_queue, is_destroyed_with_items)
{
    char *items[] = {"a1", "a2", "b1", NULL};
    fair_queue_t *queue = fair_queue_new ();
    s_push (queue, items);
    fair_queue_push (queue, "x", 0);
    fair_queue_destroy (&queue);
    fair_queue_destroy (&queue);
}

//  Remove an item from any place. The first item stays the first, unless it is the one.
static void
s_remove_any (fair_queue_t *queue, GPtrArray *all, GRand *dice)
{
    void *first = fair_queue_first (queue);
    void *item = all->pdata[g_rand_int_range (dice, 0, (gint32) all->len)];
    fair_queue_remove (queue, item);
    g_ptr_array_remove_fast (all, item);
    cr_assert (item == first || fair_queue_first (queue) == first);
}

//  Each client gets its items in order, and no client gets two while another one waits.
Test (fair_queue, is_fair_in_any_order)
{
    enum { CLIENTS = 7, STEPS = 20000 };
    fair_queue_t *queue = fair_queue_new ();
    GPtrArray *all = g_ptr_array_new ();
    GRand *dice = g_rand_new_with_seed (1);
    size_t pushed[CLIENTS] = {0}, taken[CLIENTS] = {0};
    size_t before = CLIENTS;  //  the last client, if others waited then and none has left since
    for (int step = 0; step < STEPS; step++) {
        size_t client = (size_t) g_rand_int_range (dice, 0, CLIENTS);
        int roll = g_rand_int_range (dice, 0, 10);
        if (roll < 5) {
            void *item = GSIZE_TO_POINTER (++pushed[client] * CLIENTS + client);
            fair_queue_push (queue, item, client + 1);
            g_ptr_array_add (all, item);
        }
        else if (roll == 5 && all->len > 0) {
            s_remove_any (queue, all, dice);
            before = CLIENTS;
        }
        else if (all->len > 0) {
            size_t item = GPOINTER_TO_SIZE (fair_queue_first (queue));
            size_t owner = item % CLIENTS, others = 0;
            cr_assert_gt (item / CLIENTS, taken[owner], "in order");
            cr_assert_neq (owner, before, "the client has two turns");
            taken[owner] = item / CLIENTS;
            fair_queue_remove (queue, GSIZE_TO_POINTER (item));
            g_ptr_array_remove_fast (all, GSIZE_TO_POINTER (item));
            for (guint index = 0; index < all->len; index++)
                others += GPOINTER_TO_SIZE (all->pdata[index]) % CLIENTS != owner;
            before = others > 0 ? owner : CLIENTS;
        }
        cr_assert_eq (fair_queue_length (queue), all->len);
        cr_assert_eq (fair_queue_first (queue) == NULL, all->len == 0);
    }
    g_rand_free (dice);
    g_ptr_array_unref (all);
    fair_queue_destroy (&queue);
}
