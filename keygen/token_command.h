//  The command "token": make a token and append its line to a token file.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TOKEN_COMMAND_H
#define DOWNLINK_TOKEN_COMMAND_H

#include "common/access/token_line.h"

//  Make a token, append its line to the file, and print the token on standard output. The file is
//  made with mode 0600 if it is not there. Nothing in it changes: a name that it has is refused.
//  The digest of line is set. Return false on failure; then standard error says why, and the file is
//  as it was.
bool token_command_run (const char *path, token_line_t *line) __attribute__ ((warn_unused_result));

#endif
