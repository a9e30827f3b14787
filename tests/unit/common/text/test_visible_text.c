//  Characters that could mislead a terminal, a log or a person are escaped.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <string.h>

#include "common/text/visible_text.h"

Test (visible_text, hidden_characters_are_escaped_and_others_are_kept)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"say \"hi\" \\", "\"say \\\"hi\\\" \\\\\""},
        {"one\ntwo\r", "\"one\\ntwo\\u000d\""},
        {"\x1b[31m\x7f", "\"\\u001b[31m\\u007f\""},
        {"\xc2\x80\xc2\x9b\xc2\x9f", "\"\\u0080\\u009b\\u009f\""},
        {"\u202e\u2066\u200b\ufeff\u00ad", "\"\\u202e\\u2066\\u200b\\ufeff\\u00ad\""},
        {"\u2028\u2029", "\"\\u2028\\u2029\""},
        {"\U000e0041", "\"\\udb40\\udc41\""},
        {"火星 é \U0001f680", "\"火星 é \U0001f680\""},
        {"a\xff", "\"a\ufffd\""},
    };
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++) {
        GString *line = g_string_new (NULL);
        visible_text_add_quoted (line, cases[index].text);
        cr_assert_str_eq (line->str, cases[index].shown);
        g_string_free (line, TRUE);
    }
}
