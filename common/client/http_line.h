//  A connection of a client to a server, plain or under TLS, over a non-blocking socket. Under TLS
//  the line checks the server's certificate: its authority, its time, and that it names the host. A
//  thread owns a line; any number of threads may share the trust.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_LINE_H
#define DOWNLINK_HTTP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

//  The authorities that clients believe.
typedef struct http_trust http_trust_t;

//  Trust the authorities in a file (PEM); NULL: those of the system. Return NULL on failure, and a
//  sentence in *fault.
http_trust_t *http_trust_new (const char *file, const char **fault);

void http_trust_destroy (http_trust_t **self_p);

typedef struct http_line http_line_t;

//  Make a line of a connecting or connected socket. Take the socket. trust is borrowed; NULL:
//  without TLS. host is the name that the certificate must have.
http_line_t *http_line_new (int fd, const http_trust_t *trust, const char *host);

//  Close the line.
void http_line_destroy (http_line_t **self_p);

//  Return the socket, to wait for.
int http_line_fd (const http_line_t *self);

//  Return true if a line that took no bytes must read first, because of its handshake: wait for
//  input instead of output.
bool http_line_wants_input (const http_line_t *self);

//  Send bytes. Return how many were taken, or -1 with errno set; EAGAIN: none now.
ssize_t http_line_send (http_line_t *self, const void *bytes, size_t size);

//  Receive bytes. Return their number, 0 at the end, or -1 with errno set; EAGAIN: there are none
//  now, or the handshake is not over (http_line_send continues it).
ssize_t http_line_receive (http_line_t *self, void *bytes, size_t size);

//  Return a sentence about the certificate of the server if the line failed because of it, else
//  NULL.
const char *http_line_fault (const http_line_t *self);

#endif
