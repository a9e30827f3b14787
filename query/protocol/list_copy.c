//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/list_copy.h"

//  Copy a text. An empty text stays empty: only a text without data means none.
static text_t
s_copy (text_t text)
{
    if (!text.data)
        return text;
    size_t size = MIN (text.size, LIST_COPY_TEXT_MAX_BYTES);
    char *bytes = g_malloc0 (size + 1);
    memcpy (bytes, text.data, size);
    return text_of (bytes, size);
}

static void
s_clear (text_t *text)
{
    g_free ((char *) (uintptr_t) text->data);
    *text = (text_t){0};
}

void
place_copy (place_t *copy, const place_t *place)
{
    *copy = *place;
    copy->id = s_copy (place->id);
    copy->value.text = s_copy (place->value.text);
}

void
place_copy_clear (place_t *copy)
{
    s_clear (&copy->id);
    s_clear (&copy->value.text);
}

void
list_copy (list_query_t *copy, const list_query_t *list)
{
    *copy = *list;
    copy->status = s_copy (list->status);
    copy->type = s_copy (list->type);
    copy->mission = s_copy (list->mission);
    place_copy (&copy->after, &list->after);
}

void
list_copy_clear (list_query_t *copy)
{
    s_clear (&copy->status);
    s_clear (&copy->type);
    s_clear (&copy->mission);
    place_copy_clear (&copy->after);
}
