//  Keep the tokens of a gateway's token file: read the file at the start, and again when it has
//  changed. A changed file with a fault changes nothing, and the log names the fault, so an
//  operator's mistake locks no client out.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TOKEN_KEEPER_H
#define DOWNLINK_TOKEN_KEEPER_H

#include "gateway/access/token_list.h"

typedef struct token_keeper token_keeper_t;

//  Read the file. Return NULL if that fails; the log says why.
token_keeper_t *token_keeper_new (const char *path);

void token_keeper_destroy (token_keeper_t **self_p);

//  Read the file again if it has changed, or if is_asked (a SIGHUP came), and mark the tokens that
//  have expired. One thread calls this about once a second.
void token_keeper_look (token_keeper_t *self, bool is_asked);

//  Return a number that rises with each new list. Any thread.
unsigned token_keeper_version (const token_keeper_t *self);

//  Return the newest list, with a reference for the caller, and its version. Any thread.
token_list_t *token_keeper_list (token_keeper_t *self, unsigned *version);

#endif
