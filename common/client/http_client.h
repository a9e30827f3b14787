//  A small HTTP/1.1 client over non-blocking sockets, plain or under TLS: one request on a
//  connection at a time.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_CLIENT_H
#define DOWNLINK_HTTP_CLIENT_H

#include <glib.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "common/client/http_line.h"

//  The parts of a URL.
typedef struct {
    char *url;        //  all of it, for people
    char *authority;  //  for Host
    char *fields;     //  further lines of every request, each with its line end; or ""
    char *path;
    char *host;
    uint16_t port;
    bool is_secure;       //  https
    http_trust_t *trust;  //  NULL: without TLS
    struct sockaddr_storage address;
    socklen_t address_size;
} http_place_t;

//  Parse http://host[:port]/path, the same with https, or HOST:PORT with or without a path
//  (host_port.h). The default path is /messages. Return NULL, or a sentence about the fault. In
//  both cases the caller frees the place with http_place_free.
const char *http_place_read (http_place_t *self, const char *url);

//  Look up the host, and wait until clock_ms () reaches until_ms; INT64_MAX: without limit. Return
//  NULL, or the reason of the failure.
const char *http_place_resolve (http_place_t *self, int64_t until_ms);

//  Trust the authorities in a file for https; NULL: those of the system. Return NULL, or a sentence
//  about the fault.
const char *http_place_set_trust (http_place_t *self, const char *file);

//  Send this token with every request.
void http_place_set_token (http_place_t *self, const char *token);

void http_place_free (http_place_t *self);

//  Begin to connect to a place that is resolved. Return the line, or NULL with errno set. For a loopback target, turn selects
//  the local address, since one address has ports for about 28,000 connections.
http_line_t *http_connect (const http_place_t *place, unsigned turn);

typedef enum { HTTP_MORE, HTTP_ANSWERED, HTTP_FAILED } http_step_t;

//  An answer that is arriving. Begin with zeroed memory and a buffer.
typedef struct {
    GByteArray *buffer;
    unsigned status;
    bool is_closing;  //  the server will close the connection
    size_t body_start;
    size_t body_size;
} http_answer_t;

//  Read the available bytes. Return HTTP_ANSWERED when the answer is complete.
http_step_t http_answer_read (http_answer_t *self, http_line_t *line);

//  Send GET for a target on a connection, which may still be connecting, and wait for the answer
//  until clock_ms () reaches until_ms. The buffer, which the caller has made, gets the whole answer
//  and a zero byte. Return true if the answer is complete.
bool http_get (http_line_t *line, const http_place_t *place, const char *target, int64_t until_ms,
    http_answer_t *answer);

#endif
