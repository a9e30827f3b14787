//  A request as its handler sees it: read it, keep it for later, answer it.
//
//  A handler answers a request in its call, or holds it and answers it later. The answer ends the
//  request; a stream lives until its body ends. Call these functions on the thread that owns the
//  server.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_REQUEST_H
#define DOWNLINK_HTTP_REQUEST_H

#include "http/http_config.h"
#include "http/http_response.h"
#include "http/rules/http_fields.h"

//  Return a part of a request, borrowed until the answer. Return NULL for a missing field, and the
//  first line of a field with several. http_request_other_field is for a name without a number
//  (http_fields.h). A body has HTTP_BODY_PADDING readable bytes behind it.
const char *http_request_method (const http_request_t *self);
const char *http_request_target (const http_request_t *self);  //  path and query, undecoded
const char *http_request_field (const http_request_t *self, http_field_t field);
const char *http_request_other_field (const http_request_t *self, const char *name);
text_t http_request_body (const http_request_t *self);

//  Return all lines of a field that holds a list, joined with commas; free it with g_free. Return
//  NULL if the field is missing.
char *http_request_list (const http_request_t *self, http_field_t field);

//  Return the address of the other end of the connection: the client, or a proxy before it.
//  Borrowed. The client must still be connected.
const client_address_t *http_request_peer (const http_request_t *self);

//  Return true if the connection is under TLS. The client must still be connected.
bool http_request_is_tls (const http_request_t *self);

//  Return a number that stands for the client, by its address; 0: the address is this machine or a
//  proxy, and may be many clients. The client must still be connected.
uint64_t http_request_client (const http_request_t *self);

//  Return the number of lines of the head with this field.
size_t http_request_count (const http_request_t *self, http_field_t field);

//  Return the id of a request, which its answer carries in X-Request-Id: the id that the client
//  gave, or one that the first call makes.
const char *http_request_id (http_request_t *self);

//  Set and return the number of the caller's route that a request takes; 0 until it is set.
void http_request_set_route (http_request_t *self, unsigned route);
unsigned http_request_route (const http_request_t *self);

//  Return true if the admit function of the configuration has admitted this request.
bool http_request_is_admitted (const http_request_t *self);

//  Give a request a state, which must have none. The server frees it when the request is gone, or
//  its body is refused.
void http_request_set_state (http_request_t *self, const http_state_kind_t *kind, void *state);

//  Return the state if it is of this kind, else NULL.
void *http_request_state (const http_request_t *self, const http_state_kind_t *kind);

//  Return the state in the same way, and hand it to the caller: afterwards the request has no
//  state.
void *http_request_steal_state (http_request_t *self, const http_state_kind_t *kind);

//  Return memory of a request for the caller's notes until the answer, undefined at first. One
//  caller uses it at a time, for at most HTTP_ROOM_BYTES.
void *http_request_room (http_request_t *self, size_t size);

//  Hold a request until clock_ms () reaches deadline_ms or its client goes away; the server then
//  calls expired. A further call changes the deadline and the function.
void http_hold (http_request_t *self, int64_t deadline_ms, http_expired_fn *expired, void *context);

//  Go on reading the body of a request that was held meanwhile. If its client is gone, free the
//  request.
void http_go_on (http_request_t *self);

//  Return true if a large answer has room beside those that clients have not taken yet.
bool http_has_room (const http_request_t *self);

//  Answer a request; the response is copied, except for a static body. A large answer without room
//  becomes a 503.
void http_answer (http_request_t *self, const http_response_t *response);

//  Answer with a body that `read` writes piece by piece, as the client takes it; ignore the body of
//  the response. The request lives, and counts as unanswered, until the body ends or the client is
//  gone: then the server frees its state.
void http_answer_stream (
    http_request_t *self, const http_response_t *response, http_read_fn *read, void *context);

//  Answer HEAD as http_answer_stream answers GET, at once and without a body, and close the
//  connection: libmicrohttpd 0.9.75 would send a last chunk. Call this in the handler only.
void http_answer_stream_head (http_request_t *self, const http_response_t *response);

//  Call the read function of a stream again.
void http_stream_wake (http_request_t *self);

//  Close the connection of a stream, unread bytes included.
void http_stream_abort (http_request_t *self);

//  Return true if the client of a held request or of a stream has closed its side.
bool http_client_is_gone (const http_request_t *self);

#endif
