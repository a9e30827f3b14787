//  Hide secrets among the arguments of a process, which other users of the machine can see.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OPTION_SECRETS_H
#define DOWNLINK_OPTION_SECRETS_H

#include <glib.h>

#include "common/options/option_table.h"

//  Overwrite the secrets that other users see in the arguments: passwords of addresses, and values
//  of OPTION_SECRET. Let argv point to copies that still hold them. Until then other users can see
//  the secrets, so environment variables are better.
void option_secrets_hide (const options_t *options, int argc, char **argv);

//  Add a text to a line. Replace the password of an address with ***.
void option_secrets_add_without (GString *line, const char *text);

#endif
