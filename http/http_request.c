//  SPDX-License-Identifier: Apache-2.0
#include "http/http_request.h"

#include <microhttpd.h>

#include "http/http_parts.h"
#include "http/http_pieces.h"

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
http_request_field (const http_request_t *self, http_field_t field)
{
    return self->values[field];
}

const char *
http_request_other_field (const http_request_t *self, const char *name)
{
    return MHD_lookup_connection_value (self->mhd, MHD_HEADER_KIND, name);
}

bool
http_request_is_tls (const http_request_t *self)
{
    return self->connection->wire.tls != NULL;
}

//  The field to join, and its lines so far.
typedef struct {
    http_field_t field;
    GString *list;
} lines_t;

static enum MHD_Result
s_join (void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
    const char *value, size_t value_size)
{
    (void) kind;
    (void) value_size;
    const lines_t *lines = context;
    if (!value || http_field_of (text_of (name, name_size)) != lines->field)
        return MHD_YES;
    g_string_append_printf (lines->list, "%s%s", lines->list->len ? ", " : "", value);
    return MHD_YES;
}

char *
http_request_list (const http_request_t *self, http_field_t field)
{
    if (!self->values[field])
        return NULL;
    lines_t lines = {field, g_string_new (NULL)};
    MHD_get_connection_values_n (self->mhd, MHD_HEADER_KIND, s_join, &lines);
    return g_string_free (lines.list, FALSE);
}

size_t
http_request_count (const http_request_t *self, http_field_t field)
{
    return self->counts[field];
}

text_t
http_request_body (const http_request_t *self)
{
    return http_body_text (&self->body);
}

const client_address_t *
http_request_peer (const http_request_t *self)
{
    return &self->connection->peer;
}

uint64_t
http_request_client (const http_request_t *self)
{
    const http_config_t *config = &self->server->config;
    client_address_t client =
        config->caller ? config->caller (config->context, self) : *http_request_peer (self);
    return http_crowds_client (config->crowds, &client);
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

bool
http_request_is_admitted (const http_request_t *self)
{
    return self->is_admitted;
}

void
http_request_set_state (http_request_t *self, const http_state_kind_t *kind, void *state)
{
    g_assert (!self->state_kind);
    self->state_kind = kind;
    self->state = state;
}

void *
http_request_state (const http_request_t *self, const http_state_kind_t *kind)
{
    return self->state_kind == kind ? self->state : NULL;
}

void *
http_request_steal_state (http_request_t *self, const http_state_kind_t *kind)
{
    if (self->state_kind != kind)
        return NULL;
    self->state_kind = NULL;
    return g_steal_pointer (&self->state);
}

void *
http_request_room (http_request_t *self, size_t size)
{
    g_assert (size <= HTTP_ROOM_BYTES);
    return self->room;
}

void
http_hold (http_request_t *self, int64_t deadline_ms, http_expired_fn *expired, void *context)
{
    if (self->phase == REQUEST_PIECES)
        http_request_enter (self, REQUEST_PAUSED);
    else if (self->phase == REQUEST_SHOWN)
        http_request_enter (self, REQUEST_HELD);
    else
        http_request_enter (self, self->phase);
    self->deadline_ms = deadline_ms;
    self->expired = expired;
    self->expired_context = context;
}

void
http_go_on (http_request_t *self)
{
    if (self->phase == REQUEST_GONE) {
        http_request_free (self);
        return;
    }
    http_request_enter (self, REQUEST_PIECES);
    http_pieces_show (self);
    if (self->phase == REQUEST_PIECES)
        http_request_read_on (self);
}

bool
http_has_room (const http_request_t *self)
{
    return http_unread_has_room (&self->server->unread, self->server->connections.now_ms);
}
