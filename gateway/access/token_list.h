//  The tokens of one version of a token file. A list never changes: a changed file makes a new
//  list. Workers share a list by counting references, so the list lives as long as any worker needs
//  it. Any thread may call these functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TOKEN_LIST_H
#define DOWNLINK_TOKEN_LIST_H

#include <stdatomic.h>

#include "common/access/token_line.h"

#define TOKEN_LIST_MAX 256         //  tokens in a file: a request is compared with each
#define TOKEN_LIST_FAULT_SIZE 160  //  of a sentence about a fault

typedef struct {
    token_line_t line;
    bool is_expired;
} token_t;

typedef struct {
    atomic_uint references;
    size_t count;
    token_t tokens[];
} token_list_t;

//  Read a text of lines (common/access/token_line.h). now_us is the time since 1970. Return NULL
//  for a text with a fault, and write a sentence that names its line.
token_list_t *token_list_read (text_t text, int64_t now_us, char fault[TOKEN_LIST_FAULT_SIZE]);

token_list_t *token_list_ref (token_list_t *self);
void token_list_unref (token_list_t **self_p);

//  Return true if a token that is not marked as expired has expired by now.
bool token_list_is_outdated (const token_list_t *self, int64_t now_us);

//  Return a copy in which the tokens that have expired are marked.
token_list_t *token_list_update (const token_list_t *self, int64_t now_us);

//  Return the token with this digest; NULL: there is none. The search takes the same time for every
//  digest.
const token_t *token_list_find (const token_list_t *self, const uint8_t digest[TOKEN_DIGEST_SIZE]);

//  Return true if a token of this list may do less in the list `by`, which replaces it.
bool token_list_is_narrowed (const token_list_t *self, const token_list_t *by);

#endif
