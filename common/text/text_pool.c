//  A hash set of texts. Its key is the text_t at the start of a pooled text, so a look-up needs
//  only a text_t on the stack, and a known text costs no allocation.
//  SPDX-License-Identifier: Apache-2.0
#include "common/text/text_pool.h"

#include <glib.h>

#include "common/text/text_key.h"

struct pooled_text {
    text_t text;   //  points to bytes
    size_t users;  //  holds without a release
    char bytes[];
};

struct text_pool {
    GHashTable *texts;  //  of pooled_text_t *, owned
};

text_pool_t *
text_pool_new (void)
{
    text_pool_t *self = g_new0 (text_pool_t, 1);
    self->texts = g_hash_table_new (text_key_hash, text_key_equal);
    return self;
}

void
text_pool_destroy (text_pool_t **self_p)
{
    text_pool_t *self = *self_p;
    if (!self)
        return;
    g_assert (g_hash_table_size (self->texts) == 0);
    g_hash_table_destroy (self->texts);
    g_free (self);
    *self_p = NULL;
}

static pooled_text_t *
s_add (text_pool_t *self, text_t text)
{
    pooled_text_t *pooled = g_malloc (sizeof *pooled + text.size);
    if (text.size > 0)
        memcpy (pooled->bytes, text.data, text.size);
    pooled->text = text_of (pooled->bytes, text.size);
    pooled->users = 0;
    g_hash_table_add (self->texts, pooled);
    return pooled;
}

pooled_text_t *
text_pool_hold (text_pool_t *self, text_t text)
{
    if (!text.data)
        return NULL;
    pooled_text_t *pooled = g_hash_table_lookup (self->texts, &text);
    if (!pooled)
        pooled = s_add (self, text);
    pooled->users++;
    return pooled;
}

void
text_pool_release (text_pool_t *self, pooled_text_t **text_p)
{
    pooled_text_t *pooled = *text_p;
    *text_p = NULL;
    if (!pooled || --pooled->users > 0)
        return;
    //  The look-up is by bytes; remove only this very text.
    g_assert (g_hash_table_lookup (self->texts, pooled) == pooled);
    g_hash_table_remove (self->texts, pooled);
    g_free (pooled);
}

text_t
pooled_text_bytes (const pooled_text_t *text)
{
    return text ? text->text : text_of (NULL, 0);
}

size_t
text_pool_size (const text_pool_t *self)
{
    return g_hash_table_size (self->texts);
}
