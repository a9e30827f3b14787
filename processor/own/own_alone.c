//  Without other processors: every partition is ours until we leave.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "processor/own/ownership.h"

typedef struct {
    ownership_t base;
    member_id_t self_id;
    member_endpoint_t endpoint;
    bool has_left;
} own_alone_t;

static void
s_look (ownership_t *base)
{
    (void) base;
}

static bool
s_is_ours (const ownership_t *base, uint32_t partition)
{
    (void) partition;
    return !((const own_alone_t *) base)->has_left;
}

static bool
s_hold (ownership_t *base, uint32_t partition)
{
    (void) base;
    (void) partition;
    return true;
}

static void
s_release (ownership_t *base, uint32_t partition)
{
    (void) base;
    (void) partition;
}

static void
s_leave (ownership_t *base)
{
    ((own_alone_t *) base)->has_left = true;
}

static const member_id_t *
s_members (const ownership_t *base, size_t *count)
{
    const own_alone_t *self = (const own_alone_t *) base;
    *count = !self->has_left;
    return &self->self_id;
}

static const member_endpoint_t *
s_endpoints (const ownership_t *base)
{
    return &((const own_alone_t *) base)->endpoint;
}

static bool
s_is_away (const ownership_t *base)
{
    (void) base;
    return false;
}

static void
s_destroy (ownership_t **base_p)
{
    g_free (*base_p);
    *base_p = NULL;
}

ownership_t *
own_alone_new (const uint8_t self_id[PROCESSOR_ID_SIZE], const member_endpoint_t *endpoint)
{
    own_alone_t *self = g_new0 (own_alone_t, 1);
    self->base = (ownership_t){s_look, s_is_ours, s_hold, s_release, s_leave, s_members,
        s_endpoints, s_is_away, s_destroy};
    self->endpoint = *endpoint;
    memcpy (self->self_id.id, self_id, PROCESSOR_ID_SIZE);
    return &self->base;
}
