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
