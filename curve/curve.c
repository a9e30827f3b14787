//  SPDX-License-Identifier: Apache-2.0
#include "curve/curve.h"

#include <errno.h>
#include <glib.h>

#include "common/process/log.h"
#include "curve/door_check.h"
#include "curve/key_maker.h"

//  Use this program's keys. Expect servers to have the first key that may announce. If there is
//  none, expect a key that no server has.
static bool
s_use_keys (const char *directory, const char *name, const peer_list_t *list,
    char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    socket_keys_t own;
    socket_keys_t nobody;
    const peer_line_t *server = peer_list_at (list, PEER_ANNOUNCE, 0);
    if (!key_directory_read_secret (directory, name, &own, fault))
        return false;
    bool good = socket_keys_make (&nobody);
    if (good)
        socket_keys_use (&own, server ? server->key : nobody.public_key);
    else
        g_snprintf (
            fault, KEY_DIRECTORY_FAULT_SIZE, "libzmq of this machine cannot encrypt (CURVE)");
    explicit_bzero (&own, sizeof own);
    explicit_bzero (&nobody, sizeof nobody);
    return good;
}

static bool
s_open (curve_t *self, const char *directory, const char *name, bool is_serving,
    char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    unsigned version;
    bool is_filled = false;
    if (!key_directory_check (directory, fault) || !key_maker_fill (directory, &is_filled, fault))
        return false;
    if (is_filled)
        log_event (LOG_INFO, "made the keys of links", "directory=%s", directory);
    self->peers = peer_keeper_new (directory, fault);
    if (!self->peers)
        return false;
    peer_list_t *list = peer_keeper_list (self->peers, &version);
    bool good = s_use_keys (directory, name, list, fault);
    if (good)
        log_event (LOG_INFO, "links have keys", "directory=%s name=%s keys=%zu", directory, name,
            list->count);
    peer_list_unref (&list);
    if (!good)
        return false;
    self->authenticator = authenticator_new (self->peers, is_serving);
    if (!self->authenticator)
        g_snprintf (fault, KEY_DIRECTORY_FAULT_SIZE, "the authenticator: %s", g_strerror (errno));
    return self->authenticator != NULL;
}

curve_t *
curve_open (const char *directory, const char *name, bool is_serving)
{
    char fault[KEY_DIRECTORY_FAULT_SIZE];
    curve_t *self = g_new0 (curve_t, 1);
    if (!s_open (self, directory, name, is_serving, fault)) {
        log_event (LOG_ERROR, "cannot use the keys of links", "reason=%s", fault);
        curve_close (&self);
    }
    return self;
}

char *
curve_use (const char *directory, const char *name)
{
    char fault[KEY_DIRECTORY_FAULT_SIZE];
    peer_list_t *list =
        key_directory_check (directory, fault) ? key_directory_read_peers (directory, fault) : NULL;
    bool good = list && s_use_keys (directory, name, list, fault);
    peer_list_unref (&list);
    return good ? NULL : g_strdup (fault);
}

void
curve_close (curve_t **self_p)
{
    curve_t *self = *self_p;
    if (!self)
        return;
    authenticator_destroy (&self->authenticator);
    peer_keeper_destroy (&self->peers);
    g_free (self);
    *self_p = NULL;
}

peer_keeper_t *
curve_peers (const curve_t *self)
{
    return self ? self->peers : NULL;
}

bool
curve_check (const curve_t *self, const socket_t *bound, socket_kind_t kind)
{
    socket_keys_t nobody;
    if (!self)
        return true;
    unsigned before = authenticator_expected (self->authenticator);
    const char *fault = "no random key can be made";
    if (socket_keys_make (&nobody)) {
        authenticator_expect (self->authenticator, nobody.public_key);
        fault = door_check (socket_endpoint (bound), kind, &nobody);
        if (!fault && authenticator_expected (self->authenticator) == before)
            fault = "the connection was refused, but the authenticator was not asked";
    }
    if (fault)
        log_event (LOG_ERROR, "the keys of links keep nobody out: this process does not start",
            "socket=%s reason=%s", socket_endpoint (bound), fault);
    return fault == NULL;
}
