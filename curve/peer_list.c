//  SPDX-License-Identifier: Apache-2.0
#include "curve/peer_list.h"

#include <glib.h>

static peer_list_t *
s_new (void)
{
    peer_list_t *self = g_malloc0 (sizeof *self + PEER_LIST_MAX * sizeof *self->peers);
    atomic_init (&self->references, 1);
    return self;
}

const peer_line_t *
peer_list_find_key (const peer_list_t *self, const uint8_t key[SOCKET_KEY_SIZE])
{
    for (size_t index = 0; index < self->count; index++)
        if (memcmp (self->peers[index].key, key, SOCKET_KEY_SIZE) == 0)
            return &self->peers[index];
    return NULL;
}

const peer_line_t *
peer_list_find_name (const peer_list_t *self, const char *name)
{
    for (size_t index = 0; index < self->count; index++)
        if (strcmp (self->peers[index].name, name) == 0)
            return &self->peers[index];
    return NULL;
}

//  Add the key of a line. Return NULL, or a sentence about the fault.
static const char *
s_add (peer_list_t *self, text_t line)
{
    peer_line_t read;
    const char *fault = peer_line_read (&read, line);
    if (fault)
        return fault;
    if (self->count == PEER_LIST_MAX)
        return "a file has at most " G_STRINGIFY (PEER_LIST_MAX) " keys";
    if (peer_list_find_name (self, read.name))
        return "an earlier line has the same name";
    if (peer_list_find_key (self, read.key))
        return "an earlier line has the same key";
    self->peers[self->count++] = read;
    return NULL;
}

peer_list_t *
peer_list_read (text_t text, char fault[PEER_LIST_FAULT_SIZE])
{
    peer_list_t *self = s_new ();
    unsigned number = 1;
    for (size_t start = 0; start < text.size; number++) {
        const char *feed = memchr (text.data + start, '\n', text.size - start);
        size_t end = feed ? (size_t) (feed - text.data) : text.size;
        text_t line = text_of (text.data + start, end - start);
        const char *reason = access_line_is_blank (line) ? NULL : s_add (self, line);
        if (reason) {
            g_snprintf (fault, PEER_LIST_FAULT_SIZE, "line %u: %s", number, reason);
            peer_list_unref (&self);
            return NULL;
        }
        start = end + 1;
    }
    return self;
}

peer_list_t *
peer_list_ref (peer_list_t *self)
{
    atomic_fetch_add (&self->references, 1);
    return self;
}

void
peer_list_unref (peer_list_t **self_p)
{
    peer_list_t *self = *self_p;
    *self_p = NULL;
    if (self && atomic_fetch_sub (&self->references, 1) == 1)
        g_free (self);
}

size_t
peer_list_count (const peer_list_t *self, peer_right_t right)
{
    size_t count = 0;
    for (size_t index = 0; index < self->count; index++)
        count += (self->peers[index].rights & right) != 0;
    return count;
}

const peer_line_t *
peer_list_at (const peer_list_t *self, peer_right_t right, size_t place)
{
    size_t count = peer_list_count (self, right);
    size_t left = count ? place % count : 0;
    for (size_t index = 0; count && index < self->count; index++)
        if ((self->peers[index].rights & right) && left-- == 0)
            return &self->peers[index];
    return NULL;
}

bool
peer_list_keeps (const peer_list_t *self, const char *name, const peer_list_t *later)
{
    const peer_line_t *before = peer_list_find_name (self, name);
    const peer_line_t *after = before ? peer_list_find_key (later, before->key) : NULL;
    return after && !(before->rights & ~after->rights) && strcmp (after->name, name) == 0;
}

bool
peer_list_keeps_all (const peer_list_t *self, const peer_list_t *later)
{
    for (size_t index = 0; index < self->count; index++)
        if (!peer_list_keeps (self, self->peers[index].name, later))
            return false;
    return true;
}
