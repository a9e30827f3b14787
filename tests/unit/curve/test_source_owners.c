//  The owners of sources: the first key keeps one, and no key pushes out those of another.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "curve/source_owners.h"

static source_owners_t *s_owners;

static void
s_set_up (void)
{
    s_owners = source_owners_new ();
}

static void
s_tear_down (void)
{
    source_owners_destroy (&s_owners);
}

TestSuite (source_owners, .init = s_set_up, .fini = s_tear_down);

static bool
s_take (uint32_t number, const char *key)
{
    uint8_t source[FRAME_SOURCE_SIZE] = {0};
    memcpy (source, &number, sizeof number);
    return source_owners_take (s_owners, source, key);
}

Test (source_owners, a_source_belongs_to_the_key_that_used_it_first)
{
    cr_expect (s_take (1, "one"));
    cr_expect (s_take (1, "one"));
    cr_expect_not (s_take (1, "two"));
    cr_expect (s_take (2, "two"));
    cr_expect_not (s_take (2, "one"));
    cr_expect (s_take (1, "one"));
}

Test (source_owners, a_key_loses_the_source_that_it_used_longest_ago)
{
    cr_assert (s_take (1000000, "other"));
    for (uint32_t number = 0; number < SOURCES_OF_A_KEY_MAX; number++)
        cr_assert (s_take (number, "one"));
    cr_assert (s_take (0, "one"));  //  now 1 is the oldest
    for (uint32_t number = 0; number < 10 * SOURCES_OF_A_KEY_MAX; number++) {
        cr_assert (s_take (2000000 + number, "one"));
        cr_assert (s_take (0, "one"));
    }
    for (uint32_t number = 0; number < 9 * SOURCES_OF_A_KEY_MAX; number++)
        cr_assert (s_take (2000000 + number, "two"), "%u has no owner any more", number);
    cr_expect (s_take (1, "two"), "1 has no owner any more");
    cr_expect_not (s_take (0, "two"));
    cr_expect_not (s_take (1000000, "one"), "no key pushes out the sources of another one");
}

Test (source_owners, a_key_beyond_the_bound_empties_the_table)
{
    char name[16];
    for (uint32_t number = 0; number < SOURCE_KEYS_MAX; number++) {
        g_snprintf (name, sizeof name, "key-%u", number);
        cr_assert (s_take (number, name));
    }
    for (uint32_t number = 1; number < SOURCE_KEYS_MAX; number++)
        cr_assert_not (s_take (number, "key-0"));
    cr_assert (s_take (SOURCE_KEYS_MAX, "one more"));
    for (uint32_t number = 1; number < SOURCE_KEYS_MAX; number++)
        cr_assert (s_take (number, "key-0"));
}
