//  SPDX-License-Identifier: Apache-2.0
#include "gateway/access/token_list.h"

#include <glib.h>

static token_list_t *
s_new (size_t count)
{
    token_list_t *self = g_malloc0 (sizeof *self + count * sizeof *self->tokens);
    atomic_init (&self->references, 1);
    return self;
}

//  Return the difference of two digests, 0 if they are equal, without leaving early.
static unsigned
s_differ (const uint8_t *a, const uint8_t *b)
{
    unsigned difference = 0;
    for (size_t index = 0; index < TOKEN_DIGEST_SIZE; index++)
        difference |= (unsigned) a[index] ^ b[index];
    return difference;
}

const token_t *
token_list_find (const token_list_t *self, const uint8_t digest[TOKEN_DIGEST_SIZE])
{
    const token_t *found = NULL;
    for (size_t index = 0; index < self->count; index++)
        if (s_differ (self->tokens[index].line.digest, digest) == 0)
            found = &self->tokens[index];
    return found;
}

static const token_t *
s_find_name (const token_list_t *self, const char *name)
{
    for (size_t index = 0; index < self->count; index++)
        if (strcmp (self->tokens[index].line.name, name) == 0)
            return &self->tokens[index];
    return NULL;
}

//  Add the token of a line. Return NULL, or a sentence about the fault.
static const char *
s_add (token_list_t *self, text_t line, int64_t now_us)
{
    token_line_t read;
    const char *fault = token_line_read (&read, line);
    if (fault)
        return fault;
    if (self->count == TOKEN_LIST_MAX)
        return "a file has at most " G_STRINGIFY (TOKEN_LIST_MAX) " tokens";
    if (s_find_name (self, read.name))
        return "an earlier line has the same name";
    if (token_list_find (self, read.digest))
        return "an earlier line has the same token";
    self->tokens[self->count++] = (token_t){read, read.expires_us <= now_us};
    return NULL;
}

token_list_t *
token_list_read (text_t text, int64_t now_us, char fault[TOKEN_LIST_FAULT_SIZE])
{
    token_list_t *self = s_new (TOKEN_LIST_MAX);
    unsigned number = 1;
    for (size_t start = 0; start < text.size; number++) {
        const char *feed = memchr (text.data + start, '\n', text.size - start);
        size_t end = feed ? (size_t) (feed - text.data) : text.size;
        text_t line = text_of (text.data + start, end - start);
        const char *reason = access_line_is_blank (line) ? NULL : s_add (self, line, now_us);
        if (reason) {
            g_snprintf (fault, TOKEN_LIST_FAULT_SIZE, "line %u: %s", number, reason);
            token_list_unref (&self);
            return NULL;
        }
        start = end + 1;
    }
    return self;
}

token_list_t *
token_list_ref (token_list_t *self)
{
    atomic_fetch_add (&self->references, 1);
    return self;
}

void
token_list_unref (token_list_t **self_p)
{
    token_list_t *self = *self_p;
    *self_p = NULL;
    if (self && atomic_fetch_sub (&self->references, 1) == 1)
        g_free (self);
}

bool
token_list_is_outdated (const token_list_t *self, int64_t now_us)
{
    for (size_t index = 0; index < self->count; index++)
        if (!self->tokens[index].is_expired && self->tokens[index].line.expires_us <= now_us)
            return true;
    return false;
}

token_list_t *
token_list_update (const token_list_t *self, int64_t now_us)
{
    token_list_t *copy = s_new (self->count);
    copy->count = self->count;
    for (size_t index = 0; index < self->count; index++) {
        const token_line_t *line = &self->tokens[index].line;
        copy->tokens[index] = (token_t){*line, line->expires_us <= now_us};
    }
    return copy;
}

bool
token_list_is_narrowed (const token_list_t *self, const token_list_t *by)
{
    for (size_t index = 0; index < self->count; index++) {
        const token_t *before = &self->tokens[index];
        const token_t *after = token_list_find (by, before->line.digest);
        unsigned kept = after && !after->is_expired ? after->line.scopes : 0;
        if (!before->is_expired && (before->line.scopes & ~kept) != 0)
            return true;
    }
    return false;
}
