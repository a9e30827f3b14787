//  SPDX-License-Identifier: Apache-2.0
#include "http/http_body.h"

#include <glib.h>

#include "http/http_config.h"

static body_pool_t
s_pool (uint64_t size)
{
    return size <= HTTP_BODY_SMALL_BYTES ? BODY_POOL_SMALL : BODY_POOL_LARGE;
}

bool
http_bodies_are_full (const http_bodies_t *self, uint64_t size)
{
    body_pool_t pool = s_pool (size);
    return self->bytes[pool] >= self->limit[pool];
}

//  Return the memory for a body of this size: up to the announced size, and at most twice the bytes
//  that have come.
static size_t
s_capacity (size_t needed, size_t expected)
{
    return MAX (needed, expected ? MIN (expected, 2 * needed) : 2 * needed);
}

//  Make room for size further bytes.
static body_result_t
s_reserve (http_body_t *self, http_bodies_t *all, size_t size, size_t expected)
{
    size_t needed = self->size + size;
    if (needed > all->body_limit)
        return BODY_TOO_LARGE;
    if (needed <= self->capacity)
        return BODY_TAKEN;
    size_t capacity = s_capacity (needed, expected);
    body_pool_t from = s_pool (self->capacity);
    body_pool_t to = s_pool (capacity);
    uint64_t others = all->bytes[to] - (from == to ? self->capacity : 0);
    if (others + capacity > all->limit[to])
        return BODY_NO_ROOM;
    self->data = g_realloc (self->data, capacity + HTTP_BODY_PADDING);
    memset (self->data + capacity, 0, HTTP_BODY_PADDING);
    all->bytes[from] -= self->capacity;
    all->bytes[to] += capacity;
    self->capacity = capacity;
    return BODY_TAKEN;
}

body_result_t
http_body_add (http_body_t *self, http_bodies_t *all, text_t bytes, size_t expected)
{
    body_result_t result = s_reserve (self, all, bytes.size, expected);
    if (result != BODY_TAKEN)
        return result;
    memcpy (self->data + self->size, bytes.data, bytes.size);
    self->size += bytes.size;
    return BODY_TAKEN;
}

void
http_body_drop (http_body_t *self, size_t size)
{
    self->size -= size;
    memmove (self->data, self->data + size, self->size);
}

text_t
http_body_text (const http_body_t *self)
{
    static const char none[HTTP_BODY_PADDING];
    return text_of (self->data ? self->data : none, self->size);
}

void
http_body_free (http_body_t *self, http_bodies_t *all)
{
    all->bytes[s_pool (self->capacity)] -= self->capacity;
    g_free (self->data);
    *self = (http_body_t){0};
}
