//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/state_traits.h"

#include <glib.h>

static const char *const s_orderings[] = {
    [ORDERING_CONVERGE] = "converge",
    [ORDERING_LATEST] = "latest",
};

bool
state_traits_are_for_move (const state_traits_t *self)
{
    return self->partitions == 0 || self->mark.phase != STATE_UNMARKED;
}

layout_t
state_traits_layout (const state_traits_t *self)
{
    return (layout_t){self->partitions, self->partitioner};
}

const char *
ordering_name (ordering_t ordering)
{
    return s_orderings[ordering];
}

bool
ordering_of (text_t name, ordering_t *ordering)
{
    for (size_t index = 0; index < G_N_ELEMENTS (s_orderings); index++)
        if (text_equal (name, text_from (s_orderings[index]))) {
            *ordering = (ordering_t) index;
            return true;
        }
    return false;
}
