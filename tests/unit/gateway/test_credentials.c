//  The token of a request: forms of Authorization, and cookies.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/access/credentials.h"

static const struct {
    const char *authorization, *cookies;
    credentials_t kind;
    const char *token;
} s_cases[] = {
    {NULL, NULL, CREDENTIALS_NONE, NULL},
    {"Bearer abc", NULL, CREDENTIALS_BEARER, "abc"},
    {"bEARER   abc== ", NULL, CREDENTIALS_BEARER, "abc=="},
    {"Bearer", NULL, CREDENTIALS_MALFORMED, NULL},
    {"", NULL, CREDENTIALS_MALFORMED, NULL},
    {"Bearer ", NULL, CREDENTIALS_MALFORMED, NULL},
    {"Bearerabc", NULL, CREDENTIALS_MALFORMED, NULL},
    {"Basic YTpi", NULL, CREDENTIALS_MALFORMED, NULL},
    {"abc", NULL, CREDENTIALS_MALFORMED, NULL},
    {"Bearer a b", NULL, CREDENTIALS_MALFORMED, NULL},
    {"Bearer abc, Bearer def", NULL, CREDENTIALS_MALFORMED, NULL},
    {"Bearer \"abc\"", NULL, CREDENTIALS_MALFORMED, NULL},
    {NULL, "", CREDENTIALS_NONE, NULL},
    {NULL, "downlink_token=abc", CREDENTIALS_SESSION, "abc"},
    {NULL, "a=1;  downlink_token=abc==;b=2", CREDENTIALS_SESSION, "abc=="},
    {NULL, "downlink_token=abc; downlink_token=def", CREDENTIALS_SESSION, "abc"},
    {NULL, "downlink_token", CREDENTIALS_NONE, NULL},
    {NULL, "downlink_token=", CREDENTIALS_NONE, NULL},
    {NULL, "downlink_token=a b", CREDENTIALS_NONE, NULL},
    {NULL, "xdownlink_token=abc", CREDENTIALS_NONE, NULL},
    {NULL, ";;;=;", CREDENTIALS_NONE, NULL},
};

Test (credentials, each_form_is_read_as_the_table_says)
{
    for (size_t index = 0; index < G_N_ELEMENTS (s_cases); index++) {
        text_t token = {0};
        credentials_t kind = s_cases[index].authorization
                                 ? credentials_of_field (&token, s_cases[index].authorization)
                                 : credentials_of_cookies (&token, s_cases[index].cookies);
        cr_assert_eq (kind, s_cases[index].kind, "case %zu: %d", index, (int) kind);
        if (s_cases[index].token)
            cr_expect (text_equal (token, text_from (s_cases[index].token)), "case %zu", index);
    }
}
