//  A line of a token file: the name of a token, its scopes, its digest, and optionally the time
//  when it expires.
//
//    NAME SCOPES SHA256-OF-THE-TOKEN [EXPIRES]
//    robot write 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
//    guest read,stats 486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7 2027-01-31T00:00:00Z
//
//  The form is that of access_line.h. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TOKEN_LINE_H
#define DOWNLINK_TOKEN_LINE_H

#include "common/access/access_line.h"
#include "common/access/token.h"

#define TOKEN_FILE_MAX_BYTES 65536  //  largest token file
#define TOKEN_NEVER_EXPIRES INT64_MAX

typedef struct {
    char name[ACCESS_NAME_MAX + 1];  //  letters, digits, dots, dashes and underscores
    unsigned scopes;                 //  of token_scope_t
    uint8_t digest[TOKEN_DIGEST_SIZE];
    int64_t expires_us;  //  since 1970; TOKEN_NEVER_EXPIRES: never
} token_line_t;

//  Read a line without its line feed. Return NULL, or a sentence that names the fault. The sentence
//  never shows the line, which may hold a token in place of its digest by mistake.
const char *token_line_read (token_line_t *self, text_t line);

//  Return the line of a token with its line feed; free it with g_free.
char *token_line_print (const token_line_t *self);

#endif
