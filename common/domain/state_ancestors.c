//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/state_ancestors.h"

#include <glib.h>

void
state_ancestors_add (state_ancestors_t *self, const state_id_t *id)
{
    self->count = MIN (self->count + 1, STATE_ANCESTORS_MAX);
    memmove (self->ids + 1, self->ids, (self->count - 1) * sizeof *self->ids);
    self->ids[0] = *id;
}

bool
state_ancestors_has (const state_ancestors_t *self, const state_id_t *id)
{
    for (uint32_t index = 0; index < self->count; index++)
        if (state_id_equal (&self->ids[index], id))
            return true;
    return false;
}

void
state_ancestors_text (const state_ancestors_t *self, char text[STATE_ANCESTORS_TEXT_SIZE])
{
    text[0] = '\0';
    for (uint32_t index = 0; index < self->count; index++) {
        char id[STATE_ID_TEXT_SIZE];
        state_id_text (&self->ids[index], id);
        if (index > 0)
            g_strlcat (text, " ", STATE_ANCESTORS_TEXT_SIZE);
        g_strlcat (text, id, STATE_ANCESTORS_TEXT_SIZE);
    }
}

bool
state_ancestors_parse (state_ancestors_t *self, text_t text)
{
    size_t count = (text.size + 1) / STATE_ID_TEXT_SIZE;
    *self = (state_ancestors_t){0};
    if (text.size == 0)
        return true;
    if ((text.size + 1) % STATE_ID_TEXT_SIZE != 0 || count > STATE_ANCESTORS_MAX)
        return false;
    for (; self->count < count; self->count++)
        if (!state_id_parse (&self->ids[self->count],
                text_of (text.data + self->count * STATE_ID_TEXT_SIZE, STATE_ID_TEXT_SIZE - 1)))
            return false;
    return true;
}
