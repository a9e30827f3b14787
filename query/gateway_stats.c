//  SPDX-License-Identifier: Apache-2.0
#include "query/gateway_stats.h"

#include <yajl/yajl_tree.h>

#include "common/bytes/json_depth.h"
#include "common/client/http_client.h"
#include "common/network/host_port.h"
#include "common/process/clock.h"

#define HTTPS "https://"

gateway_stats_t *
gateway_stats_new (void)
{
    gateway_stats_t *self = g_new0 (gateway_stats_t, 1);
    self->processors = g_ptr_array_new_with_free_func (g_free);
    self->silent = g_ptr_array_new_with_free_func (g_free);
    return self;
}

void
gateway_stats_free (gateway_stats_t *self)
{
    g_free (self->place);
    g_free (self->fault);
    g_ptr_array_unref (self->processors);
    g_ptr_array_unref (self->silent);
    g_free (self);
}

static yajl_val
s_member (yajl_val object, const char *name)
{
    const char *path[] = {name, NULL};
    return yajl_tree_get (object, path, yajl_t_any);
}

static uint64_t
s_number (yajl_val object, const char *name)
{
    yajl_val value = s_member (object, name);
    return YAJL_IS_INTEGER (value) && YAJL_GET_INTEGER (value) > 0
               ? (uint64_t) YAJL_GET_INTEGER (value)
               : 0;
}

static bool
s_is_true (yajl_val object, const char *name)
{
    return YAJL_IS_TRUE (s_member (object, name));
}

//  Return how many elements an array has; 0 for any other value.
static size_t
s_count (yajl_val value)
{
    return YAJL_IS_ARRAY (value) ? YAJL_GET_ARRAY (value)->len : 0;
}

static void
s_read_routing (gateway_stats_t *self, yajl_val routing)
{
    for (size_t index = 0; index < s_count (routing); index++) {
        yajl_val one = YAJL_GET_ARRAY (routing)->values[index];
        yajl_val seconds = s_member (one, "lagSeconds");
        self->unowned += !YAJL_IS_STRING (s_member (one, "owner"));
        if (YAJL_IS_NUMBER (seconds))
            self->oldest_s = MAX (self->oldest_s, g_ascii_strtod (YAJL_GET_NUMBER (seconds), NULL));
    }
}

static void
s_read_processors (gateway_stats_t *self, yajl_val processors)
{
    for (size_t index = 0; index < s_count (processors); index++) {
        yajl_val one = YAJL_GET_ARRAY (processors)->values[index];
        const char *address = YAJL_GET_STRING (s_member (one, "address"));
        if (address)
            g_ptr_array_add (
                s_is_true (one, "isUp") ? self->processors : self->silent, g_strdup (address));
    }
}

static void
s_read (gateway_stats_t *self, yajl_val stats)
{
    yajl_val alarms = s_member (stats, "alarms");
    self->uptime_ms = s_number (stats, "uptimeMs");
    self->buffered = s_number (stats, "buffered");
    self->buffer_limit = s_number (stats, "bufferLimit");
    self->journal_bytes = s_number (stats, "journalBytes");
    self->journal_limit = s_number (stats, "journalLimit");
    self->is_disk_full = s_is_true (stats, "isJournalDiskFull");
    self->set_aside_frames = s_number (stats, "setAsideFrames");
    self->partitions = s_number (stats, "partitions");
#define X(name, one, many) self->alarms[ALARM_##name] = s_number (alarms, #name);
    GATEWAY_ALARMS (X)
#undef X
    s_read_routing (self, s_member (stats, "routing"));
    s_read_processors (self, s_member (stats, "processors"));
}

bool
gateway_stats_read (gateway_stats_t *self, const char *json)
{
    if (!json_depth_is_bounded (text_from (json)))
        return false;
    yajl_val stats = yajl_tree_parse (json, NULL, 0);
    bool good = YAJL_IS_OBJECT (stats) && YAJL_IS_ARRAY (s_member (stats, "routing"));
    if (good)
        s_read (self, stats);
    yajl_tree_free (stats);
    return good;
}

//  Return the reason why the answer has no stats, or NULL.
static char *
s_read_answer (gateway_stats_t *self, const http_answer_t *answer)
{
    if (answer->status != 200)
        return g_strdup_printf ("answers %u instead of its stats%s", answer->status,
            answer->status == 401 || answer->status == 403
                ? ": it wants a token with the scope stats, in --token"
                : "");
    bool good = gateway_stats_read (self, (const char *) answer->buffer->data + answer->body_start);
    return good ? NULL : g_strdup ("answers something else than stats: is it a gateway?");
}

//  Return the reason for a failure, or NULL.
static char *
s_ask (gateway_stats_t *self, const http_place_t *place, int64_t until_ms)
{
    http_answer_t answer = {.buffer = g_byte_array_new ()};
    http_line_t *line = http_connect (place, 0);
    char *fault = NULL;
    if (line && http_get (line, place, "/stats", until_ms, &answer))
        fault = s_read_answer (self, &answer);
    else if (line && http_line_fault (line))
        fault = g_strdup_printf ("is not believed: %s", http_line_fault (line));
    else
        fault = g_strdup ("does not answer: check that a gateway runs there; --gateways names "
                          "others, or none");
    http_line_destroy (&line);
    g_byte_array_unref (answer.buffer);
    return fault;
}

//  Return a text without a leading https://.
static const char *
s_authority (const char *text)
{
    return g_str_has_prefix (text, HTTPS) ? text + sizeof HTTPS - 1 : text;
}

//  Return a URL in which a missing part of HOST:PORT has its default. The caller frees it.
static char *
s_url (const char *text)
{
    host_port_t place;
    if (!host_port_read (&place, s_authority (text), &host_port_gateway))
        return g_strdup (text);
    return g_strdup_printf (strchr (place.host, ':') ? "%s[%s]:%u/" : "%s%s:%u/",
        s_authority (text) == text ? "http://" : HTTPS, place.host, (unsigned) place.port);
}

static gateway_stats_t *
s_ask_one (const char *text, const gateways_t *gateways, int64_t timeout_ms)
{
    int64_t until_ms = clock_ms () + timeout_ms;
    gateway_stats_t *self = gateway_stats_new ();
    http_place_t place;
    char *url = s_url (text);
    const char *fault = http_place_read (&place, url);
    self->place = g_strdup (fault ? text : place.authority);
    if (!fault && gateways->token)
        http_place_set_token (&place, gateways->token);
    if (!fault && place.is_secure)
        fault = http_place_set_trust (&place, gateways->ca);
    if (!fault && http_place_resolve (&place, until_ms))
        fault = "cannot be resolved: check --gateways, and the name server";
    self->fault = fault ? g_strdup (fault) : s_ask (self, &place, until_ms);
    http_place_free (&place);
    g_free (url);
    return self;
}

bool
gateway_list_check (const char *list)
{
    char **parts = g_strsplit (list, ",", -1);
    bool good = *parts != NULL;
    for (char **part = parts; good && *part; part++) {
        host_port_t place;
        good = host_port_read (&place, s_authority (g_strstrip (*part)), &host_port_gateway);
    }
    g_strfreev (parts);
    return good;
}

GPtrArray *
ask_gateways (const gateways_t *gateways, int64_t timeout_ms)
{
    GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) gateway_stats_free);
    char **parts = g_strsplit (gateways->list ? gateways->list : "", ",", -1);
    for (char **part = parts; *part; part++)
        g_ptr_array_add (all, s_ask_one (g_strstrip (*part), gateways, timeout_ms));
    g_strfreev (parts);
    return all;
}
