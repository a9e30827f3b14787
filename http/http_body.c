//  SPDX-License-Identifier: Apache-2.0
#include "http/http_body.h"

#include <glib.h>

#include "http/http_server.h"

//  Make room for size further bytes. False if a limit does not allow it.
static bool
s_reserve (http_body_t *self, http_bodies_t *all, size_t size, size_t expected)
{
    size_t needed = self->size + size;
    if (needed > all->body_limit)
        return false;
    if (needed <= self->capacity)
        return true;
    size_t capacity = MAX (needed, expected ? expected : 2 * self->capacity);
    if (all->bytes - self->capacity + capacity > all->limit)
        return false;
    self->data = g_realloc (self->data, capacity + HTTP_BODY_PADDING);
    memset (self->data + capacity, 0, HTTP_BODY_PADDING);
    all->bytes += capacity - self->capacity;
    self->capacity = capacity;
    return true;
}

bool
http_body_add (http_body_t *self, http_bodies_t *all, text_t bytes, size_t expected)
{
    if (!s_reserve (self, all, bytes.size, expected))
        return false;
    memcpy (self->data + self->size, bytes.data, bytes.size);
    self->size += bytes.size;
    return true;
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
    all->bytes -= self->capacity;
    g_free (self->data);
    *self = (http_body_t){0};
}
