//  The fields of a head that this program reads, by number. When a head is read, each known name
//  becomes a number, so that later look-ups of a field compare no names. Pure functions.
//
//  To add a field, add a row. If its place is taken, the compiler warns of an initializer that
//  overrides another: choose other factors in HTTP_FIELD_PLACE.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_FIELDS_H
#define DOWNLINK_HTTP_FIELDS_H

#include "common/text/text.h"

//  ROW (NAME, first letter, last letter, name in lower case)
#define HTTP_FIELDS(ROW)                                                                           \
    ROW (ACCEPT_ENCODING, 'a', 'g', "accept-encoding")                                             \
    ROW (ACCESS_CONTROL_REQUEST_HEADERS, 'a', 's', "access-control-request-headers")               \
    ROW (AUTHORIZATION, 'a', 'n', "authorization")                                                 \
    ROW (CE_SPECVERSION, 'c', 'n', "ce-specversion")                                               \
    ROW (CONTENT_ENCODING, 'c', 'g', "content-encoding")                                           \
    ROW (CONTENT_LENGTH, 'c', 'h', "content-length")                                               \
    ROW (CONTENT_TYPE, 'c', 'e', "content-type")                                                   \
    ROW (COOKIE, 'c', 'e', "cookie")                                                               \
    ROW (HOST, 'h', 't', "host")                                                                   \
    ROW (IF_NONE_MATCH, 'i', 'h', "if-none-match")                                                 \
    ROW (LAST_EVENT_ID, 'l', 'd', "last-event-id")                                                 \
    ROW (ORIGIN, 'o', 'n', "origin")                                                               \
    ROW (PREFER, 'p', 'r', "prefer")                                                               \
    ROW (SEC_FETCH_SITE, 's', 'e', "sec-fetch-site")                                               \
    ROW (TRACEPARENT, 't', 't', "traceparent")                                                     \
    ROW (TRANSFER_ENCODING, 't', 'g', "transfer-encoding")                                         \
    ROW (WEBHOOK_REQUEST_ORIGIN, 'w', 'n', "webhook-request-origin")                               \
    ROW (X_FORWARDED_FOR, 'x', 'r', "x-forwarded-for")                                             \
    ROW (X_FORWARDED_PROTO, 'x', 'o', "x-forwarded-proto")                                         \
    ROW (X_REQUEST_ID, 'x', 'd', "x-request-id")

#define HTTP_FIELD_NUMBER(NAME, first, last, name) HTTP_FIELD_##NAME,
typedef enum {
    HTTP_FIELD_OTHER,  //  any other name
    HTTP_FIELDS (HTTP_FIELD_NUMBER) HTTP_FIELDS_COUNT
} http_field_t;
#undef HTTP_FIELD_NUMBER

//  The place of a field in the table of names. No two fields share a place, so one comparison is
//  enough.
#define HTTP_FIELD_PLACES 64
#define HTTP_FIELD_PLACE(first, last, size)                                                        \
    (((first) + 2 * (last) + 17 * (size)) % HTTP_FIELD_PLACES)

//  Return the number of a name, in any case of its letters.
http_field_t http_field_of (text_t name);

#endif
