//  A request as its handler sees it: what came, and what is to be known of it while it is held.
//  SPDX-License-Identifier: Apache-2.0
#include <microhttpd.h>

#include "http/http_parts.h"

const char *
http_request_method (const http_request_t *self)
{
    return self->method;
}

const char *
http_request_target (const http_request_t *self)
{
    return self->target;
}

const char *
http_request_field (const http_request_t *self, const char *name)
{
    return MHD_lookup_connection_value (self->mhd, MHD_HEADER_KIND, name);
}

//  One line of the field that is looked for.
typedef struct {
    const char *name;
    GString *list;
} lines_t;

static enum MHD_Result
s_join (void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void) kind;
    const lines_t *lines = context;
    if (value && g_ascii_strcasecmp (name, lines->name) == 0)
        g_string_append_printf (lines->list, "%s%s", lines->list->len ? ", " : "", value);
    return MHD_YES;
}

char *
http_request_list (const http_request_t *self, const char *name)
{
    if (!http_request_field (self, name))
        return NULL;
    lines_t lines = {name, g_string_new (NULL)};
    MHD_get_connection_values (self->mhd, MHD_HEADER_KIND, s_join, &lines);
    return g_string_free (lines.list, FALSE);
}

text_t
http_request_body (const http_request_t *self)
{
    return http_body_text (&self->body);
}

void
http_hold (http_request_t *self, int64_t deadline_ms, http_expired_fn *expired, void *context)
{
    if (!self->expired)
        g_queue_push_tail_link (&self->server->held, &self->held_link);
    self->deadline_ms = deadline_ms;
    self->expired = expired;
    self->expired_context = context;
}

const char *
http_request_id (http_request_t *self)
{
    if (!self->id) {
        self->id = g_malloc (REQUEST_ID_MADE_SIZE);
        request_id_make (self->id);
    }
    return self->id;
}

void
http_request_set_route (http_request_t *self, unsigned route)
{
    self->route = route;
}

unsigned
http_request_route (const http_request_t *self)
{
    return self->route;
}

void
http_request_set_state (http_request_t *self, void *state, void (*free_state) (void *))
{
    self->state = state;
    self->free_state = free_state;
}

void *
http_request_state (const http_request_t *self)
{
    return self->state;
}

void
http_request_clear_state (http_request_t *self)
{
    if (self->free_state)
        self->free_state (self->state);
    self->state = NULL;
    self->free_state = NULL;
}

bool
http_has_room (const http_request_t *self)
{
    return http_unread_has_room (&self->server->unread, self->server->connections.now_ms);
}
