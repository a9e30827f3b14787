//  Lines of a token file: each field, each fault, and back again.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "common/access/token_line.h"

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static const char *
s_read (token_line_t *line, const char *text)
{
    return token_line_read (line, text_from (text));
}

Test (token_line, a_line_has_a_name_scopes_and_a_digest)
{
    token_line_t line;
    cr_assert_null (s_read (&line, "robot.1_a-b \t write,stats  " HELLO "\r"));
    cr_expect_str_eq (line.name, "robot.1_a-b");
    cr_expect_eq (line.scopes, (unsigned) TOKEN_WRITE | TOKEN_STATS);
    cr_expect_eq (line.expires_us, TOKEN_NEVER_EXPIRES);
    uint8_t digest[TOKEN_DIGEST_SIZE];
    token_digest (text_from ("hello"), digest);
    cr_expect_arr_eq (line.digest, digest, TOKEN_DIGEST_SIZE);
}

Test (token_line, it_may_have_an_end)
{
    token_line_t line;
    cr_assert_null (s_read (&line, "guest read " HELLO " 1970-01-01T00:01:00Z"));
    cr_expect_eq (line.expires_us, 60000000);
}

Test (token_line, faults_are_named_and_never_show_the_line)
{
    static const char *const bad[] = {"robot", "robot write", "robot write hello",
        "robot write " HELLO "00", "robot write g" HELLO, "robot Write " HELLO,
        "robot write, " HELLO, "robot ,write " HELLO, "robot write,write " HELLO,
        "robot root " HELLO, "ro/bot write " HELLO, "r\xc3\xb6 write " HELLO,
        "robot write " HELLO " tomorrow", "robot write " HELLO " 2027-01-01T00:00:00Z more",
        "a23456789012345678901234567890123456789012345678901234567890123456 write " HELLO};
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++) {
        token_line_t line;
        const char *fault = s_read (&line, bad[index]);
        cr_assert_not_null (fault, "%s", bad[index]);
        cr_expect_null (strstr (fault, "hello"), "%s", fault);
    }
}

Test (token_line, blank_lines_and_comments_hold_no_token)
{
    cr_expect (access_line_is_blank (text_from ("")));
    cr_expect (access_line_is_blank (text_from (" \t\r")));
    cr_expect (access_line_is_blank (text_from ("  # robot write " HELLO)));
    cr_expect_not (access_line_is_blank (text_from ("robot")));
}

Test (token_line, a_printed_line_reads_as_the_same)
{
    static const char *const good[] = {"a write " HELLO "\n", "b read,stats " HELLO "\n",
        "c write,read,stats " HELLO " 2027-01-31T00:00:00.000000Z\n"};
    for (size_t index = 0; index < G_N_ELEMENTS (good); index++) {
        token_line_t line;
        cr_assert_null (token_line_read (&line, text_of (good[index], strlen (good[index]) - 1)));
        char *printed = token_line_print (&line);
        cr_expect_str_eq (printed, good[index]);
        g_free (printed);
    }
}

Test (token, a_new_token_is_well_formed_and_no_other_is_like_it)
{
    char one[TOKEN_SIZE];
    char other[TOKEN_SIZE];
    cr_assert (token_make (one) && token_make (other));
    cr_expect_eq (strlen (one), TOKEN_SIZE - 1);
    cr_expect (g_str_has_prefix (one, "dlk_"));
    cr_expect (token_is_well_formed (text_from (one)));
    cr_expect_str_neq (one, other);
}

Test (token, only_the_characters_of_the_standard_are_well_formed)
{
    static const char *const good[] = {"a", "AZaz09-._~+/", "abc=", "abc=="};
    static const char *const bad[] = {
        "", "=", "a b", "a=b", "a,b", "a;b", "a\"", "\xc3\xb6", "a\t"};
    for (size_t index = 0; index < G_N_ELEMENTS (good); index++)
        cr_expect (token_is_well_formed (text_from (good[index])), "%s", good[index]);
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++)
        cr_expect_not (token_is_well_formed (text_from (bad[index])), "%s", bad[index]);
    char longest[TOKEN_MAX_BYTES + 1];
    memset (longest, 'a', sizeof longest);
    cr_expect (token_is_well_formed (text_of (longest, TOKEN_MAX_BYTES)));
    cr_expect_not (token_is_well_formed (text_of (longest, TOKEN_MAX_BYTES + 1)));
}
