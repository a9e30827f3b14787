//  SPDX-License-Identifier: Apache-2.0
#include "curve/peer_keeper.h"

#include <glib.h>
#include <pthread.h>

#include "common/access/watched_file.h"
#include "common/process/log.h"

struct peer_keeper {
    char *directory;
    char *path;          //  of the list
    file_trace_t trace;  //  when it was last read
    atomic_uint version;
    pthread_mutex_t mutex;  //  guards list
    peer_list_t *list;
};

//  Take the trace before reading the bytes: if the file is being written now, the next look finds
//  another trace.
static peer_list_t *
s_load (peer_keeper_t *self, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    self->trace = watched_file_trace (self->path);
    return key_directory_read_peers (self->directory, fault);
}

peer_keeper_t *
peer_keeper_new (const char *directory, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    peer_keeper_t *self = g_new0 (peer_keeper_t, 1);
    self->directory = g_strdup (directory);
    self->path = g_strconcat (directory, "/" KEY_DIRECTORY_PEERS, NULL);
    pthread_mutex_init (&self->mutex, NULL);
    self->list = s_load (self, fault);
    if (!self->list)
        peer_keeper_destroy (&self);
    return self;
}

void
peer_keeper_destroy (peer_keeper_t **self_p)
{
    peer_keeper_t *self = *self_p;
    if (!self)
        return;
    peer_list_unref (&self->list);
    pthread_mutex_destroy (&self->mutex);
    g_free (self->directory);
    g_free (self->path);
    g_free (self);
    *self_p = NULL;
}

static void
s_publish (peer_keeper_t *self, peer_list_t *list)
{
    pthread_mutex_lock (&self->mutex);
    peer_list_unref (&self->list);
    self->list = list;
    atomic_fetch_add (&self->version, 1);
    pthread_mutex_unlock (&self->mutex);
}

void
peer_keeper_look (peer_keeper_t *self, bool is_asked)
{
    char fault[KEY_DIRECTORY_FAULT_SIZE];
    if (!is_asked && !watched_file_has_changed (self->path, &self->trace))
        return;
    peer_list_t *list = s_load (self, fault);
    if (list) {
        size_t count = list->count;
        s_publish (self, list);  //  before the line, so that the list counts once the line is seen
        log_event (LOG_INFO, "read the list of keys again", "path=%s keys=%zu", self->path, count);
    }
    else
        log_event (LOG_WARN, "cannot use the changed list of keys; the earlier one stays",
            "reason=%s advice=%s", fault, "mend the line, or copy the file from another host");
}

unsigned
peer_keeper_version (const peer_keeper_t *self)
{
    return atomic_load_explicit (&self->version, memory_order_acquire);
}

peer_list_t *
peer_keeper_list (peer_keeper_t *self, unsigned *version)
{
    pthread_mutex_lock (&self->mutex);
    peer_list_t *list = peer_list_ref (self->list);
    *version = atomic_load (&self->version);
    pthread_mutex_unlock (&self->mutex);
    return list;
}

void
peer_view_init (peer_view_t *self, peer_keeper_t *keeper)
{
    *self = (peer_view_t){.keeper = keeper};
    if (keeper)
        self->list = peer_keeper_list (keeper, &self->version);
}

void
peer_view_clear (peer_view_t *self)
{
    peer_list_unref (&self->list);
}

bool
peer_view_refresh (peer_view_t *self)
{
    if (!self->keeper || peer_keeper_version (self->keeper) == self->version)
        return false;
    peer_list_unref (&self->list);
    self->list = peer_keeper_list (self->keeper, &self->version);
    return true;
}

bool
peer_view_allows (peer_view_t *self, const char *name, peer_right_t right)
{
    if (!self->keeper)
        return true;
    (void) peer_view_refresh (self);
    const peer_line_t *peer = name ? peer_list_find_name (self->list, name) : NULL;
    return peer && (peer->rights & right);
}
