//  The refusals that libmicrohttpd makes by itself, said in our words: it sends HTML, and 0.9.75 sends
//  some of it twice. It tells of each in its log before it sends it, but not on which connection. So find
//  the connection, answer past the library, and close the sending side: what the library then sends goes
//  nowhere, and it closes the connection. For http_server.c only.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_ERRORS_H
#define DOWNLINK_HTTP_ERRORS_H

#include <stdarg.h>

#include "http/http_parts.h"

//  Return the status that a line of libmicrohttpd's log says it refuses a request with; 0: none.
unsigned http_errors_status (const char *format, va_list values);

//  Return the connection that the library is about to refuse with the status, and set *parting to why;
//  NULL if it is not certain which one that is, so that the library's answer must do.
http_connection_t *http_errors_find (
    const http_server_t *server, unsigned status, http_parting_t *parting);

#endif
