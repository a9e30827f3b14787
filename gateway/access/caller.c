//  SPDX-License-Identifier: Apache-2.0
#include "gateway/access/caller.h"

#include <glib.h>

static bool
s_trust (const proxy_rules_t *self, const client_address_t *address)
{
    return client_address_is_loopback (address) || networks_have (&self->trusted, address);
}

//  Return the member of a comma-separated list that is the number-th from its end; the first one if
//  there are fewer.
static text_t
s_from_end (const char *list, unsigned number)
{
    const char *end = list + strlen (list);
    for (;;) {
        const char *comma = memrchr (list, ',', (size_t) (end - list));
        const char *begin = comma ? comma + 1 : list;
        if (!comma || --number == 0)
            return text_strip (text_of (begin, (size_t) (end - begin)));
        end = comma;
    }
}

caller_t
caller_read (const proxy_rules_t *rules, const client_address_t *peer, bool is_tls,
    const char *forwarded_for, const char *forwarded_proto)
{
    static const char https[] = "https";
    caller_t caller = {.address = *peer, .is_secure = is_tls};
    client_address_t address;
    if (rules->proxies == 0 || !s_trust (rules, peer))
        return caller;
    if (forwarded_for && client_address_read (&address, s_from_end (forwarded_for, rules->proxies)))
        caller.address = address;
    if (forwarded_proto) {
        text_t scheme = s_from_end (forwarded_proto, rules->proxies);
        caller.is_secure = scheme.size == sizeof https - 1 &&
                           g_ascii_strncasecmp (scheme.data, https, scheme.size) == 0;
    }
    return caller;
}

caller_t
caller_find (const proxy_rules_t *rules, const http_request_t *request)
{
    char *forwarded_for = NULL;
    char *forwarded_proto = NULL;
    if (rules->proxies > 0) {
        forwarded_for = http_request_list (request, HTTP_FIELD_X_FORWARDED_FOR);
        forwarded_proto = http_request_list (request, HTTP_FIELD_X_FORWARDED_PROTO);
    }
    caller_t caller = caller_read (rules, http_request_peer (request),
        http_request_is_tls (request), forwarded_for, forwarded_proto);
    g_free (forwarded_for);
    g_free (forwarded_proto);
    return caller;
}
