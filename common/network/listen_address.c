//  SPDX-License-Identifier: Apache-2.0
#include "common/network/listen_address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#include "common/network/host_port.h"

#define LOOPBACK "127.0.0.1"

//  Copy a host that is numeric or localhost. Refuse other names, because a name may have many
//  addresses, and a socket cannot listen on all of them.
static bool
s_copy_host (char to[LISTEN_HOST_SIZE], const char *host)
{
    bool is_localhost = g_ascii_strcasecmp (host, "localhost") == 0;
    return g_strlcpy (to, is_localhost ? LOOPBACK : host, LISTEN_HOST_SIZE) < LISTEN_HOST_SIZE;
}

bool
listen_address_read (listen_address_t *self, const char *text, uint16_t usual_port)
{
    const host_port_t usual = {LOOPBACK, usual_port};
    host_port_t place;
    bool good = host_port_read (&place, text, &usual) && s_copy_host (self->host, place.host);
    self->port = good ? place.port : 0;
    return good;
}

bool
listen_host_read (char host[LISTEN_HOST_SIZE], const char *text)
{
    char found[HOST_SIZE];
    return host_read (found, text) && s_copy_host (host, found);
}

bool
address_is_loopback (const char *text)
{
    struct in_addr ip4;
    struct in6_addr ip6;
    if (strcmp (text, "127.0.0.1") == 0)  //  the usual one: the gateway asks for each request
        return true;
    if (inet_pton (AF_INET, text, &ip4) == 1)
        return ntohl (ip4.s_addr) >> 24 == IN_LOOPBACKNET;
    return inet_pton (AF_INET6, text, &ip6) == 1 && IN6_IS_ADDR_LOOPBACK (&ip6);
}
