//  SPDX-License-Identifier: Apache-2.0
#include "http/http_body.h"

#include "http/http_config.h"

#define LARGE_SHARE 4  //  a client may have one part in four of the pool

void
http_bodies_init (http_bodies_t *self, uint64_t body_limit, uint64_t limit)
{
    *self = (http_bodies_t){.limit = {limit, MAX (limit, LARGE_SHARE * body_limit)},
        .body_limit = body_limit,
        .shares = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free)};
}

void
http_bodies_clear (http_bodies_t *self)
{
    g_hash_table_destroy (self->shares);
    spares_clear (&self->blocks);
}

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

//  Return the memory for a body of this size: a block; or else up to the announced size, and at
//  most twice the bytes that have come.
static size_t
s_capacity (size_t needed, size_t expected)
{
    size_t wanted = MAX (needed, expected ? MIN (expected, 2 * needed) : 2 * needed);
    return MAX (wanted, HTTP_BODY_BLOCK_BYTES);
}

static uint64_t
s_share (const http_bodies_t *all, uint64_t client)
{
    const uint64_t *bytes = client ? g_hash_table_lookup (all->shares, &client) : NULL;
    return bytes ? *bytes : 0;
}

static void
s_set_share (http_bodies_t *all, uint64_t client, uint64_t bytes)
{
    if (client && bytes)
        g_hash_table_replace (
            all->shares, g_memdup2 (&client, sizeof client), g_memdup2 (&bytes, sizeof bytes));
    else if (client)
        g_hash_table_remove (all->shares, &client);
}

//  Count another capacity of a body. Return false if there is no room for it.
static bool
s_take (http_body_t *self, http_bodies_t *all, size_t capacity)
{
    body_pool_t from = s_pool (self->capacity);
    body_pool_t to = s_pool (capacity);
    bool is_large = to == BODY_POOL_LARGE;
    uint64_t others = all->bytes[to] - (from == to ? self->capacity : 0);
    uint64_t share = s_share (all, self->client);
    if (self->client && from == BODY_POOL_LARGE)
        share -= self->capacity;
    if (others + capacity > all->limit[to] ||
        (self->client && is_large && share + capacity > all->limit[to] / LARGE_SHARE))
        return false;
    all->bytes[from] -= self->capacity;
    all->bytes[to] += capacity;
    self->capacity = capacity;
    s_set_share (all, self->client, share + (is_large ? capacity : 0));
    return true;
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
    if (!s_take (self, all, capacity))
        return BODY_NO_ROOM;
    if (capacity == HTTP_BODY_BLOCK_BYTES)
        self->data = spares_take (&all->blocks, capacity + HTTP_BODY_PADDING);
    else
        self->data = g_realloc (self->data, capacity + HTTP_BODY_PADDING);
    memset (self->data + capacity, 0, HTTP_BODY_PADDING);
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
    if (!self->data)
        return;
    if (self->capacity == HTTP_BODY_BLOCK_BYTES)
        spares_give (&all->blocks, self->data);
    else
        g_free (self->data);
    (void) s_take (self, all, 0);
    *self = (http_body_t){0};
}
