//  SPDX-License-Identifier: Apache-2.0
#include "common/network/client_address.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <xxhash.h>

#define MAPPED_BYTES 12  //  in front of an IPv4 address
#define CLIENT_BYTES 8   //  of an IPv6 address

static const uint8_t s_mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};

static void
s_map (client_address_t *self, const struct in_addr *address)
{
    memcpy (self->bytes, s_mapped, MAPPED_BYTES);
    memcpy (self->bytes + MAPPED_BYTES, address, sizeof *address);
}

bool
client_address_of (client_address_t *self, const struct sockaddr *place)
{
    if (place->sa_family == AF_INET) {
        struct sockaddr_in ip4;
        memcpy (&ip4, place, sizeof ip4);
        s_map (self, &ip4.sin_addr);
        return true;
    }
    if (place->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 ip6;
    memcpy (&ip6, place, sizeof ip6);
    memcpy (self->bytes, &ip6.sin6_addr, sizeof self->bytes);
    return true;
}

bool
client_address_of_socket (client_address_t *self, int fd)
{
    struct sockaddr_storage place = {0};
    socklen_t size = sizeof place;
    return getpeername (fd, (struct sockaddr *) &place, &size) == 0 &&
           client_address_of (self, (const struct sockaddr *) &place);
}

//  Cut brackets and a port off. Return false if there are brackets without an end.
static bool
s_strip (text_t *text)
{
    const char *colon = memchr (text->data, ':', text->size);
    if (text->size > 0 && text->data[0] == '[') {
        const char *end = memchr (text->data, ']', text->size);
        size_t behind = end ? text->size - (size_t) (end + 1 - text->data) : 0;
        if (!end || (behind > 0 && end[1] != ':'))
            return false;
        *text = text_of (text->data + 1, (size_t) (end - text->data) - 1);
        return memchr (text->data, ':', text->size) != NULL;
    }
    //  Two colons are those of IPv6; one is in front of a port.
    if (colon && !memchr (colon + 1, ':', text->size - (size_t) (colon + 1 - text->data)))
        text->size = (size_t) (colon - text->data);
    return true;
}

bool
client_address_read (client_address_t *self, text_t text)
{
    char copy[CLIENT_ADDRESS_TEXT_SIZE];
    struct in_addr ip4;
    if (!s_strip (&text) || text.size >= sizeof copy || memchr (text.data, 0, text.size))
        return false;
    memcpy (copy, text.data, text.size);
    copy[text.size] = '\0';
    if (inet_pton (AF_INET, copy, &ip4) == 1) {
        s_map (self, &ip4);
        return true;
    }
    struct in6_addr ip6;
    if (inet_pton (AF_INET6, copy, &ip6) != 1)
        return false;
    memcpy (self->bytes, &ip6, sizeof self->bytes);
    return true;
}

bool
client_address_is_ip4 (const client_address_t *self)
{
    return memcmp (self->bytes, s_mapped, MAPPED_BYTES) == 0;
}

bool
client_address_is_loopback (const client_address_t *self)
{
    static const uint8_t loopback[16] = {[15] = 1};
    return client_address_is_ip4 (self) ? self->bytes[MAPPED_BYTES] == IN_LOOPBACKNET
                                        : memcmp (self->bytes, loopback, sizeof loopback) == 0;
}

uint64_t
client_address_hash (const client_address_t *self, uint64_t seed)
{
    size_t size = client_address_is_ip4 (self) ? sizeof self->bytes : CLIENT_BYTES;
    return XXH3_64bits_withSeed (self->bytes, size, seed);
}

void
client_address_print (const client_address_t *self, char text[CLIENT_ADDRESS_TEXT_SIZE])
{
    bool is_ip4 = client_address_is_ip4 (self);
    const uint8_t *bytes = is_ip4 ? self->bytes + MAPPED_BYTES : self->bytes;
    (void) inet_ntop (is_ip4 ? AF_INET : AF_INET6, bytes, text, CLIENT_ADDRESS_TEXT_SIZE);
}
