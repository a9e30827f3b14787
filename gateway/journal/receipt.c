//  SPDX-License-Identifier: Apache-2.0
#include "gateway/journal/receipt.h"

#include <glib.h>

struct receipt {
    receipt_outcome_t outcome;  //  RECEIPT_PENDING, RECEIPT_REFUSED or RECEIPT_KEPT
    unsigned frames;            //  without an ack, plus one while the turn is open
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

receipt_outcome_t
receipt_outcome (const receipt_t *self)
{
    return self->outcome == RECEIPT_KEPT && self->frames == 0 ? RECEIPT_APPLIED : self->outcome;
}

void
receipt_decide (receipt_t *self, receipt_outcome_t outcome)
{
    self->outcome = outcome;
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
