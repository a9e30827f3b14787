//  SPDX-License-Identifier: Apache-2.0
#include "gateway/access/credentials.h"

#include "common/access/token.h"

static const char s_scheme[] = "Bearer ";
static const char s_cookie[] = CREDENTIALS_COOKIE "=";

//  The cookies look like "a=1; downlink_token=2". The first one of this name counts.
credentials_t
credentials_of_cookies (text_t *token, const char *cookies)
{
    for (const char *rest = cookies; rest;) {
        const char *end = strchrnul (rest, ';');
        text_t pair = text_strip (text_of (rest, (size_t) (end - rest)));
        if (pair.size > sizeof s_cookie - 1 &&
            memcmp (pair.data, s_cookie, sizeof s_cookie - 1) == 0) {
            *token = text_of (pair.data + sizeof s_cookie - 1, pair.size - (sizeof s_cookie - 1));
            return token_is_well_formed (*token) ? CREDENTIALS_SESSION : CREDENTIALS_NONE;
        }
        rest = *end ? end + 1 : NULL;
    }
    return CREDENTIALS_NONE;
}

credentials_t
credentials_of_field (text_t *token, const char *authorization)
{
    text_t value = text_strip (text_of (authorization, strlen (authorization)));
    if (!text_begins_with_word (value, s_scheme))
        return CREDENTIALS_MALFORMED;
    *token =
        text_strip (text_of (value.data + sizeof s_scheme - 1, value.size - (sizeof s_scheme - 1)));
    return token_is_well_formed (*token) ? CREDENTIALS_BEARER : CREDENTIALS_MALFORMED;
}
