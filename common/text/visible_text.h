//  Texts of others, made so that a terminal, a log and a person see what is there: characters that
//  steer a terminal, change the direction, end a line or are not to be seen are escaped.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_VISIBLE_TEXT_H
#define DOWNLINK_VISIBLE_TEXT_H

#include <glib.h>
#include <stdbool.h>

//  Return true for characters that are not to be shown as they are: controls (U+0000 to U+001F, U+007F
//  to U+009F), formats (U+200B, U+202E, U+FEFF, ...), line and paragraph separators (U+2028, U+2029).
bool character_is_hidden (gunichar character);

//  Add a text in double quotes, escaped as JSON has it, hidden characters as \u and digits; bytes that
//  are not UTF-8 become U+FFFD.
void visible_text_add_quoted (GString *line, const char *text);

#endif
