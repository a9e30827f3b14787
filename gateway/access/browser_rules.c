//  SPDX-License-Identifier: Apache-2.0
#include "gateway/access/browser_rules.h"

#include <glib.h>

#include "common/network/listen_address.h"
#include "common/text/text.h"

#define NAME_SIZE 256  //  of a host name, terminated

//  Copy the name in a Host field, without port, brackets and last dot. Return false if it is too
//  long for a name.
static bool
s_read_name (const char *host, char name[NAME_SIZE])
{
    bool has_brackets = host[0] == '[';
    size_t size = has_brackets ? strcspn (++host, "]") : strcspn (host, ":");
    if (size > 1 && host[size - 1] == '.')
        size--;
    if (size >= NAME_SIZE)
        return false;
    memcpy (name, host, size);
    name[size] = '\0';
    return true;
}

//  Return true for localhost and the names below it, which always mean this machine (RFC 6761).
static bool
s_is_localhost (const char *name)
{
    static const char below[] = ".localhost";
    size_t size = strlen (name);
    return g_ascii_strcasecmp (name, "localhost") == 0 ||
           (size >= sizeof below &&
               g_ascii_strcasecmp (name + size - (sizeof below - 1), below) == 0);
}

static bool
s_is_listed (const char *names, const char *name)
{
    char **list = g_strsplit (names ? names : "", ",", -1);
    bool is_listed = false;
    for (char **one = list; *one; one++)
        is_listed = is_listed || g_ascii_strcasecmp (g_strstrip (*one), name) == 0;
    g_strfreev (list);
    return is_listed;
}

//  A request without a name is not from a browser.
static bool
s_is_known_host (const browser_rules_t *self, const char *host)
{
    char name[NAME_SIZE];
    if (!host || !*host || (!self->is_loopback && !self->hosts))
        return true;
    return s_read_name (host, name) &&
           (s_is_localhost (name) || address_is_loopback (name) || s_is_listed (self->hosts, name));
}

//  Return true if the origin is that of the gateway's own pages. The schemes may differ, since a
//  proxy in front may speak TLS.
static bool
s_is_own (const char *origin, const char *host)
{
    const char *authority = strstr (origin, "://");
    return authority && host && g_ascii_strcasecmp (authority + 3, host) == 0;
}

static bool
s_is_cross_site (const browser_rules_t *self, const browser_head_t *head)
{
    const char *origin = head->origin;
    if (self->cors &&
        (strcmp (self->cors, "*") == 0 || (origin && g_ascii_strcasecmp (origin, self->cors) == 0)))
        return false;
    if (origin)
        return !s_is_own (origin, head->host);
    return head->fetch_site && strcmp (head->fetch_site, "cross-site") == 0;
}

static bool
s_changes_something (const char *method)
{
    return strcmp (method, "GET") != 0 && strcmp (method, "HEAD") != 0 &&
           strcmp (method, "OPTIONS") != 0;
}

browser_verdict_t
browser_rules_judge (const browser_rules_t *self, const browser_head_t *head)
{
    if (!s_is_known_host (self, head->host))
        return BROWSER_UNKNOWN_HOST;
    if (s_is_cross_site (self, head) && s_changes_something (head->method))
        return BROWSER_CROSS_SITE;
    return BROWSER_ALLOWED;
}
