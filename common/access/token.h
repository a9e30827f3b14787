//  Tokens: secrets that clients send, as in "Authorization: Bearer TOKEN". A server keeps only
//  their digests, so a stolen token file is of no use.
//
//  A digest without salt or repetition is enough, because a token that token_make makes has 256
//  random bits, so no attacker can guess one.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TOKEN_H
#define DOWNLINK_TOKEN_H

#include <stdint.h>

#include "common/text/text.h"

#define TOKEN_MAX_BYTES 256  //  longest token that a client may send
#define TOKEN_DIGEST_SIZE 32
#define TOKEN_SIZE 48  //  of a token that token_make makes, with its terminator

//  The scopes of a token: the things that its holder may do; bits.
typedef enum {
    TOKEN_WRITE = 1,  //  POST messages
    TOKEN_READ = 2,   //  rockets, events, the page
    TOKEN_STATS = 4,  //  counters
    TOKEN_ADMIN = 8,  //  remove rockets
} token_scope_t;

//  Return true if a token has only characters that RFC 6750 allows, and at most TOKEN_MAX_BYTES of
//  them.
bool token_is_well_formed (text_t token);

//  Compute the SHA-256 of a token.
void token_digest (text_t token, uint8_t digest[TOKEN_DIGEST_SIZE]);

//  Make a new token from the system's random bytes. Return false with errno set if there are none.
bool token_make (char token[TOKEN_SIZE]) __attribute__ ((warn_unused_result));

//  Read scopes: names with commas between, as in "write,read". Return NULL, or a sentence that
//  names the fault. An unknown name, one given twice, and no name at all are faults.
const char *token_scopes_read (unsigned *scopes, text_t names);

//  Return the names of scopes, in the form that token_scopes_read takes.
const char *token_scopes_names (unsigned scopes);

#endif
