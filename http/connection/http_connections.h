//  Every open connection is in one phase, and every phase ends by a deadline: nobody holds a
//  connection for ever, however slowly it sends or reads. When there are nearly as many connections as
//  may be, the one that has been FRESH or IDLE for the longest is closed for each that comes in.
//
//    phase     begins                                ends at the latest after
//    FRESH     accepted, no request line yet         FRESH_MS, closed
//    IDLE      an answer was sent, none asked since  IDLE_MS, closed
//    HEAD      the request line was read             HEAD_MS, or HEAD_CROWDED_MS when there are nearly as
//                                                    many connections as may be, 408 and closed
//    BODY      the head was read                     BODY_MS for each BODY_STEP_BYTES, 408 and closed
//    HELD      the request is complete               never: the request has a deadline of its own
//    SENDING   it was answered                       SENDING_MS, closed
//    STREAM    more of an endless answer was asked   STREAM_MS, closed: it does not read
//    PARTED    it had its last answer                PARTED_MS: libmicrohttpd closes it before
//
//  A server that stops (http_connections_stop) waits less: a request that is not complete ends with 503
//  when nothing more of it has come for STOP_QUIET_MS, and STOP_UNFINISHED_MS after the stop in any case.
//  A connection in SENDING ends when its client has taken nothing for STOP_UNTAKEN_MS.
//
//  libmicrohttpd overlooks some ends of connections, and stops reading when its buffer is full; so
//  connections in HEAD and BODY are looked at as long as they are there, and those in IDLE once.
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_CONNECTIONS_H
#define DOWNLINK_HTTP_CONNECTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/connection/http_parting.h"

typedef enum {
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
    int fd;
    connection_phase_t phase;
    int64_t entered_ms;  //  when it came into the phase
    uint64_t requests;   //  begun on it so far
    int64_t
        moved_ms;    //  when a part of the body last came in, or the client took some of the answer
    uint64_t taken;  //  bytes the client has acknowledged at the last look; only when stopping
    uint64_t body_bytes;  //  of the current request since it came into BODY
    uint64_t bytes_read;  //  from it when it was looked at; 0: it was not, or nothing had come
    bool is_looked_at;    //  since it came into the phase
    bool is_ended;        //  that look found the end of what the client sends
    bool is_lingering;    //  its last answer goes out while the client may still send
    void *request;        //  the current one, for the server; NULL: none
    GList link;           //  its place in the phase's list
} http_connection_t;

//  Told that a connection is about to end without a whole request: send the answer.
typedef void (http_part_fn) (void *context, http_connection_t *connection, http_parting_t parting);

//  A list a phase; as all of a phase wait equally long, the first of a list is always due first.
typedef struct {
    int64_t now_ms;  //  the time; whoever owns it sets it before each run
    GQueue phases[CONNECTION_PHASES];
    int64_t stop_ms;    //  when the stop began; 0: it has not
    uint64_t timeouts;  //  how often 408 was said
    size_t limit;       //  so many may be open
    unsigned looks;     //  how often connections were looked at
    http_part_fn *part;
    void *context;
} http_connections_t;

//  Make it empty. limit: how many connections may be open; past nearly so many, idle ones are closed.
void http_connections_init (
    http_connections_t *self, size_t limit, http_part_fn *part, void *context);

//  A connection was accepted; the object is the caller's until http_connections_remove. Closes an idle
//  one if nearly as many are open as may be.
http_connection_t *http_connections_add (http_connections_t *self, int fd);

//  It is closed: free it.
void http_connections_remove (http_connections_t *self, http_connection_t *connection);

//  Change the phase of a connection, which happens nowhere else. A connection never leaves PARTED.
void http_connections_enter (
    http_connections_t *self, http_connection_t *connection, connection_phase_t phase);

//  Begin to stop: from now on unfinished requests and answers that nobody takes have little time.
void http_connections_stop (http_connections_t *self);

//  Return true if its request is on the way in.
bool http_connection_is_asking (const http_connection_t *self);

//  Bytes of a body came in: enough of them earn more time.
void http_connections_progress (
    http_connections_t *self, http_connection_t *connection, size_t bytes);

//  How many are open.
size_t http_connections_open (const http_connections_t *self);

//  How many are open with no request under way.
size_t http_connections_idle (const http_connections_t *self);

//  Look at connections for what libmicrohttpd overlooks, and end those that need it.
void http_connections_look (http_connections_t *self);

//  Close those whose time is over. Returns when the next one is due, on clock_ms; INT64_MAX: never.
int64_t http_connections_expire (http_connections_t *self);

#endif
