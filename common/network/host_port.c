//  SPDX-License-Identifier: Apache-2.0
#include "common/network/host_port.h"

#include <glib.h>
#include <string.h>

#define IN_NAMES "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_"
#define IN_BRACKETS IN_NAMES ":%"
#define DIGITS "0123456789"

const host_port_t host_port_gateway = {"localhost", 8088};
const host_port_t host_port_processor = {"localhost", 5561};

//  Copy a host of which every character is allowed.
static bool
s_copy (char host[HOST_SIZE], const char *text, size_t size, const char *allowed)
{
    if (size == 0 || size >= HOST_SIZE)
        return false;
    memcpy (host, text, size);
    host[size] = '\0';
    return strspn (host, allowed) == size;
}

//  Copy an IPv6 address, which has two colons at least.
static bool
s_copy_six (char host[HOST_SIZE], const char *text, size_t size)
{
    return s_copy (host, text, size, IN_BRACKETS) && strchr (host, ':') != strrchr (host, ':');
}

//  Copy a name or an IPv4 address. Digits alone are a port without its colon.
static bool
s_copy_name (char host[HOST_SIZE], const char *text, size_t size)
{
    return s_copy (host, text, size, IN_NAMES) && strspn (host, DIGITS) < size;
}

bool
host_port_read (host_port_t *self, const char *text, const host_port_t *usual)
{
    const char *end = *text == '[' ? strchr (text, ']') : NULL;
    bool has_brackets = end != NULL;
    const char *rest = has_brackets ? end + 1 : text + strcspn (text, ":");
    guint64 port = usual->port;
    *self = *usual;
    if (*rest != '\0' && *rest != ':')
        return false;
    if (*rest == '\0' && usual->port == 0)
        return false;
    if (*rest == ':' && !g_ascii_string_to_unsigned (rest + 1, 10, 1, UINT16_MAX, &port, NULL))
        return false;
    self->port = (uint16_t) port;
    if (has_brackets)
        return s_copy_six (self->host, text + 1, (size_t) (end - text - 1));
    return (rest == text && *rest == ':') || s_copy_name (self->host, text, (size_t) (rest - text));
}

bool
host_read (char host[HOST_SIZE], const char *text)
{
    size_t size = strlen (text);
    bool has_brackets = size > 2 && *text == '[' && text[size - 1] == ']';
    if (has_brackets || strchr (text, ':'))
        return s_copy_six (host, text + has_brackets, size - 2 * (size_t) has_brackets);
    return s_copy_name (host, text, size);
}
