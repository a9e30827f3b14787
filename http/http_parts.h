//  The insides of a server and of a request, for the files of this folder only.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_PARTS_H
#define DOWNLINK_HTTP_PARTS_H

#include <microhttpd.h>
#include <stddef.h>

#include "common/memory/spares.h"
#include "http/connection/http_connections.h"
#include "http/connection/http_lingering.h"
#include "http/connection/http_unread.h"
#include "http/http_body.h"
#include "http/http_config.h"
#include "http/rules/http_date.h"
#include "http/rules/http_fields.h"
#include "http/rules/http_guard.h"
#include "http/rules/http_phase.h"
#include "http/rules/http_request_id.h"
#include "http/tls/tls_gate.h"

//  An answer that libmicrohttpd sends. Requests with the same answer share it. References are
//  counted.
typedef struct {
    struct MHD_Response *response;
    unsigned status;
    const char *content_type;
    size_t size;
    char body[64];  //  a copy of a body that is no longer
} answer_t;

void answer_unref (answer_t **self_p);

//  The connections that were refused because their clients have too many.
typedef struct {
    uint64_t count;
    uint64_t logged;  //  of those, the ones that earlier log lines have counted
    int64_t last_ms;  //  when the last line was logged
} crowded_t;

//  The outcomes of the connections under TLS.
typedef struct {
    uint64_t agreed;  //  handshakes
    uint64_t failed[TLS_FAULTS];
    size_t open;        //  connections
    int64_t logged_ms;  //  the last failure
    uint64_t left_out;  //  failures since then, which were not logged
} http_tls_counts_t;

#define REQUEST_TARGET_BYTES 256

struct http_server {
    http_config_t config;
    struct MHD_Daemon *daemon;
    http_connections_t connections;
    http_lingering_t lingering;
    tls_gate_t *gate;  //  NULL without TLS
    http_tls_counts_t tls_counts;
    spares_t requests;  //  http_request_t, for later ones
    GQueue held;  //  of http_request_t *: all requests that handlers hold, in no order of time
    http_bodies_t bodies;
    http_unread_t unread;
    http_date_t date;
    answer_t *last;  //  the last answer of this second that the next request may share; or NULL
    size_t unanswered;
    unsigned encoders;  //  number of answers that are encoded while they are sent
    crowded_t crowded;
    size_t watched;  //  number of requests with is_watched
    bool is_due;     //  there is work that no descriptor reports
    bool is_listening;
    int64_t expire_at_ms;  //  when to look for expired connections and requests again
};

struct http_request {
    http_server_t *server;
    http_connection_t *connection;  //  NULL in phase GONE
    struct MHD_Connection *mhd;     //  NULL in phase GONE
    const char *method;
    http_phase_t phase;  //  changed by http_request_enter only
    http_guard_t guard;
    unsigned fields;                        //  lines of the head
    uint16_t counts[HTTP_FIELDS_COUNT];     //  of them, those of each field
    const char *values[HTTP_FIELDS_COUNT];  //  of the first one; NULL: none
    char *id;                               //  NULL: the client gave none, and none was made yet
    request_id_source_t id_source;
    unsigned route;
    bool is_admitted;  //  the admit function has said so

    http_body_t body;
    body_result_t body_result;  //  why the body is refused; BODY_TAKEN: it is not
    size_t piece_size;          //  bytes of the body that are whole lines
    size_t piece_lines;         //  their number
    uint64_t received;          //  bytes of a body that is shown in pieces
    uint64_t passed_over;       //  bytes of a refused body

    int64_t shown_us;          //  when the request was complete; 0: it is not
    int64_t deadline_ms;       //  of a held request
    http_expired_fn *expired;  //  of a held request
    void *expired_context;
    GList held_link;    //  in server->held
    bool is_watched;    //  held, and its connection keeps running, so that each run looks at it
    bool is_suspended;  //  libmicrohttpd ignores the connection until http_request_resume
    const http_state_kind_t *state_kind;
    void *state;

    answer_t *answer;    //  NULL: there is none yet, or libmicrohttpd owns it
    unread_t *unread;    //  NULL: the answer is not large
    http_read_fn *read;  //  of a stream
    void *read_context;
    char *target;
    size_t target_size;

    //  Not cleared at the begin of a request.
    char short_target[REQUEST_TARGET_BYTES];              //  where target is, if it fits
    _Alignas(max_align_t) uint8_t room[HTTP_ROOM_BYTES];  //  see http_request_room
};

//  Make a request with this target, which becomes unanswered. It has no connection yet.
http_request_t *http_request_new (http_server_t *server, text_t target);

//  Change the phase of a request, and keep the list of held requests.
void http_request_enter (http_request_t *self, http_phase_t phase);

//  Make libmicrohttpd ignore the connection of a request.
void http_request_suspend (http_request_t *self);

//  End the suspension of a request, if it is suspended.
void http_request_resume (http_request_t *self);

//  Go on reading the body of a request after a pause.
void http_request_read_on (http_request_t *self);

//  Stop looking at a held request in each run.
void http_request_stop_watching (http_request_t *self);

//  Free the state that a handler keeps with a request, if there is one.
void http_request_clear_state (http_request_t *self);

void http_request_free (http_request_t *self);

#endif
