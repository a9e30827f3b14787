//  The value of an option, read from the text of a flag or of the environment. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OPTION_VALUE_H
#define DOWNLINK_OPTION_VALUE_H

#include "common/options/option_table.h"

//  Set the value of an option from a text. Return false and change nothing if the option does not
//  take this text. OPTION_TEXT and OPTION_WORD borrow the text.
bool option_set (const option_t *option, const char *text) __attribute__ ((warn_unused_result));

//  Return the rule for the value, as a phrase that follows "must be". The caller frees it with
//  g_free.
char *option_expectation (const option_t *option);

#endif
