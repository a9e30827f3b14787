//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/intake.h"

#include "gateway/intake/acceptance.h"
#include "gateway/intake/posts.h"
#include "gateway/intake/uploads.h"

struct intake {
    intake_tools_t tools;
    acceptance_t *acceptance;
    posts_t *posts;
    uploads_t *uploads;
};

intake_t *
intake_new (const intake_tools_t *tools, size_t max_body_bytes)
{
    intake_t *self = g_new0 (intake_t, 1);
    self->tools = *tools;
    self->tools.max_body_bytes = max_body_bytes;
    self->acceptance = acceptance_new (&self->tools);
    self->posts = posts_new (&self->tools, self->acceptance);
    self->uploads = uploads_new (&self->tools, self->acceptance, self->posts);
    return self;
}

void
intake_destroy (intake_t **self_p)
{
    intake_t *self = *self_p;
    if (!self)
        return;
    uploads_destroy (&self->uploads);
    posts_destroy (&self->posts);
    acceptance_destroy (&self->acceptance);
    g_free (self);
    *self_p = NULL;
}

void
handle_post_messages (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) target;
    if (uploads_is_under_way (request))
        uploads_end (request);
    else
        posts_handle (parts->intake->posts, request);
}

bool
intake_takes_pieces (const intake_t *self, const http_request_t *request)
{
    return posts_is_of_lines (request) && !newcomers_are_limited (self->tools.newcomers);
}

bool
intake_piece (intake_t *self, http_request_t *request, text_t lines)
{
    return uploads_piece (self->uploads, request, lines);
}

void
intake_retry (intake_t *self)
{
    uploads_retry (self->uploads);
    posts_retry (self->posts);
}

bool
intake_is_due (const intake_t *self)
{
    return posts_are_due (self->posts) || uploads_are_due (self->uploads);
}

size_t
intake_answer (intake_t *self)
{
    return acceptance_run (self->acceptance);
}

void
intake_wait_no_more (intake_t *self)
{
    acceptance_wait_no_more (self->acceptance);
}

size_t
intake_waiting (const intake_t *self)
{
    return posts_waiting (self->posts) + uploads_waiting (self->uploads);
}

bool
intake_is_full (const intake_t *self)
{
    return posts_waiting (self->posts) > 0;
}
