//  SPDX-License-Identifier: Apache-2.0
#include "http/http_parts.h"

#include "common/memory/queue.h"

static void
s_clear_answer (gpointer data)
{
    MHD_destroy_response (((answer_t *) data)->response);
}

void
answer_unref (answer_t **self_p)
{
    if (*self_p)
        g_rc_box_release_full (*self_p, s_clear_answer);
    *self_p = NULL;
}

http_request_t *
http_request_new (http_server_t *server, text_t target)
{
    http_request_t *self = spares_take (&server->requests, sizeof *self);
    memset (self, 0, offsetof (http_request_t, short_target));
    self->server = server;
    self->method = "";
    self->phase = REQUEST_LINE;
    self->held_link.data = self;
    self->target_size = target.size;
    self->target =
        target.size < sizeof self->short_target ? self->short_target : g_malloc (target.size + 1);
    memcpy (self->target, target.data, target.size);
    self->target[target.size] = '\0';
    server->unanswered++;
    return self;
}

void
http_request_enter (http_request_t *self, http_phase_t phase)
{
    bool was_held = http_phase_is_held (self->phase);
    bool is_held = http_phase_is_held (phase);
    g_assert (http_phase_may_follow (self->phase, phase));
    if (is_held && !was_held)
        queue_append (&self->server->held, &self->held_link);
    else if (was_held && !is_held)
        queue_remove (&self->server->held, &self->held_link);
    self->phase = phase;
}

void
http_request_suspend (http_request_t *self)
{
    self->is_suspended = true;
    MHD_suspend_connection (self->mhd);
}

void
http_request_resume (http_request_t *self)
{
    if (!self->is_suspended)
        return;
    self->is_suspended = false;
    self->server->is_due = true;
    MHD_resume_connection (self->mhd);
}

void
http_request_read_on (http_request_t *self)
{
    http_connections_enter (&self->server->connections, self->connection, CONNECTION_BODY);
    http_request_resume (self);
}

void
http_request_stop_watching (http_request_t *self)
{
    self->server->watched -= self->is_watched;
    self->is_watched = false;
}

void
http_request_clear_state (http_request_t *self)
{
    const http_state_kind_t *kind = g_steal_pointer (&self->state_kind);
    void *state = g_steal_pointer (&self->state);
    if (kind)
        kind->free (state);
}

void
http_request_free (http_request_t *self)
{
    if (http_phase_is_held (self->phase))
        queue_remove (&self->server->held, &self->held_link);
    http_request_stop_watching (self);
    http_body_free (&self->body, &self->server->bodies);
    answer_unref (&self->answer);
    http_request_clear_state (self);
    self->server->unanswered--;
    g_free (self->id);
    if (self->target != self->short_target)
        g_free (self->target);
    spares_give (&self->server->requests, self);
}
