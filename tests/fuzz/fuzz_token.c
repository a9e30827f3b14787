//  Fuzz the texts that hold tokens: token files, Authorization fields, cookies. The first byte
//  chooses which.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "gateway/access/credentials.h"
#include "gateway/access/token_list.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

//  The lines of a list that was read give the same list.
static void
s_list (text_t text)
{
    char fault[TOKEN_LIST_FAULT_SIZE] = "";
    token_list_t *list = token_list_read (text, 0, fault);
    g_assert ((list != NULL) == (fault[0] == '\0'));
    GString *lines = g_string_new (NULL);
    for (size_t index = 0; list && index < list->count; index++) {
        const token_line_t *line = &list->tokens[index].line;
        char *printed = token_line_print (line);
        g_assert (token_list_find (list, line->digest) == &list->tokens[index]);
        g_string_append (lines, printed);
        g_free (printed);
    }
    token_list_t *again = token_list_read (text_of (lines->str, lines->len), 0, fault);
    g_assert (!list || (again && again->count == list->count));
    g_assert (!list || !token_list_is_narrowed (list, again));
    g_string_free (lines, TRUE);
    token_list_unref (&list);
    token_list_unref (&again);
}

//  A token that was found is well-formed, and part of the text.
static void
s_check (credentials_t kind, text_t token, const char *text)
{
    if (kind != CREDENTIALS_BEARER && kind != CREDENTIALS_SESSION)
        return;
    g_assert (token_is_well_formed (token));
    g_assert (token.data >= text && token.data + token.size <= text + strlen (text));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    text_t token = {0};
    char *text = g_strndup ((const char *) data + 1, size - 1);
    if (data[0] % 3 == 0)
        s_list (text_of ((const char *) data + 1, size - 1));
    else if (data[0] % 3 == 1)
        s_check (credentials_of_field (&token, text), token, text);
    else
        s_check (credentials_of_cookies (&token, text), token, text);
    g_free (text);
    return 0;
}
