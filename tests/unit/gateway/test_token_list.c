//  Lists of tokens: faults with their line, look-ups, ends, and tokens that may do less.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/access/token_list.h"

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define WORLD "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7"

static token_list_t *
s_read (const char *text, int64_t now_us)
{
    char fault[TOKEN_LIST_FAULT_SIZE] = "";
    token_list_t *list = token_list_read (text_from (text), now_us, fault);
    cr_assert_not_null (list, "%s", fault);
    return list;
}

static const token_t *
s_find (const token_list_t *list, const char *token)
{
    uint8_t digest[TOKEN_DIGEST_SIZE];
    token_digest (text_from (token), digest);
    return token_list_find (list, digest);
}

static void
s_expect_fault (const char *text, const char *begin)
{
    char fault[TOKEN_LIST_FAULT_SIZE] = "";
    cr_assert_null (token_list_read (text_from (text), 0, fault));
    cr_expect (g_str_has_prefix (fault, begin), "%s", fault);
}

Test (token_list, a_token_is_found_by_its_digest)
{
    token_list_t *list = s_read ("# ours\n\na write " HELLO "\nb read,stats " WORLD, 0);
    cr_assert_eq (list->count, 2);
    cr_expect_str_eq (s_find (list, "hello")->line.name, "a");
    cr_expect_str_eq (s_find (list, "world")->line.name, "b");
    cr_expect_null (s_find (list, "hell"));
    cr_expect_null (s_find (list, HELLO));
    token_list_unref (&list);
}

Test (token_list, an_empty_file_lets_nobody_in)
{
    token_list_t *list = s_read ("", 0);
    cr_expect_eq (list->count, 0);
    cr_expect_null (s_find (list, "hello"));
    token_list_unref (&list);
}

Test (token_list, a_fault_names_its_line)
{
    s_expect_fault ("a write " HELLO "\n\nb write\n", "line 3: ");
    s_expect_fault (
        "a write " HELLO "\na read " WORLD "\n", "line 2: an earlier line has the same name");
    s_expect_fault (
        "a write " HELLO "\nb read " HELLO "\n", "line 2: an earlier line has the same token");
}

Test (token_list, it_is_bounded)
{
    GString *text = g_string_new (NULL);
    for (int index = 0; index < TOKEN_LIST_MAX; index++)
        g_string_append_printf (text, "a%d write %064x\n", index, index);
    token_list_t *list = s_read (text->str, 0);
    cr_expect_eq (list->count, TOKEN_LIST_MAX);
    token_list_unref (&list);
    g_string_append (text, "more write " HELLO "\n");
    s_expect_fault (text->str, "line 257: a file has at most 256 tokens");
    g_string_free (text, TRUE);
}

Test (token_list, tokens_end_in_time)
{
    token_list_t *list = s_read ("a write " HELLO " 1970-01-01T00:00:01Z\nb read " WORLD, 999999);
    cr_expect_not (s_find (list, "hello")->is_expired);
    cr_expect_not (token_list_is_outdated (list, 999999));
    cr_assert (token_list_is_outdated (list, 1000000));
    token_list_t *later = token_list_update (list, 1000000);
    cr_expect (s_find (later, "hello")->is_expired);
    cr_expect_not (s_find (later, "world")->is_expired);
    cr_expect_not (token_list_is_outdated (later, 1000000));
    cr_expect (token_list_is_narrowed (list, later));
    cr_expect_not (token_list_is_narrowed (later, list));
    token_list_unref (&list);
    token_list_unref (&later);
}

Test (token_list, a_token_that_may_do_less_is_noticed)
{
    static const struct {
        const char *before, *after;
        bool is_narrowed;
    } cases[] = {{"a read " HELLO, "a read " HELLO "\nb read " WORLD, false},
        {"a read " HELLO, "c read,write " HELLO, false}, {"a read " HELLO, "a write " HELLO, true},
        {"a read,write " HELLO, "a write " HELLO, true}, {"a read " HELLO, "a read " WORLD, true},
        {"a read " HELLO, "", true}, {"", "a read " HELLO, false},
        {"a read " HELLO, "a read " HELLO " 1970-01-01T00:00:00Z", true}};
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++) {
        token_list_t *before = s_read (cases[index].before, 0);
        token_list_t *after = s_read (cases[index].after, 0);
        cr_expect_eq (
            token_list_is_narrowed (before, after), cases[index].is_narrowed, "case %zu", index);
        token_list_unref (&before);
        token_list_unref (&after);
    }
}
