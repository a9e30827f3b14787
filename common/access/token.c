//  SPDX-License-Identifier: Apache-2.0
#include "common/access/token.h"

#include <errno.h>
#include <glib.h>
#include <sys/random.h>

#define PREFIX "dlk_"  //  so that scanners for leaked secrets know a token when they see one
#define RANDOM_BYTES 32
#define BASE64_DIGITS 43  //  of RANDOM_BYTES, without padding

_Static_assert(sizeof PREFIX - 1 + BASE64_DIGITS + 1 == TOKEN_SIZE, "a token fits exactly");

bool
token_is_well_formed (text_t token)
{
    size_t size = 0;
    while (size < token.size && (g_ascii_isalnum (token.data[size]) ||
                                    (token.data[size] && strchr ("-._~+/", token.data[size]))))
        size++;
    if (size == 0 || token.size > TOKEN_MAX_BYTES)
        return false;
    while (size < token.size && token.data[size] == '=')
        size++;
    return size == token.size;
}

void
token_digest (text_t token, uint8_t digest[TOKEN_DIGEST_SIZE])
{
    gsize size = TOKEN_DIGEST_SIZE;
    GChecksum *checksum = g_checksum_new (G_CHECKSUM_SHA256);
    g_checksum_update (checksum, (const guchar *) token.data, (gssize) token.size);
    g_checksum_get_digest (checksum, digest, &size);
    g_checksum_free (checksum);
}

bool
token_make (char token[TOKEN_SIZE])
{
    guchar bytes[RANDOM_BYTES];
    ssize_t size = getrandom (bytes, sizeof bytes, 0);
    if (size != RANDOM_BYTES) {
        errno = size < 0 ? errno : EIO;
        return false;
    }
    char *digits = g_base64_encode (bytes, sizeof bytes);
    g_strdelimit (digits, "+", '-');
    g_strdelimit (digits, "/", '_');
    digits[BASE64_DIGITS] = '\0';  //  the padding
    g_snprintf (token, TOKEN_SIZE, PREFIX "%s", digits);
    explicit_bzero (bytes, sizeof bytes);
    explicit_bzero (digits, BASE64_DIGITS);
    g_free (digits);
    return true;
}

static unsigned
s_scope (text_t name)
{
    static const struct {
        const char *name;
        token_scope_t scope;
    } scopes[] = {{"write", TOKEN_WRITE}, {"read", TOKEN_READ}, {"stats", TOKEN_STATS},
        {"admin", TOKEN_ADMIN}};
    for (size_t index = 0; index < G_N_ELEMENTS (scopes); index++)
        if (text_equal (name, text_from (scopes[index].name)))
            return scopes[index].scope;
    return 0;
}

const char *
token_scopes_read (unsigned *scopes, text_t names)
{
    unsigned all = 0;
    for (size_t start = 0; start <= names.size;) {
        const char *comma = memchr (names.data + start, ',', names.size - start);
        size_t end = comma ? (size_t) (comma - names.data) : names.size;
        unsigned scope = s_scope (text_of (names.data + start, end - start));
        if (!scope)
            return "scopes are write, read, stats and admin, with commas between";
        if (all & scope)
            return "a scope is given twice";
        all |= scope;
        start = end + 1;
    }
    *scopes = all;
    return NULL;
}

const char *
token_scopes_names (unsigned scopes)
{
    static const char *const names[] = {"", "write", "read", "write,read", "stats", "write,stats",
        "read,stats", "write,read,stats", "admin", "write,admin", "read,admin", "write,read,admin",
        "stats,admin", "write,stats,admin", "read,stats,admin", "write,read,stats,admin"};
    g_assert (scopes < G_N_ELEMENTS (names));
    return names[scopes];
}
