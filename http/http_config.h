//  The settings of a server, and the functions that it calls. All of them run on the thread that
//  owns the server.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_CONFIG_H
#define DOWNLINK_HTTP_CONFIG_H

#include <stdint.h>
#include <sys/types.h>

#include "common/text/text.h"
#include "http/connection/http_crowds.h"
#include "http/rules/http_times.h"
#include "http/tls/tls_keeper.h"

#define HTTP_PIECE_BYTES                                                                           \
    ((size_t) 256 * 1024)            //  smallest piece of a body; a smaller body is whole
#define HTTP_PIECE_LINES 4096        //  a piece with this many lines may be smaller
#define HTTP_LINE_MAX_BYTES 1048576  //  longest line of a body that is shown in pieces
#define HTTP_ROOM_BYTES 128          //  of a request, for its handler
#define HTTP_BODY_PADDING 64         //  readable bytes behind a body or a piece

typedef struct http_server http_server_t;
typedef struct http_request http_request_t;

//  Handle a complete request: answer it or hold it.
typedef void (http_handler_fn) (void *context, http_request_t *request);

//  Return the address of the client of a request, which a proxy may stand before.
typedef client_address_t (http_caller_fn) (void *context, const http_request_t *request);

//  Judge a request with a body when its head has arrived. Return true to go on with it. Otherwise
//  answer it: then the server does not read the body. The server does not call this for a request
//  without a body.
typedef bool (http_admit_fn) (void *context, http_request_t *request);

//  Return true to take the body of this request in pieces. The server calls this when the head has
//  arrived and the body turns out to be larger than HTTP_PIECE_BYTES.
typedef bool (http_takes_pieces_fn) (void *context, http_request_t *request);

//  Take a piece: whole lines, valid during the call. The last piece is the body of the complete
//  request, and goes to the handler. Return false to see this piece again after http_go_on; then
//  the request must be held. Holding is also allowed when the piece was taken: the server reads no
//  more of the body until http_go_on.
typedef bool (http_piece_fn) (void *context, http_request_t *request, text_t lines);

//  Answer a held request, because its deadline has passed or its client is gone. A request that was
//  held while its body arrives may go on instead (http_go_on).
typedef void (http_expired_fn) (void *context, http_request_t *request);

//  Count an answer. problem is the name of the problem that it reports, or NULL; us is the time
//  since the request was complete, in microseconds.
typedef void (http_answered_fn) (
    void *context, http_request_t *request, unsigned status, const char *problem, int64_t us);

//  Write the next bytes of an endless body, at most size. Return their number, 0 if there are none
//  now, or -1 at the end.
typedef ssize_t (http_read_fn) (void *context, char *buffer, size_t size);

//  A kind of state that a handler keeps with a request. Each module that keeps state defines one
//  constant of this type, so that no module can read the state of another.
typedef struct {
    const char *name;
    void (*free) (void *state);
} http_state_kind_t;

typedef struct {
    const char *address;  //  IPv4 or IPv6, without brackets
    uint16_t port;
    uint64_t max_body_bytes;     //  of one body
    const char *body_too_large;  //  the sentence that refuses a larger one; plain, without quotes
    uint64_t idle_connections;   //  if more are idle, the first answer on a connection closes it
    unsigned max_connections;
    http_crowds_t *crowds;  //  bounds the connections of each client; borrowed; NULL: no bound
    http_times_t times;
    tls_keeper_t *tls;  //  borrowed; NULL: the port speaks plain HTTP
    const char *cors;   //  Access-Control-Allow-Origin of every answer; NULL: none
    http_handler_fn *handler;
    http_caller_fn *caller;              //  NULL: the other end of the connection is the client
    http_admit_fn *admit;                //  NULL: every request is admitted
    http_takes_pieces_fn *takes_pieces;  //  NULL: every body is shown as a whole
    http_piece_fn *piece;                //  NULL if takes_pieces is
    http_answered_fn *answered;          //  NULL: answers are not counted
    void *context;                       //  the first argument of each function
} http_config_t;

#endif
