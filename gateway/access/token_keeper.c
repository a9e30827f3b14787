//  SPDX-License-Identifier: Apache-2.0
#include "gateway/access/token_keeper.h"

#include <glib.h>
#include <pthread.h>
#include <unistd.h>

#include "common/access/watched_file.h"
#include "common/process/log.h"

struct token_keeper {
    char *path;
    file_trace_t trace;  //  of the file when it was last read, or zeros
    atomic_uint version;
    pthread_mutex_t mutex;  //  guards list
    token_list_t *list;
};

static token_list_t *
s_load (token_keeper_t *self, char fault[TOKEN_LIST_FAULT_SIZE])
{
    size_t size = 0;
    char *bytes = watched_file_read (
        self->path, WATCHED_FILE_WRITING, TOKEN_FILE_MAX_BYTES, &size, &self->trace, fault);
    token_list_t *list =
        bytes ? token_list_read (text_of (bytes, size), g_get_real_time (), fault) : NULL;
    g_free (bytes);
    return list;
}

static void
s_publish (token_keeper_t *self, token_list_t *list)
{
    pthread_mutex_lock (&self->mutex);
    token_list_unref (&self->list);
    self->list = list;
    atomic_fetch_add (&self->version, 1);
    pthread_mutex_unlock (&self->mutex);
}

static void
s_log_unusable (const char *path, const char *fault)
{
    if (access (path, F_OK) == 0)
        log_event (LOG_ERROR, "cannot use the token file", "path=%s reason=%s", path, fault);
    else
        log_event (LOG_ERROR, "cannot use the token file", "path=%s reason=%s advice=%s", path,
            fault,
            "make the file and a token with: downlink-keygen token NAME --scopes write,read "
            "--token-file FILE");
}

static void
s_log_expired (const token_keeper_t *self)
{
    size_t count = 0;
    const char *last = NULL;
    for (size_t index = 0; index < self->list->count; index++)
        if (self->list->tokens[index].is_expired) {
            count++;
            last = self->list->tokens[index].line.name;
        }
    if (count > 0)
        log_event (LOG_WARN, "tokens have expired",
            "path=%s expired=%zu tokens=%zu last=%s advice=%s", self->path, count,
            self->list->count, last,
            "take their lines away, and make new tokens with downlink-keygen token");
}

token_keeper_t *
token_keeper_new (const char *path)
{
    char fault[TOKEN_LIST_FAULT_SIZE];
    token_keeper_t *self = g_new0 (token_keeper_t, 1);
    self->path = g_strdup (path);
    pthread_mutex_init (&self->mutex, NULL);
    self->list = s_load (self, fault);
    if (self->list) {
        log_event (LOG_INFO, "read the token file", "path=%s tokens=%zu", path, self->list->count);
        s_log_expired (self);
    }
    else {
        s_log_unusable (path, fault);
        token_keeper_destroy (&self);
    }
    return self;
}

void
token_keeper_destroy (token_keeper_t **self_p)
{
    token_keeper_t *self = *self_p;
    if (!self)
        return;
    token_list_unref (&self->list);
    pthread_mutex_destroy (&self->mutex);
    g_free (self->path);
    g_free (self);
    *self_p = NULL;
}

static void
s_reload (token_keeper_t *self)
{
    char fault[TOKEN_LIST_FAULT_SIZE];
    token_list_t *list = s_load (self, fault);
    if (list) {
        log_event (
            LOG_INFO, "read the token file again", "path=%s tokens=%zu", self->path, list->count);
        s_publish (self, list);
        s_log_expired (self);
    }
    else
        log_event (LOG_WARN, "cannot use the changed token file; the earlier tokens stay",
            "path=%s reason=%s", self->path, fault);
}

void
token_keeper_look (token_keeper_t *self, bool is_asked)
{
    if (is_asked || watched_file_has_changed (self->path, &self->trace))
        s_reload (self);
    //  Only this thread replaces the list.
    if (token_list_is_outdated (self->list, g_get_real_time ())) {
        s_publish (self, token_list_update (self->list, g_get_real_time ()));
        s_log_expired (self);
    }
}

unsigned
token_keeper_version (const token_keeper_t *self)
{
    return atomic_load_explicit (&self->version, memory_order_acquire);
}

token_list_t *
token_keeper_list (token_keeper_t *self, unsigned *version)
{
    pthread_mutex_lock (&self->mutex);
    token_list_t *list = token_list_ref (self->list);
    *version = atomic_load (&self->version);
    pthread_mutex_unlock (&self->mutex);
    return list;
}
