//  An HTTP server: libmicrohttpd, with the guards, limits and deadlines that it lacks. The caller's
//  loop drives it: wait for http_server_fd, at most http_server_timeout_ms, then call
//  http_server_run, which calls the functions of the configuration. One thread owns a server and
//  its requests.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_SERVER_H
#define DOWNLINK_HTTP_SERVER_H

#include "http/http_request.h"
#include "http/tls/tls_wire.h"

//  Listen. Return NULL if that fails; the log says why.
http_server_t *http_server_new (const http_config_t *config);

//  Accept no further connections. Complete requests get their answers. http_server_run now answers
//  503 to a request that is not complete within two seconds, or of which no byte arrives for a
//  second, and closes its connection.
void http_server_stop_listening (http_server_t *self);

//  Close everything. No request may be held any more.
void http_server_destroy (http_server_t **self_p);

//  Return the descriptor that becomes readable when there is work.
int http_server_fd (const http_server_t *self);

//  Return the longest time to wait for it.
int64_t http_server_timeout_ms (http_server_t *self);

//  Do all work that is due: accept, read, pass requests to the handler, write, expire. Never wait.
void http_server_run (http_server_t *self);

//  Expire held requests now, as before a stop, until none is held.
void http_server_expire_all (http_server_t *self);

//  Return the number of requests that were begun and are not answered in full.
size_t http_server_unanswered (const http_server_t *self);

typedef struct {
    size_t open;          //  connections
    size_t idle;          //  connections without a request
    uint64_t timeouts;    //  requests that got 408: they did not arrive in time
    uint64_t crowded;     //  connections that were closed because their client has too many
    size_t tls_open;      //  connections under TLS
    uint64_t tls_agreed;  //  handshakes
    uint64_t tls_failed[TLS_FAULTS];
    uint64_t tls_hellos;  //  on a plain port: clients that began with TLS
} http_usage_t;
http_usage_t http_server_usage (const http_server_t *self);

#endif
