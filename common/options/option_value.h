//  The value of an option, read from the text of a flag or of the environment. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OPTION_VALUE_H
#define DOWNLINK_OPTION_VALUE_H

#include "common/options/option_table.h"

//  Set the value of an option. Return false and change nothing if the text is none for it. A text or
//  a word is borrowed.
bool option_set (const option_t *option, const char *text) __attribute__ ((warn_unused_result));

//  Return the rule of the value, as a phrase behind "must be". The caller frees it with g_free.
char *option_expectation (const option_t *option);

#endif
