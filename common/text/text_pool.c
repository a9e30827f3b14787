//  A hash set of texts. Its key is the text_t at the start of a pooled text, so a look-up needs
//  only a text_t on the stack, and a known text costs no allocation.
//  SPDX-License-Identifier: Apache-2.0
#include "common/text/text_pool.h"

#include <glib.h>

#include "common/text/text_key.h"

struct pooled_text {
    text_t text;     //  points to bytes
    uint32_t users;  //  holds without a release
    uint32_t code;
    char bytes[];
};

struct text_pool {
    GHashTable *texts;   //  of pooled_text_t *, owned
    GArray *free_codes;  //  of uint32_t
    uint32_t codes;      //  that were given, and 0
    GPtrArray *sorted;   //  the texts in order; empty: not sorted since the last change
    GArray *ranks;       //  of uint32_t, by code
};

text_pool_t *
text_pool_new (void)
{
    text_pool_t *self = g_new0 (text_pool_t, 1);
    self->texts = g_hash_table_new (text_key_hash, text_key_equal);
    self->free_codes = g_array_new (FALSE, FALSE, sizeof (uint32_t));
    self->codes = 1;
    self->sorted = g_ptr_array_new ();
    self->ranks = g_array_new (FALSE, FALSE, sizeof (uint32_t));
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
    g_array_unref (self->free_codes);
    g_ptr_array_unref (self->sorted);
    g_array_unref (self->ranks);
    g_free (self);
    *self_p = NULL;
}

static uint32_t
s_take_code (text_pool_t *self)
{
    GArray *codes = self->free_codes;
    if (codes->len == 0)
        return self->codes++;
    uint32_t code = g_array_index (codes, uint32_t, codes->len - 1);
    g_array_set_size (codes, codes->len - 1);
    return code;
}

static pooled_text_t *
s_add (text_pool_t *self, text_t text)
{
    pooled_text_t *pooled = g_malloc (sizeof *pooled + text.size);
    if (text.size > 0)
        memcpy (pooled->bytes, text.data, text.size);
    pooled->text = text_of (pooled->bytes, text.size);
    pooled->users = 0;
    pooled->code = s_take_code (self);
    g_hash_table_add (self->texts, pooled);
    g_ptr_array_set_size (self->sorted, 0);
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
    g_assert (pooled->users < UINT32_MAX);
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
    g_ptr_array_set_size (self->sorted, 0);
    g_array_append_val (self->free_codes, pooled->code);
    g_free (pooled);
}

text_t
pooled_text_bytes (const pooled_text_t *text)
{
    return text ? text->text : text_of (NULL, 0);
}

const pooled_text_t *
text_pool_find (const text_pool_t *self, text_t text)
{
    return text.data ? g_hash_table_lookup (self->texts, &text) : NULL;
}

static gint
s_compare (gconstpointer a, gconstpointer b)
{
    const pooled_text_t *const *one = a;
    const pooled_text_t *const *other = b;
    return text_compare ((*one)->text, (*other)->text);
}

uint32_t
pooled_text_code (const pooled_text_t *text)
{
    return text ? text->code : 0;
}

static void
s_sort (text_pool_t *self)
{
    GHashTableIter iterator;
    gpointer text;
    g_hash_table_iter_init (&iterator, self->texts);
    while (g_hash_table_iter_next (&iterator, &text, NULL))
        g_ptr_array_add (self->sorted, text);
    g_ptr_array_sort (self->sorted, s_compare);
    g_array_set_size (self->ranks, self->codes);
    g_array_index (self->ranks, uint32_t, 0) = TEXT_RANK_NONE;
    for (guint place = 0; place < self->sorted->len; place++) {
        const pooled_text_t *pooled = self->sorted->pdata[place];
        g_array_index (self->ranks, uint32_t, pooled->code) = 2 * place + 1;
    }
}

const uint32_t *
text_pool_ranks (text_pool_t *self, size_t most)
{
    guint size = g_hash_table_size (self->texts);
    if (size > most)
        return NULL;
    if (self->ranks->len == 0 || self->sorted->len != size)
        s_sort (self);
    return (const uint32_t *) (gpointer) self->ranks->data;
}

uint32_t
text_pool_rank (const text_pool_t *self, text_t text)
{
    uint32_t low = 0;
    uint32_t high = self->sorted->len;
    uint32_t is_there = 0;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = text_compare (pooled_text_bytes (self->sorted->pdata[middle]), text);
        if (order == 0)
            is_there = 1;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 2 * low + is_there;
}
