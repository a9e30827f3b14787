//  Make texts from untrusted clients safe for terminals, logs and people: escape the characters
//  that control a terminal, change the direction of writing, end a line or are invisible.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_VISIBLE_TEXT_H
#define DOWNLINK_VISIBLE_TEXT_H

#include <glib.h>
#include <stdbool.h>

//  Return true for characters that must be escaped: controls (U+0000 to U+001F, U+007F
//  to U+009F), formats (U+200B, U+202E, U+FEFF, ...), line and paragraph separators (U+2028,
//  U+2029).
bool character_is_hidden (gunichar character);

//  Add a text to a line. Hidden characters become \u and digits; bytes that are not UTF-8 become
//  U+FFFD.
void visible_text_add (GString *line, const char *text);

//  Add a text in double quotes, with JSON's escapes, to a line. Hidden characters become \u and
//  digits; bytes that are not UTF-8 become U+FFFD.
void visible_text_add_quoted (GString *line, const char *text);

#endif
