//  What the files of the HTTP server share: what a server and a request are made of. It is for
//  this folder only.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_PARTS_H
#define DOWNLINK_HTTP_PARTS_H

#include <microhttpd.h>

#include "http/connection/http_connections.h"
#include "http/connection/http_guard.h"
#include "http/connection/http_lingering.h"
#include "http/connection/http_unread.h"
#include "http/http_body.h"
#include "http/http_date.h"
#include "http/http_request_id.h"
#include "http/http_server.h"

//  What libmicrohttpd is given to send; shared by those who get the same.
typedef struct {
    struct MHD_Response *response;
    unsigned status;
    const char *content_type;
    size_t size;
    char body[64];  //  if it is no longer than that
} answer_t;

void answer_unref (answer_t **self_p);

struct http_server {
    http_config_t config;
    struct MHD_Daemon *daemon;
    http_connections_t connections;
    http_lingering_t lingering;
    GQueue held;  //  of http_request_t *, in no order of time
    http_bodies_t bodies;
    http_unread_t unread;
    http_date_t date;
    answer_t *last;  //  of this second, with nothing of its own: the next may be the same; or NULL
    size_t unanswered;
    size_t watched;  //  held requests whose connections are not suspended
    bool is_due;     //  there is work that no descriptor tells of
    bool is_listening;
    int64_t expire_at_ms;
};

struct http_request {
    http_server_t *server;
    http_connection_t *connection;
    struct MHD_Connection *mhd;  //  NULL: the client went away while the request was held
    const char *method;
    http_body_t body;
    bool is_head_seen;
    bool is_shown;  //  the handler was called
    bool is_watched;
    bool is_suspended;
    body_result_t
        body_result;  //  not BODY_TAKEN: the body is refused, and the rest of it is passed over
    bool is_pieces_asked;
    bool is_in_pieces;      //  the body is shown in pieces, see http_pieces.h
    bool is_line_too_long;  //  of those
    size_t piece_size;      //  so many bytes of the body are whole lines
    uint64_t received;      //  of the body, if it is shown in pieces
    uint64_t passed_over;   //  of a body that was refused
    http_guard_t guard;
    unsigned fields;  //  of the head
    char *id;         //  NULL: none was given, and nobody has asked for it
    request_id_source_t id_source;
    answer_t *answer;  //  NULL: not answered yet, or sent
    unread_t *unread;  //  NULL: the answer is not large
    unsigned route;
    int64_t shown_us;  //  when it was complete; 0: it is not
    int64_t deadline_ms;
    http_expired_fn *expired;
    void *expired_context;
    http_read_fn *read;  //  NULL: the body is whole
    void *read_context;
    bool is_aborted;  //  nothing more is read
    GList held_link;
    void *state;
    void (*free_state) (void *);
    char target[];
};

//  Resume its connection, if that is suspended.
void http_request_resume (http_request_t *self);

//  It is not held any more.
void http_request_release (http_request_t *self);

void http_request_free (http_request_t *self);

#endif
