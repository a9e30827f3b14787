//  SPDX-License-Identifier: Apache-2.0
#include "gateway/journal/receipt.h"

#include <glib.h>

struct receipt {
    fate_t fate;      //  PENDING, REFUSED or KEPT
    unsigned frames;  //  not acknowledged; one more as long as the turn is open
};

receipt_t *
receipt_new (void)
{
    receipt_t *self = g_rc_box_new0 (receipt_t);
    self->frames = 1;
    return self;
}

receipt_t *
receipt_ref (receipt_t *self)
{
    return g_rc_box_acquire (self);
}

void
receipt_unref (receipt_t **self_p)
{
    if (*self_p)
        g_rc_box_release (*self_p);
    *self_p = NULL;
}

fate_t
receipt_fate (const receipt_t *self)
{
    return self->fate == FATE_KEPT && self->frames == 0 ? FATE_APPLIED : self->fate;
}

void
receipt_decide (receipt_t *self, fate_t fate)
{
    self->fate = fate;
}

void
receipt_close (receipt_t *self)
{
    self->frames--;
}

void
receipt_add_frame (receipt_t *self)
{
    self->frames++;
}

void
receipt_remove_frame (receipt_t *self)
{
    self->frames--;
}
