//  The form of a line in the lists of tokens and of keys: fields with blanks or tabs between, of
//  which the first is a name. A line that is empty, or begins with #, is skipped. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ACCESS_LINE_H
#define DOWNLINK_ACCESS_LINE_H

#include <stdbool.h>

#include "common/text/text.h"

#define ACCESS_NAME_MAX 64  //  bytes of a name

//  The refusal of a name.
#define ACCESS_NAME_FAULT "a name has 1 to 64 letters, digits, dots, dashes and underscores"

//  Return true for a line to skip.
bool access_line_is_blank (text_t line);

//  Split a line into fields, which point into it. Return their number; max + 1 for more than max.
size_t access_line_split (text_t line, text_t *fields, size_t max);

//  Return true for a good name.
bool access_name_is_good (text_t name);

#endif
