//  SPDX-License-Identifier: Apache-2.0
#include "gateway/access/access.h"

#include <glib.h>

#include "common/text/text_hash.h"
#include "gateway/access/credentials.h"
#include "http/answers.h"

void
access_init (access_t *self, token_keeper_t *keeper)
{
    *self = (access_t){.keeper = keeper};
    if (!keeper)
        return;
    self->list = token_keeper_list (keeper, &self->version);
    self->known = g_new0 (access_known_t, ACCESS_KNOWN);
}

static void
s_forget (access_t *self)
{
    explicit_bzero (self->known, ACCESS_KNOWN * sizeof *self->known);
}

void
access_clear (access_t *self)
{
    if (!self->keeper)
        return;
    s_forget (self);
    g_free (self->known);
    token_list_unref (&self->list);
}

bool
access_refresh (access_t *self)
{
    if (!self->keeper || token_keeper_version (self->keeper) == self->version)
        return false;
    token_list_t *before = self->list;
    self->list = token_keeper_list (self->keeper, &self->version);
    s_forget (self);
    bool is_narrowed = token_list_is_narrowed (before, self->list);
    token_list_unref (&before);
    return is_narrowed;
}

//  Compare without leaving early, so that the time tells nothing about the bytes.
static bool
s_is_equal (const char *a, const char *b, size_t size)
{
    unsigned difference = 0;
    for (size_t index = 0; index < size; index++)
        difference |= (unsigned char) a[index] ^ (unsigned char) b[index];
    return difference == 0;
}

//  Return the entry of a token in the list; NULL: there is none. Remember only tokens of the list,
//  so that bad tokens cannot push out good ones.
static const token_t *
s_find (const access_t *self, text_t token)
{
    access_known_t *known = &self->known[text_hash (token) % ACCESS_KNOWN];
    if (known->entry && known->size == token.size &&
        s_is_equal (known->token, token.data, token.size))
        return known->entry;
    uint8_t digest[TOKEN_DIGEST_SIZE];
    token_digest (token, digest);
    const token_t *entry = token_list_find (self->list, digest);
    if (entry) {
        *known = (access_known_t){.entry = entry, .size = token.size};
        memcpy (known->token, token.data, token.size);
    }
    return entry;
}

static access_verdict_t
s_judge_token (const access_t *self, text_t token, unsigned scope)
{
    const token_t *found = s_find (self, token);
    if (!found)
        return ACCESS_UNKNOWN;
    if (found->is_expired)
        return ACCESS_EXPIRED;
    return (found->line.scopes & scope) == scope ? ACCESS_ALLOWED : ACCESS_NO_SCOPE;
}

static access_verdict_t
s_judge_field (const access_t *self, const char *authorization, unsigned scope)
{
    text_t token = {0};
    if (credentials_of_field (&token, authorization) != CREDENTIALS_BEARER)
        return ACCESS_MALFORMED;
    return s_judge_token (self, token, scope);
}

static access_verdict_t
s_judge_cookies (const access_t *self, const char *cookies, unsigned scope)
{
    text_t token = {0};
    if (credentials_of_cookies (&token, cookies) != CREDENTIALS_SESSION)
        return ACCESS_NO_TOKEN;
    access_verdict_t verdict = s_judge_token (self, token, scope);
    return verdict == ACCESS_ALLOWED && (scope & (TOKEN_WRITE | TOKEN_ADMIN)) ? ACCESS_NO_SCOPE
                                                                              : verdict;
}

access_verdict_t
access_judge (const access_t *self, const http_request_t *request, unsigned scope)
{
    if (!self->keeper || scope == 0)
        return ACCESS_ALLOWED;
    size_t count = http_request_count (request, HTTP_FIELD_AUTHORIZATION);
    if (count > 1)
        return ACCESS_MALFORMED;
    if (count == 1)
        return s_judge_field (self, http_request_field (request, HTTP_FIELD_AUTHORIZATION), scope);
    char *cookies = http_request_list (request, HTTP_FIELD_COOKIE);
    access_verdict_t verdict = s_judge_cookies (self, cookies, scope);
    g_free (cookies);
    return verdict;
}

//  Find the token of a request among its fields. Return false if there is none. The token may point
//  into *cookies, which the caller frees afterwards.
static bool
s_read_token (const http_request_t *request, text_t *token, char **cookies)
{
    const char *authorization = http_request_field (request, HTTP_FIELD_AUTHORIZATION);
    if (authorization)
        return http_request_count (request, HTTP_FIELD_AUTHORIZATION) == 1 &&
               credentials_of_field (token, authorization) == CREDENTIALS_BEARER;
    *cookies = http_request_list (request, HTTP_FIELD_COOKIE);
    return credentials_of_cookies (token, *cookies) == CREDENTIALS_SESSION;
}

const token_t *
access_token (const access_t *self, const http_request_t *request)
{
    text_t token = {0};
    char *cookies = NULL;
    const token_t *found = NULL;
    if (self->keeper && s_read_token (request, &token, &cookies))
        found = s_find (self, token);
    g_free (cookies);
    return found && !found->is_expired ? found : NULL;
}

static void
s_refuse_scope (http_request_t *request, unsigned scope)
{
    const char *name = token_scopes_names (scope);
    char *challenge =
        g_strdup_printf (ACCESS_CHALLENGE ", error=\"insufficient_scope\", scope=\"%s\"", name);
    char *detail = g_strdup_printf ("this token does not have the scope %s", name);
    answer_problem_with (request,
        &(problem_t){
            .status = 403, .name = "scope-missing", .detail = detail, .challenge = challenge});
    g_free (challenge);
    g_free (detail);
}

void
access_refuse (http_request_t *request, access_verdict_t verdict, unsigned scope)
{
    problem_t problem = {.status = 401, .challenge = ACCESS_CHALLENGE ", error=\"invalid_token\""};
    switch (verdict) {
    case ACCESS_NO_SCOPE:
        s_refuse_scope (request, scope);
        return;
    case ACCESS_MALFORMED:
        problem.name = "token-malformed";
        problem.detail = "Authorization must be given once, as Bearer and a token";
        break;
    case ACCESS_UNKNOWN:
        problem.name = "token-unknown";
        problem.detail = "this gateway does not know the token";
        break;
    case ACCESS_EXPIRED:
        problem.name = "token-expired";
        problem.detail = "the time of this token is over";
        break;
    case ACCESS_ALLOWED:
    case ACCESS_NO_TOKEN:
        problem.name = "token-missing";
        problem.detail = "this needs a token, in the field Authorization: Bearer TOKEN";
        problem.challenge = ACCESS_CHALLENGE;
        break;
    }
    answer_problem_with (request, &problem);
}
