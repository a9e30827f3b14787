//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/untold.h"

#include "processor/shard/changes.h"

struct untold {
    GPtrArray *noted;  //  of rocket_t *, each once
    GPtrArray *due;    //  of rocket_t *, each once
    guint overdue;     //  number of rockets
};

untold_t *
untold_new (void)
{
    untold_t *self = g_new0 (untold_t, 1);
    self->noted = g_ptr_array_new ();
    self->due = g_ptr_array_new ();
    return self;
}

void
untold_destroy (untold_t **self_p)
{
    untold_t *self = *self_p;
    if (!self)
        return;
    g_ptr_array_unref (self->noted);
    g_ptr_array_unref (self->due);
    g_free (self);
    *self_p = NULL;
}

bool
untold_have (const rocket_t *rocket)
{
    return rocket_is_marked (rocket, ROCKET_UNTOLD) || rocket_is_marked (rocket, ROCKET_OVERDUE);
}

bool
untold_pass_over (untold_t *self, rocket_t *rocket)
{
    if (!rocket_is_marked (rocket, ROCKET_OVERDUE))
        return false;
    rocket_set_mark (rocket, ROCKET_OVERDUE, false);
    self->overdue--;
    return true;
}

bool
untold_note (untold_t *self, rocket_t *rocket)
{
    if (untold_pass_over (self, rocket))
        return true;
    if (!rocket_is_marked (rocket, ROCKET_UNTOLD)) {
        rocket_set_mark (rocket, ROCKET_UNTOLD, true);
        g_ptr_array_add (self->noted, rocket);
    }
    return false;
}

bool
untold_make_due (untold_t *self)
{
    if (self->due->len == 0) {
        GPtrArray *empty = self->due;
        self->due = self->noted;
        self->noted = empty;
    }
    return self->due->len > 0;
}

bool
untold_next_due (untold_t *self, const rocket_t **rocket_p)
{
    if (self->due->len == 0)
        return false;
    rocket_t *rocket = g_ptr_array_remove_index_fast (self->due, self->due->len - 1);
    rocket_set_mark (rocket, ROCKET_UNTOLD, false);
    *rocket_p = rocket;
    if (changes_have (rocket)) {
        rocket_set_mark (rocket, ROCKET_OVERDUE, true);
        self->overdue++;
        *rocket_p = NULL;
    }
    return true;
}

guint
untold_overdue (const untold_t *self)
{
    return self->overdue;
}
