//  SPDX-License-Identifier: Apache-2.0
#include "common/access/token_line.h"

#include <glib.h>

#include "common/text/digits.h"
#include "common/text/timestamp.h"

#define FIELDS_MIN 3
#define FIELDS_MAX 4
#define DIGEST_DIGITS ((size_t) 2 * TOKEN_DIGEST_SIZE)

static bool
s_read_digest (uint8_t digest[TOKEN_DIGEST_SIZE], text_t digits)
{
    if (digits.size != DIGEST_DIGITS)
        return false;
    for (size_t index = 0; index < TOKEN_DIGEST_SIZE; index++) {
        int high = g_ascii_xdigit_value (digits.data[2 * index]);
        int low = g_ascii_xdigit_value (digits.data[2 * index + 1]);
        if (high < 0 || low < 0)
            return false;
        digest[index] = (uint8_t) (16 * high + low);
    }
    return true;
}

const char *
token_line_read (token_line_t *self, text_t line)
{
    text_t fields[FIELDS_MAX];
    size_t count = access_line_split (line, fields, FIELDS_MAX);
    if (count < FIELDS_MIN || count > FIELDS_MAX)
        return "a line has the fields NAME SCOPES SHA256-OF-THE-TOKEN, and perhaps EXPIRES";
    if (!access_name_is_good (fields[0]))
        return ACCESS_NAME_FAULT;
    *self = (token_line_t){.expires_us = TOKEN_NEVER_EXPIRES};
    memcpy (self->name, fields[0].data, fields[0].size);
    const char *fault = token_scopes_read (&self->scopes, fields[1]);
    if (fault)
        return fault;
    if (!s_read_digest (self->digest, fields[2]))
        return "the SHA-256 of a token has 64 hexadecimal digits";
    if (count == FIELDS_MAX && !timestamp_parse (fields[3], &self->expires_us))
        return "EXPIRES is a time as in 2027-01-31T00:00:00Z";
    return NULL;
}

char *
token_line_print (const token_line_t *self)
{
    char digits[2 * TOKEN_DIGEST_SIZE + 1];
    char expires[TIMESTAMP_SIZE] = "";
    digits_of_bytes (self->digest, TOKEN_DIGEST_SIZE, digits);
    if (self->expires_us != TOKEN_NEVER_EXPIRES)
        timestamp_print (self->expires_us, expires);
    return g_strdup_printf ("%s %s %s%s%s\n", self->name, token_scopes_names (self->scopes), digits,
        *expires ? " " : "", expires);
}
