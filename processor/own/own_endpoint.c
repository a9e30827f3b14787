//  SPDX-License-Identifier: Apache-2.0
#include "processor/own/own_endpoint.h"

#include <glib.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

//  Return true if other machines can connect to an address. A link-local IPv6 address is useless
//  without the name of the link.
static bool
s_is_reachable (const struct ifaddrs *one)
{
    if (!one->ifa_addr || !(one->ifa_flags & IFF_UP) || (one->ifa_flags & IFF_LOOPBACK))
        return false;
    if (one->ifa_addr->sa_family == AF_INET)
        return true;
    struct sockaddr_in6 address;
    if (one->ifa_addr->sa_family != AF_INET6)
        return false;
    memcpy (&address, one->ifa_addr, sizeof address);
    return !IN6_IS_ADDR_LINKLOCAL (&address.sin6_addr);
}

//  Print an address of this family that this machine has. Return false if there is none.
static bool
s_find (const struct ifaddrs *all, int family, char *host, size_t size)
{
    socklen_t length =
        family == AF_INET ? sizeof (struct sockaddr_in) : sizeof (struct sockaddr_in6);
    for (const struct ifaddrs *one = all; one; one = one->ifa_next)
        if (s_is_reachable (one) && one->ifa_addr->sa_family == family &&
            getnameinfo (one->ifa_addr, length, host, (socklen_t) size, NULL, 0, NI_NUMERICHOST) ==
                0)
            return true;
    return false;
}

void
own_endpoint (const char *bound, member_endpoint_t *endpoint)
{
    bool is_any = g_str_has_prefix (bound, "tcp://0.0.0.0:");
    bool is_any_six = g_str_has_prefix (bound, "tcp://[::]:");
    const char *port = strrchr (bound, ':');
    struct ifaddrs *all = NULL;
    char host[48];
    if ((is_any || is_any_six) && getifaddrs (&all) != 0)
        all = NULL;
    if (!is_any && !is_any_six)
        g_strlcpy (endpoint->text, bound, sizeof endpoint->text);
    else if (s_find (all, AF_INET, host, sizeof host))
        g_snprintf (endpoint->text, sizeof endpoint->text, "tcp://%s%s", host, port);
    else if (is_any_six && s_find (all, AF_INET6, host, sizeof host))
        g_snprintf (endpoint->text, sizeof endpoint->text, "tcp://[%s]%s", host, port);
    else
        g_snprintf (endpoint->text, sizeof endpoint->text, "tcp://%s%s",
            is_any ? "127.0.0.1" : "[::1]", port);
    if (all)
        freeifaddrs (all);
}
