//  Answers that go straight to the socket, because libmicrohttpd cannot answer before a request is
//  complete, nor when its memory for the connection is full. Such an answer ends its connection.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_PARTING_H
#define DOWNLINK_HTTP_PARTING_H

#include "http/connection/http_wire.h"

//  The reasons for such an answer.
typedef enum {
    PARTING_TIMEOUT,  //  the request did not arrive in time
    PARTING_CUT_OFF,  //  the client closed its side in the middle of its request
    PARTING_HEAD_TOO_LARGE,
    PARTING_CHUNK_LINE,  //  a chunk-size line does not end
    PARTING_BODY_TOO_LARGE,
    PARTING_BUSY,      //  there is no memory for the rest of the body
    PARTING_STOPPING,  //  the server stops, and the request is not complete
    PARTING_MALFORMED,
    PARTING_TARGET_TOO_LONG,
    PARTING_VERSION,  //  neither HTTP/1.0 nor HTTP/1.1
    PARTING_PLAIN     //  HTTP without TLS on a port that speaks TLS
} http_parting_t;

//  Return the answer's status, the name of its problem, and its usual sentence.
unsigned http_parting_status (http_parting_t parting);
const char *http_parting_name (http_parting_t parting);
const char *http_parting_detail (http_parting_t parting);

//  Send the answer with this sentence, which needs no escapes in JSON, and close the sending side.
//  Never wait: bytes that the socket does not take are lost.
void http_parting_send (http_parting_t parting, const char *detail, const http_wire_t *wire);

#endif
