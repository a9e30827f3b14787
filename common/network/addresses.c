//  SPDX-License-Identifier: Apache-2.0
#include "common/network/addresses.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "common/network/host_port.h"

static bool
s_parse (const char *text, address_name_t *name)
{
    host_port_t place;
    if (!host_port_read (&place, text, &host_port_processor) || place.port > ADDRESS_PORT_MAX)
        return false;
    *name = (address_name_t){g_strdup (place.host), place.port};
    return true;
}

static void
s_clear (void *data)
{
    address_name_t *name = data;
    g_free (name->host);
}

GArray *
addresses_parse (const char *list)
{
    GArray *names = g_array_new (FALSE, TRUE, sizeof (address_name_t));
    g_array_set_clear_func (names, s_clear);
    char **parts = g_strsplit (list, ",", -1);
    bool good = parts[0] != NULL;
    for (char **part = parts; good && *part; part++) {
        address_name_t name = {0};
        good = s_parse (g_strstrip (*part), &name);
        if (good)
            g_array_append_val (names, name);
    }
    g_strfreev (parts);
    if (!good)
        g_clear_pointer (&names, g_array_unref);
    return names;
}

static int
s_look_up (const char *host, int family, struct addrinfo **found)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    return getaddrinfo (host, NULL, &hints, found);
}

const char *
addresses_resolve (const address_name_t *name, bool only_one_family, GArray *addresses)
{
    struct addrinfo *found = NULL;
    int result = s_look_up (name->host, only_one_family ? AF_INET : AF_UNSPEC, &found);
    if (result != 0 && only_one_family)
        result = s_look_up (name->host, AF_INET6, &found);
    if (result != 0)
        return gai_strerror (result);
    addresses_add_found (addresses, found, name->port);
    freeaddrinfo (found);
    return NULL;
}

void
addresses_add_found (GArray *addresses, const struct addrinfo *found, uint16_t port)
{
    for (const struct addrinfo *info = found; info; info = info->ai_next) {
        char host[48] = "";
        if (getnameinfo (
                info->ai_addr, info->ai_addrlen, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
            continue;
        address_t address = address_of (host, port);
        addresses_add (addresses, &address);
    }
}

int
addresses_compare (const void *a, const void *b)
{
    const address_t *one = a;
    const address_t *two = b;
    int order = strcmp (one->host, two->host);
    return order ? order : (int) one->port - (int) two->port;
}

void
addresses_add (GArray *addresses, const address_t *address)
{
    for (guint index = 0; index < addresses->len; index++)
        if (addresses_compare (&g_array_index (addresses, address_t, index), address) == 0)
            return;
    g_array_append_val (addresses, *address);
}
