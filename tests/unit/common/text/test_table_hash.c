//  Hashes for tables: equal keys have equal ones, and nobody can choose keys whose hashes are alike.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "common/text/table_hash.h"
#include "common/text/text_hash.h"

Test (table_hash, equal_keys_have_equal_hashes)
{
    cr_expect_eq (table_hash (text_from ("apollo")), table_hash (text_of ("apollo-11", 6)));
    cr_expect_neq (table_hash (text_from ("apollo")), table_hash (text_from ("apollo-11")));
    cr_expect_eq (table_hash (text_of (NULL, 0)), table_hash (text_from ("")));
}

Test (table_hash, the_hash_of_the_protocol_does_not_foretell_it)
{
    enum { KEYS = 2000, BITS = 8, HALVES = 2 };
    unsigned in_half[HALVES] = {0};
    unsigned same = 0;
    char key[32];
    for (unsigned number = 0, found = 0; found < KEYS; number++) {
        g_snprintf (key, sizeof key, "rocket-%u", number);
        uint64_t hash = text_hash (text_from (key));
        if (hash >> (64 - BITS))
            continue;
        found++;
        in_half[table_hash_32 (text_from (key)) >> 31]++;
        same += table_hash (text_from (key)) == hash;
    }
    cr_expect_eq (same, 0);
    cr_expect_gt (in_half[0], KEYS / 3);
    cr_expect_gt (in_half[1], KEYS / 3);
}
