//  Replace libmicrohttpd's own refusals, which are HTML, and which 0.9.75 sends twice in some
//  cases. The library logs a refusal before it sends it, without naming the connection. So the
//  server finds the connection, sends its own answer straight to the socket, and closes the sending
//  side. The library's bytes then go nowhere, and it closes the connection. For http_server.c only.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_ERRORS_H
#define DOWNLINK_HTTP_ERRORS_H

#include <stdarg.h>

#include "http/http_parts.h"

//  Return the status of the refusal that a line of libmicrohttpd's log reports; 0: it reports none.
unsigned http_errors_status (const char *format, va_list values);

//  Return the connection that the library is about to refuse with this status, and set *parting to
//  the answer. Return NULL if several connections are possible; then the library's refusal stands.
http_connection_t *http_errors_find (
    const http_server_t *server, unsigned status, http_parting_t *parting);

#endif
