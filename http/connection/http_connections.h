//  The open connections. Each is in one phase, and every phase has a deadline, so that no client
//  keeps a connection for ever by sending or reading slowly. Near the limit of connections, a new
//  one closes those that have been in HANDSHAKE, FRESH, IDLE or HEAD for the longest time. At the
//  limit libmicrohttpd accepts none, so then http_connections_expire closes them.
//
//    phase     begins                            ends at the latest after
//    HANDSHAKE accepted, TLS not agreed yet      HANDSHAKE_MS, closed
//    FRESH     accepted, no request line yet     FRESH_MS, closed
//    IDLE      its answer was sent               idle_ms, closed
//    HEAD      the request line was read         head_ms, 408 and closed
//    BODY      the head was read                 body_ms for each BODY_STEP_BYTES, 408 and closed
//    HELD      the request is complete           never: the request has a deadline of its own
//    SENDING   the request was answered          take_ms, or SENDING_MS, closed
//    STREAM    the client took bytes of a stream STREAM_MS, closed: the client does not read
//    PARTED    the last answer was sent          PARTED_MS; libmicrohttpd closes it earlier
//
//  A server that stops (http_connections_stop) waits less: an incomplete request ends with 503 when
//  no byte of it has arrived for STOP_QUIET_MS, and STOP_UNFINISHED_MS after the stop in any case.
//  A connection in SENDING ends when its client has taken nothing for STOP_UNTAKEN_MS.
//
//  libmicrohttpd overlooks some ends of connections, and stops reading when its buffer is full. So
//  http_connections_look checks connections in HEAD and BODY repeatedly, and connections in IDLE
//  once.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_CONNECTIONS_H
#define DOWNLINK_HTTP_CONNECTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/network/client_address.h"
#include "http/connection/http_parting.h"
#include "http/rules/http_times.h"

typedef enum {
    CONNECTION_HANDSHAKE,
    CONNECTION_FRESH,
    CONNECTION_IDLE,
    CONNECTION_HEAD,
    CONNECTION_BODY,
    CONNECTION_HELD,
    CONNECTION_SENDING,
    CONNECTION_STREAM,
    CONNECTION_PARTED,
    CONNECTION_PHASES
} connection_phase_t;

typedef struct {
    http_wire_t wire;
    client_address_t peer;  //  of the other end: the client, or a proxy before it
    connection_phase_t phase;
    int64_t entered_ms;   //  when the phase began
    uint64_t requests;    //  begun on the connection so far
    int64_t moved_ms;     //  when body bytes last came in, or the client took bytes of the answer
    uint64_t taken;       //  bytes the client has acknowledged at the last look; only when stopping
    uint64_t body_bytes;  //  of the current request in this phase
    uint64_t bytes_read;  //  from the client at the last look; 0: no look yet, or no bytes
    bool is_looked_at;    //  in this phase
    bool is_seen;         //  its first byte has been checked
    bool is_spared;       //  in this phase: bytes had come when it was to be closed near the limit
    bool is_ended;        //  the last look found that the client has closed its side
    bool is_lingering;    //  it gets its last answer while the client may still send
    void *request;        //  http_request_t: the current one; NULL: none
    GList link;           //  in the list of its phase
} http_connection_t;

//  Answer a connection that is about to end without a complete request.
typedef void (http_part_fn) (void *context, http_connection_t *connection, http_parting_t parting);

//  One list for each phase. All connections of a phase wait equally long, so the first is due
//  first.
typedef struct {
    int64_t now_ms;  //  the time, which the server sets before each run
    GQueue phases[CONNECTION_PHASES];
    int64_t stop_ms;                       //  when the stop began; 0: it has not
    uint64_t timeouts;                     //  number of answers with 408
    size_t limit;                          //  most connections that may be open
    int64_t limits_ms[CONNECTION_PHASES];  //  longest times in each phase
    uint64_t hellos;                       //  number of clients that wanted to speak TLS
    int64_t hello_logged_ms;
    unsigned looks;  //  number of calls of http_connections_look
    http_part_fn *part;
    void *context;
} http_connections_t;

//  Begin without connections. limit is the most that may be open; times are copied.
void http_connections_init (http_connections_t *self, size_t limit, const http_times_t *times,
    http_part_fn *part, void *context);

//  Add an accepted connection, in FRESH, and return it, borrowed until http_connections_remove.
//  Near the limit, close others.
http_connection_t *http_connections_add (http_connections_t *self, int fd);

//  Free a connection that is closed.
void http_connections_remove (http_connections_t *self, http_connection_t *connection);

//  Close connections whose client begins with TLS on a plain port, before libmicrohttpd reads from
//  them.
void http_connections_greet (http_connections_t *self);

//  Change the phase of a connection. Only this function does. A connection never leaves PARTED.
void http_connections_enter (
    http_connections_t *self, http_connection_t *connection, connection_phase_t phase);

//  Begin to stop: from now on incomplete requests, and clients that do not read, get little time.
void http_connections_stop (http_connections_t *self);

//  Return true if a request is coming in.
bool http_connection_is_asking (const http_connection_t *self);

//  Count received bytes of a body; each BODY_STEP_BYTES of them extend the deadline.
void http_connections_progress (
    http_connections_t *self, http_connection_t *connection, size_t bytes);

//  Return the number of open connections.
size_t http_connections_open (const http_connections_t *self);

//  Return the number of connections without a request.
size_t http_connections_idle (const http_connections_t *self);

//  Find connections whose end or standstill libmicrohttpd overlooks, and end them.
void http_connections_look (http_connections_t *self);

//  Close connections whose time is over, and others at the limit. Return when the next one is due, on clock_ms; INT64_MAX:
//  never.
int64_t http_connections_expire (http_connections_t *self);

#endif
