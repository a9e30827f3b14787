//  Which connections a server takes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_ACCEPT_H
#define DOWNLINK_HTTP_ACCEPT_H

#include "http/http_parts.h"

//  Refuse the connection of a client that has too many already: the library closes it at once. The
//  context is the server.
enum MHD_Result http_accept (void *context, const struct sockaddr *place, socklen_t size);

#endif
