//  SPDX-License-Identifier: Apache-2.0
#include "common/network/networks.h"

#include <glib.h>
#include <string.h>

#define BITS 128
#define BITS_IN_FRONT_OF_IP4 96

static bool
s_has (const network_t *self, const client_address_t *address)
{
    unsigned whole = self->bits / 8;
    unsigned rest = self->bits % 8;
    unsigned difference =
        rest ? (self->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) : 0;
    return difference == 0 && memcmp (self->address.bytes, address->bytes, whole) == 0;
}

//  Return true if no bit behind the prefix is set.
static bool
s_is_clean (const network_t *self)
{
    for (unsigned bit = self->bits; bit < BITS; bit++)
        if (self->address.bytes[bit / 8] & (0x80u >> bit % 8))
            return false;
    return true;
}

//  Read the number of bits of a prefix; NULL: all.
static bool
s_read_bits (network_t *self, const char *text)
{
    unsigned in_front = client_address_is_ip4 (&self->address) ? BITS_IN_FRONT_OF_IP4 : 0;
    guint64 bits = BITS - in_front;
    if (text && !g_ascii_string_to_unsigned (text, 10, 0, BITS - in_front, &bits, NULL))
        return false;
    self->bits = in_front + (unsigned) bits;
    return s_is_clean (self);
}

static bool
s_read_one (network_t *self, char *text)
{
    char *slash = strchr (text, '/');
    if (slash)
        *slash = '\0';
    //  A colon and a port are no part of a network.
    bool has_port = strchr (text, '.') && strchr (text, ':') && !strstr (text, "::");
    return !has_port && *text != '[' && client_address_read (&self->address, text_from (text)) &&
           s_read_bits (self, slash ? slash + 1 : NULL);
}

bool
networks_read (networks_t *self, const char *text)
{
    *self = (networks_t){0};
    if (!text)
        return true;
    char **parts = g_strsplit (text, ",", -1);
    bool good = g_strv_length (parts) <= NETWORKS_MAX;
    for (char **part = parts; *part && good; part++)
        good = s_read_one (&self->networks[self->count++], g_strstrip (*part));
    g_strfreev (parts);
    return good && self->count > 0;
}

bool
networks_have (const networks_t *self, const client_address_t *address)
{
    for (size_t index = 0; index < self->count; index++)
        if (s_has (&self->networks[index], address))
            return true;
    return false;
}
