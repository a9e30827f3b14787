//  The token of a request: in its Authorization field, or in the cookie that the page has. Pure
//  functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CREDENTIALS_H
#define DOWNLINK_CREDENTIALS_H

#include "common/text/text.h"

#define CREDENTIALS_COOKIE "downlink_token"

typedef enum {
    CREDENTIALS_NONE,       //  the request carries no token
    CREDENTIALS_MALFORMED,  //  Authorization has another form than "Bearer TOKEN"
    CREDENTIALS_BEARER,     //  Authorization has a token
    CREDENTIALS_SESSION,    //  the cookie has one
} credentials_t;

//  Read the token of an Authorization field. It is borrowed.
credentials_t credentials_of_field (text_t *token, const char *authorization);

//  Find the token among cookies, which are all lines of that field, joined with commas; NULL: there
//  are none. It is borrowed.
credentials_t credentials_of_cookies (text_t *token, const char *cookies);

#endif
