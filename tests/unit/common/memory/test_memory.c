//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "common/memory/queue.h"
#include "common/memory/spares.h"

#define BLOCK_BYTES 64
#define LINKS 4

Test (spares, the_last_block_that_was_given_is_the_next_one_and_too_many_are_freed)
{
    spares_t spares = {0};
    void *blocks[SPARES_MAX + 2];
    for (size_t index = 0; index < G_N_ELEMENTS (blocks); index++)
        blocks[index] = spares_take (&spares, BLOCK_BYTES);
    for (size_t index = 0; index < G_N_ELEMENTS (blocks); index++)
        spares_give (&spares, blocks[index]);
    cr_assert_eq (spares.count, SPARES_MAX);
#if SPARES_MAX > 0
    void *block = spares_take (&spares, BLOCK_BYTES);
    cr_assert_eq (block, blocks[SPARES_MAX - 1]);
    spares_give (&spares, block);
#endif
    spares_clear (&spares);
    cr_assert_eq (spares.count, 0);
    cr_assert_null (spares.first);
}

static void
s_assert_equal (const GQueue *queue, const GQueue *expected)
{
    const GList *link = queue->head;
    const GList *last = NULL;
    cr_assert_eq (queue->length, expected->length);
    for (const GList *other = expected->head; other; other = other->next) {
        cr_assert_not_null (link);
        cr_assert_eq (link->data, other->data);
        cr_assert_eq (link->prev, last);
        last = link;
        link = link->next;
    }
    cr_assert_null (link);
    cr_assert_eq (queue->tail, last);
}

Test (queue, links_move_as_with_glib)
{
    int things[LINKS];
    //  Each number is a link that leaves, if it is in the queue, or else joins it.
    static const unsigned steps[] = {0, 0, 1, 2, 3, 2, 2, 1, 3, 0, 2, 0, 1, 0, 1};
    GList links[LINKS] = {{0}};
    GList others[LINKS] = {{0}};
    bool is_in[LINKS] = {false};
    GQueue queue = G_QUEUE_INIT;
    GQueue expected = G_QUEUE_INIT;
    for (size_t index = 0; index < G_N_ELEMENTS (steps); index++) {
        unsigned at = steps[index];
        links[at].data = &things[at];
        others[at].data = &things[at];
        if (is_in[at]) {
            queue_remove (&queue, &links[at]);
            g_queue_unlink (&expected, &others[at]);
            cr_assert (!links[at].next && !links[at].prev);
        }
        else {
            queue_append (&queue, &links[at]);
            g_queue_push_tail_link (&expected, &others[at]);
        }
        is_in[at] = !is_in[at];
        s_assert_equal (&queue, &expected);
    }
}
