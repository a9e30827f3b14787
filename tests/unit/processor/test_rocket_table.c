//  Rockets are found by id and keep their places while others come.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "processor/shard/rocket_table.h"

Test (rocket_table, every_rocket_is_found_and_stays_at_its_place)
{
    text_pool_t *pool = text_pool_new ();
    rocket_table_t *table = rocket_table_new ();
    char id[32];
    cr_expect_null (rocket_table_find (table, text_from ("none")));
    for (size_t count = 0; count < 20000; count++) {
        g_snprintf (id, sizeof id, "rocket-%zu", count);
        cr_assert_null (rocket_table_find (table, text_from (id)));
        rocket_t *rocket = rocket_new (text_from (id));
        rocket_table_add (table, rocket);
        cr_assert_eq (rocket_table_size (table), count + 1);
        cr_assert_eq (rocket_table_find (table, text_from (id)), rocket);
    }
    for (size_t place = 0; place < rocket_table_size (table); place++) {
        g_snprintf (id, sizeof id, "rocket-%zu", place);
        cr_assert_eq (rocket_table_at (table, place), rocket_table_find (table, text_from (id)));
        cr_assert (text_equal (rocket_id (rocket_table_at (table, place)), text_from (id)));
    }
    rocket_table_destroy (&table, pool);
    text_pool_destroy (&pool);
}
