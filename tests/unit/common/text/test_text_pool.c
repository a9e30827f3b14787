//  Texts held once, by use.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text/text_pool.h"

#define TEXTS 500
#define ROUNDS 100000

Test (text_pool, the_same_text_is_held_once)
{
    text_pool_t *pool = text_pool_new ();
    char here[] = "ARTEMIS", there[] = "ARTEMIS";
    pooled_text_t *one = text_pool_hold (pool, text_from (here));
    pooled_text_t *two = text_pool_hold (pool, text_from (there));
    cr_expect_eq (one, two);
    text_pool_release (pool, &one);
    cr_expect_null (one);
    cr_expect_eq (text_pool_find (pool, text_from (here)), two, "it is still held");
    cr_expect (text_equal (pooled_text_bytes (two), text_from ("ARTEMIS")));
    text_pool_release (pool, &two);
    cr_expect_null (text_pool_find (pool, text_from (here)));
    text_pool_destroy (&pool);
    cr_expect_null (pool);
    text_pool_destroy (&pool);
}

Test (text_pool, the_bytes_are_a_copy)
{
    text_pool_t *pool = text_pool_new ();
    char bytes[] = "GEMINI";
    pooled_text_t *text = text_pool_hold (pool, text_from (bytes));
    memset (bytes, 'x', sizeof bytes - 1);
    cr_expect (text_equal (pooled_text_bytes (text), text_from ("GEMINI")));
    pooled_text_t *other = text_pool_hold (pool, text_from (bytes));
    cr_expect_neq (other, text);
    text_pool_release (pool, &text);
    text_pool_release (pool, &other);
    text_pool_destroy (&pool);
}

Test (text_pool, none_is_not_the_empty_text)
{
    text_pool_t *pool = text_pool_new ();
    pooled_text_t *none = text_pool_hold (pool, text_of (NULL, 0));
    cr_expect_null (none);
    cr_expect_null (pooled_text_bytes (none).data);
    text_pool_release (pool, &none);

    pooled_text_t *empty = text_pool_hold (pool, text_from (""));
    cr_assert_not_null (empty);
    cr_expect_not_null (pooled_text_bytes (empty).data);
    cr_expect_eq (pooled_text_bytes (empty).size, 0);
    text_pool_release (pool, &empty);
    text_pool_destroy (&pool);
}

Test (text_pool, bytes_of_any_value_and_prefixes_are_told_apart)
{
    static const text_t texts[] = {
        {"a", 1}, {"ab", 2}, {"a\0", 2}, {"a\0b", 3}, {"a\0c", 3}, {"\0", 1}, {"\xff", 1}};
    enum { COUNT = sizeof texts / sizeof *texts };
    text_pool_t *pool = text_pool_new ();
    pooled_text_t *pooled[COUNT];
    for (size_t index = 0; index < COUNT; index++)
        pooled[index] = text_pool_hold (pool, texts[index]);
    for (size_t index = 0; index < COUNT; index++) {
        cr_expect (text_equal (pooled_text_bytes (pooled[index]), texts[index]));
        text_pool_release (pool, &pooled[index]);
        cr_expect_null (text_pool_find (pool, texts[index]));
    }
    text_pool_destroy (&pool);
}

Test (text_pool, many_texts_held_and_released_at_random_are_counted_right)
{
    text_pool_t *pool = text_pool_new ();
    pooled_text_t *pooled[TEXTS] = {NULL};
    size_t users[TEXTS] = {0};
    unsigned seed = 20220202;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t number = (size_t) rand_r (&seed) % TEXTS;
        char bytes[32];
        snprintf (bytes, sizeof bytes, "%zu", number * number);
        text_t text = text_from (bytes);
        if (users[number] == 0 || rand_r (&seed) % 2) {
            pooled_text_t *held = text_pool_hold (pool, text);
            cr_assert (users[number] == 0 || held == pooled[number], "round %zu", round);
            pooled[number] = held;
            users[number]++;
        }
        else {
            pooled_text_t *given = pooled[number];
            text_pool_release (pool, &given);
            users[number]--;
        }
        cr_assert_eq (
            text_pool_find (pool, text), users[number] ? pooled[number] : NULL, "round %zu", round);
    }
    for (size_t number = 0; number < TEXTS; number++)
        while (users[number]-- > 0) {
            pooled_text_t *given = pooled[number];
            text_pool_release (pool, &given);
        }
    text_pool_destroy (&pool);
}

Test (text_pool, a_text_that_was_not_given_back_is_a_bug, .signal = SIGABRT)
{
    text_pool_t *pool = text_pool_new ();
    pooled_text_t *kept = text_pool_hold (pool, text_from ("kept"));
    cr_assert_not_null (kept);
    text_pool_destroy (&pool);
}
