//  The messages of a queue that are delivered and not acknowledged.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "processor/rabbitmq/rabbitmq_partition.h"

static rabbitmq_partition_t s_partition;
static uint64_t s_tag;

static void
s_add (uint64_t tag, uint64_t folded, bool is_held)
{
    rabbitmq_partition_add (&s_partition, 1, tag, folded, (int64_t) tag * 1000, is_held);
}

TestSuite (rabbitmq_partition);

Test (rabbitmq_partition, acknowledges_saved_messages_at_once)
{
    s_add (1, 10, false);
    s_add (2, 10, false);  //  it changed nothing
    s_add (3, 30, false);
    cr_expect_not (rabbitmq_partition_settle (&s_partition, 9, &s_tag));
    cr_assert (rabbitmq_partition_settle (&s_partition, 29, &s_tag));
    cr_expect_eq (s_tag, 2);
    cr_expect_eq (rabbitmq_partition_oldest_ms (&s_partition), 3000);
    cr_expect_not (rabbitmq_partition_settle (&s_partition, 29, &s_tag));
    cr_assert (rabbitmq_partition_settle (&s_partition, 30, &s_tag));
    cr_expect_eq (s_tag, 3);
    cr_expect_eq (rabbitmq_partition_oldest_ms (&s_partition), 0);
    rabbitmq_partition_forget (&s_partition);
}

Test (rabbitmq_partition, a_letter_on_its_way_holds_back_those_behind_it)
{
    s_partition.assignment = 7;
    s_add (1, 1, false);
    s_add (2, 1, true);
    s_add (3, 2, false);
    cr_assert (rabbitmq_partition_settle (&s_partition, 2, &s_tag));
    cr_expect_eq (s_tag, 1);
    rabbitmq_partition_let_go (&s_partition, 6, 1, 2);
    rabbitmq_partition_let_go (&s_partition, 7, 2, 2);
    rabbitmq_partition_let_go (&s_partition, 7, 1, 99);
    cr_expect_not (rabbitmq_partition_settle (&s_partition, 2, &s_tag), "all of them were others");
    rabbitmq_partition_let_go (&s_partition, 7, 1, 2);
    cr_assert (rabbitmq_partition_settle (&s_partition, 2, &s_tag));
    cr_expect_eq (s_tag, 3);
    rabbitmq_partition_forget (&s_partition);
}

Test (rabbitmq_partition, another_channel_forgets_the_messages_of_the_last_one)
{
    s_add (1, 1, false);
    s_add (2, 2, true);
    rabbitmq_partition_add (&s_partition, 2, 1, 3, 0, false);
    cr_assert (rabbitmq_partition_settle (&s_partition, 3, &s_tag));
    cr_expect_eq (s_tag, 1);
    cr_expect_null (s_partition.unsaved.head);
}
