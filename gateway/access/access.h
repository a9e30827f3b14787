//  Judge requests by their tokens. Each worker owns an access_t; all workers share the keeper of
//  the token file.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ACCESS_H
#define DOWNLINK_ACCESS_H

#include "gateway/access/token_keeper.h"
#include "http/http_request.h"

#define ACCESS_CHALLENGE "Bearer realm=\"downlink\""  //  the WWW-Authenticate of a refusal

#define ACCESS_KNOWN 64  //  a power of two

//  A token that an earlier request has shown to be good, so that its next request costs no SHA-256.
typedef struct {
    const token_t *entry;  //  of the list; NULL: none
    size_t size;
    char token[TOKEN_MAX_BYTES];
} access_known_t;

typedef struct {
    token_keeper_t *keeper;  //  NULL: every request is allowed
    token_list_t *list;
    unsigned version;       //  of the list
    access_known_t *known;  //  ACCESS_KNOWN places; a token's hash chooses its place
} access_t;

typedef enum {
    ACCESS_ALLOWED,
    ACCESS_NO_TOKEN,   //  the request has none
    ACCESS_MALFORMED,  //  its Authorization is not a token
    ACCESS_UNKNOWN,    //  the token is not in the file
    ACCESS_EXPIRED,    //  the token has expired
    ACCESS_NO_SCOPE,   //  the token lacks the scope of this request
} access_verdict_t;

//  Begin. The keeper is borrowed; NULL: there is no token file.
void access_init (access_t *self, token_keeper_t *keeper);
void access_clear (access_t *self);

//  Take over a new list, if there is one. Return true if a token may do less than before.
bool access_refresh (access_t *self);

//  Judge a request that needs one of these scopes (token_scope_t); 0: it needs no token. A cookie
//  allows reading only, so that no page can write with it.
access_verdict_t access_judge (const access_t *self, const http_request_t *request, unsigned scope);

//  Return the token of a request, borrowed until the next access_refresh. Return NULL if the
//  request has none, or one that is unknown or has expired.
const token_t *access_token (const access_t *self, const http_request_t *request);

//  Answer a request with the refusal of a verdict other than ACCESS_ALLOWED: 401 or 403.
void access_refuse (http_request_t *request, access_verdict_t verdict, unsigned scope);

#endif
