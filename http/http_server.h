//  HTTP in, HTTP out: libmicrohttpd driven from the worker's loop, with the guards, limits and
//  deadlines that it lacks. A request is shown to one function when all of it is there; it is
//  answered in that call, or held and answered later. A large body of lines may be shown in pieces
//  before that. One thread owns a server and its requests.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_SERVER_H
#define DOWNLINK_HTTP_SERVER_H

#include <stdint.h>
#include <sys/types.h>

#include "common/text/text.h"

typedef struct http_server http_server_t;
typedef struct http_request http_request_t;

//  Told of every request once it is complete. Answer it, or hold it.
typedef void (http_handler_fn) (void *context, http_request_t *request);

//  Asked of a request whose head is there, and whose body is larger than HTTP_PIECE_BYTES: is that to
//  be shown in pieces?
typedef bool (http_takes_pieces_fn) (void *context, http_request_t *request);

//  Shown each piece but the last, which is the body of the complete request: whole lines, readable
//  HTTP_BODY_PADDING bytes beyond, good during the call. False if it cannot be taken now: then the
//  request must be held, and http_go_on shows the piece again. It may be held too when the piece was
//  taken: no more of the body is read until http_go_on.
typedef bool (http_piece_fn) (void *context, http_request_t *request, text_t lines);

#define HTTP_PIECE_BYTES ((size_t) 256 * 1024)
#define HTTP_LINE_MAX_BYTES 1048576  //  in a body that is shown in pieces

//  Told when a held request's time is over, or its client has gone away: answer it.
typedef void (http_expired_fn) (void *context, http_request_t *request);

//  Told of every answer as it is made: the request, its status, the name of the problem (NULL if it
//  is none), and how long ago the request was complete, in microseconds.
typedef void (http_answered_fn) (
    void *context, http_request_t *request, unsigned status, const char *problem, int64_t us);

typedef struct {
    const char *address;  //  IPv4 or IPv6, without brackets
    uint16_t port;
    uint64_t max_body_bytes;
    uint64_t idle_connections;  //  past so many, first answers close their connection
    unsigned max_connections;
    const char *cors;  //  Access-Control-Allow-Origin of every answer; NULL: none
    http_handler_fn *handler;
    http_takes_pieces_fn *takes_pieces;  //  NULL: every body is shown as a whole
    http_piece_fn *piece;
    http_answered_fn *answered;  //  NULL: nobody wants to know
    void *context;
} http_config_t;

//  Listen. NULL if that cannot be; the log says why.
http_server_t *http_server_new (const http_config_t *config);

//  Accept no further connections. Complete requests go on; one that is not complete within two seconds,
//  or of which nothing comes for a second, is answered with 503, and its connection closes.
void http_server_stop_listening (http_server_t *self);

//  Close everything. No request may be held any more.
void http_server_destroy (http_server_t **self_p);

//  Descriptor that becomes readable when there is work, and how long to wait for it at most.
int http_server_fd (const http_server_t *self);
int64_t http_server_timeout_ms (http_server_t *self);

//  Do what is due: accept, read, show requests, write, expire. Never waits.
void http_server_run (http_server_t *self);

//  End the time of every held request now, as before a stop.
void http_server_expire_all (http_server_t *self);

//  How many requests were begun and are not answered in full.
size_t http_server_unanswered (const http_server_t *self);

//  How many connections are open, how many of them have no request under way, and how many requests
//  were answered with 408 so far because they did not come in in time.
typedef struct {
    size_t open;
    size_t idle;
    uint64_t timeouts;
} http_usage_t;
http_usage_t http_server_usage (const http_server_t *self);

//  Parts of a request, borrowed until it is answered. A field that is not there gives NULL.
const char *http_request_method (const http_request_t *self);
const char *http_request_target (const http_request_t *self);  //  path and query as they came
const char *http_request_field (const http_request_t *self, const char *name);
text_t http_request_body (const http_request_t *self);  //  readable HTTP_BODY_PADDING bytes beyond

//  A field that holds a list, and so may come in several lines: all of it, to be freed with g_free.
//  NULL if it is not there.
char *http_request_list (const http_request_t *self, const char *name);

#define HTTP_BODY_PADDING 64

//  Return true if a large answer has room beside those that clients have not taken yet.
bool http_has_room (const http_request_t *self);

//  Keep a request for later, until clock_ms () reaches deadline_ms or the client goes away; then
//  expired is called. May be called again to change both. A handler must either answer or hold.
void http_hold (http_request_t *self, int64_t deadline_ms, http_expired_fn *expired, void *context);

//  Go on with the body of a request that was held while it came in. If the client is gone, so is the
//  request then.
void http_go_on (http_request_t *self);

//  The request's id, which the answer then carries in X-Request-Id: the client's, or one that is made
//  by the first who asks. An answer to a client that gave one carries it anyway.
const char *http_request_id (http_request_t *self);

//  Which of the caller's routes a request is for, as a number; 0 until it is set.
void http_request_set_route (http_request_t *self, unsigned route);
unsigned http_request_route (const http_request_t *self);

//  What the handlers remember with a held request; freed with free_state when it is answered.
void http_request_set_state (http_request_t *self, void *state, void (*free_state) (void *));
void *http_request_state (const http_request_t *self);

//  Free the state now.
void http_request_clear_state (http_request_t *self);

#define HTTP_FIELDS_MAX 8

typedef struct {
    unsigned status;
    const char *content_type;  //  NULL without a body
    text_t body;
    bool is_static;       //  the body stays as long as the program does: it is not copied
    const char *problem;  //  which one it is, a literal; NULL: none
    struct {
        const char *name;
        const char *value;
    } fields[HTTP_FIELDS_MAX];  //  ends at the first without a name
} http_response_t;

//  Answer a request, now or after it was held. Everything is copied, unless it is static. The request is
//  gone with it. A large answer that has no room beside those that clients do not take becomes a 503.
void http_answer (http_request_t *self, const http_response_t *response);

//  The next piece of an endless body: put at most size bytes into the buffer and return how many, 0 if
//  there is nothing now, or -1 at the end.
typedef ssize_t (http_read_fn) (void *context, char *buffer, size_t size);

//  Answer with a body that read makes piece by piece, as the client takes it; that of the response
//  does not count. The request stays, and counts as unanswered, until the body ends or the client is
//  gone: then the state's free_state is called.
void http_answer_stream (
    http_request_t *self, const http_response_t *response, http_read_fn *read, void *context);

//  Answer HEAD as http_answer_stream answers GET, at once and without a body, and close the connection.
//  libmicrohttpd 0.9.75 would send a last chunk. A handler calls this, and does not hold the request.
void http_answer_stream_head (http_request_t *self, const http_response_t *response);

//  There is something to read again.
void http_stream_wake (http_request_t *self);

//  Return true if the client of a request that is held, or of a stream, has closed its side.
bool http_client_is_gone (const http_request_t *self);

//  Close the connection of a client that does not read, even to the end.
void http_stream_abort (http_request_t *self);

#endif
