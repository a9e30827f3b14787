//  Accept or refuse new connections.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_ACCEPT_H
#define DOWNLINK_HTTP_ACCEPT_H

#include "http/http_parts.h"

//  Return MHD_NO for a client that has too many connections already: libmicrohttpd then closes the
//  new one at once. The context is the server.
enum MHD_Result http_accept (void *context, const struct sockaddr *place, socklen_t size);

#endif
