//  SPDX-License-Identifier: Apache-2.0
#include "common/network/listen_address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

bool
listen_address_read (listen_address_t *self, const char *text)
{
    const char *colon = strrchr (text, ':');
    guint64 port = 0;
    bool in_brackets = colon && text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    size_t size = colon ? (size_t) (colon - text) - (in_brackets ? 2 : 0) : 0;
    if (size == 0 || size >= sizeof self->host ||
        !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
        return false;
    memcpy (self->host, text + (in_brackets ? 1 : 0), size);
    self->host[size] = 0;
    self->port = (uint16_t) port;
    return true;
}

bool
address_is_loopback (const char *text)
{
    struct in_addr ip4;
    struct in6_addr ip6;
    if (inet_pton (AF_INET, text, &ip4) == 1)
        return ntohl (ip4.s_addr) >> 24 == IN_LOOPBACKNET;
    return inet_pton (AF_INET6, text, &ip6) == 1 && IN6_IS_ADDR_LOOPBACK (&ip6);
}
