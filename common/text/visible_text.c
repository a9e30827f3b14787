//  SPDX-License-Identifier: Apache-2.0
#include "common/text/visible_text.h"

bool
character_is_hidden (gunichar character)
{
    switch (g_unichar_type (character)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return true;
    default:
        return false;
    }
}

//  As in JSON, a character above U+FFFF takes two escapes.
static void
s_add_escape (GString *line, gunichar character)
{
    if (character <= 0xffff)
        g_string_append_printf (line, "\\u%04x", character);
    else
        g_string_append_printf (line, "\\u%04x\\u%04x", 0xd800 + ((character - 0x10000) >> 10),
            0xdc00 + ((character - 0x10000) & 0x3ff));
}

void
visible_text_add (GString *line, const char *text)
{
    char *valid = g_utf8_make_valid (text, -1);
    for (const char *at = valid; *at; at = g_utf8_next_char (at)) {
        gunichar character = g_utf8_get_char (at);
        if (character_is_hidden (character))
            s_add_escape (line, character);
        else
            g_string_append_unichar (line, character);
    }
    g_free (valid);
}

void
visible_text_add_quoted (GString *line, const char *text)
{
    char *valid = g_utf8_make_valid (text, -1);
    g_string_append_c (line, '"');
    for (const char *at = valid; *at; at = g_utf8_next_char (at)) {
        gunichar character = g_utf8_get_char (at);
        if (character == '"' || character == '\\')
            g_string_append_printf (line, "\\%c", (char) character);
        else if (character == '\n')
            g_string_append (line, "\\n");
        else if (character_is_hidden (character))
            s_add_escape (line, character);
        else
            g_string_append_unichar (line, character);
    }
    g_string_append_c (line, '"');
    g_free (valid);
}
