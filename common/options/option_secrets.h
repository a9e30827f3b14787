//  Secrets among the arguments of a process: other users of the machine can see those.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OPTION_SECRETS_H
#define DOWNLINK_OPTION_SECRETS_H

#include <glib.h>

#include "common/options/option_table.h"

//  Overwrite the secrets that other users see in the arguments: passwords of addresses, and values of
//  OPTION_SECRET. argv then has copies that still hold them. They were there for a moment, so
//  variables are better.
void option_secrets_hide (const options_t *options, int argc, char **argv);

//  Add a text. Replace the password of an address with ***.
void option_secrets_add_without (GString *line, const char *text);

#endif
