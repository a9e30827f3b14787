//  The command "token": make a token and append its line to a token file.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TOKEN_COMMAND_H
#define DOWNLINK_TOKEN_COMMAND_H

#include "common/access/token_line.h"

//  Make a token, set the digest of line, append the line to the file, and print the token on
//  standard output. Create the file with mode 0600 if it does not exist. Change no other line, and
//  refuse a name that the file has already. Return false on failure; then standard error says why,
//  and the file is unchanged.
bool token_command_run (const char *path, token_line_t *line) __attribute__ ((warn_unused_result));

#endif
