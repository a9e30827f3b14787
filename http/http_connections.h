//  Every open connection is in one phase, and every phase ends by a deadline: nobody holds a
//  connection for ever, however slowly it sends or reads.
//
//    phase     begins                                ends at the latest after
//    FRESH     accepted, no request line yet         FRESH_MS, closed
//    IDLE      an answer was sent, none asked since  IDLE_MS, closed
//    HEAD      the request line was read             HEAD_MS, 408 and closed
//    BODY      the head was read                     BODY_MS for each BODY_STEP_BYTES, 408 and closed
//    HELD      the request is complete               never: the request has a deadline of its own
//    SENDING   it was answered                       SENDING_MS, closed
//    STREAM    more of an endless answer was asked   STREAM_MS, closed: it does not read
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_CONNECTIONS_H
#define DOWNLINK_HTTP_CONNECTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    CONNECTION_FRESH,
    CONNECTION_IDLE,
    CONNECTION_HEAD,
    CONNECTION_BODY,
    CONNECTION_HELD,
    CONNECTION_SENDING,
    CONNECTION_STREAM,
    CONNECTION_PHASES
} connection_phase_t;

typedef struct {
    int fd;
    connection_phase_t phase;
    int64_t entered_ms;   //  when it came into the phase
    uint64_t requests;    //  begun on it so far
    uint64_t body_bytes;  //  of the current request since it came into BODY
    GList link;           //  its place in the phase's list
} http_connection_t;

//  A list a phase; as all of a phase wait equally long, the first of a list is always due first.
typedef struct {
    int64_t now_ms;  //  the time; whoever owns it sets it before each run
    GQueue phases[CONNECTION_PHASES];
    uint64_t timeouts;  //  how often 408 was said
} http_connections_t;

void http_connections_init (http_connections_t *self);

//  A connection was accepted; the object is the caller's until http_connections_remove.
http_connection_t *http_connections_add (http_connections_t *self, int fd);

//  It is closed: free it.
void http_connections_remove (http_connections_t *self, http_connection_t *connection);

//  The only place where a connection changes its phase.
void http_connections_enter (
    http_connections_t *self, http_connection_t *connection, connection_phase_t phase);

//  Its answer is endless: the kernel keeps little that is not read, so that what is read is fresh,
//  and notices when the client is gone without a word.
void http_connections_stream (http_connections_t *self, http_connection_t *connection);

//  Bytes of a body came in: enough of them earn more time.
void http_connections_progress (
    http_connections_t *self, http_connection_t *connection, size_t bytes);

//  How many are open.
size_t http_connections_open (const http_connections_t *self);

//  How many are open with no request under way.
size_t http_connections_idle (const http_connections_t *self);

//  Close those whose time is over. Returns when the next one is due, on clock_ms; INT64_MAX: never.
int64_t http_connections_expire (http_connections_t *self);

#endif
