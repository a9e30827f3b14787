//  SPDX-License-Identifier: Apache-2.0
#include "gateway/journal/receipt.h"

#include <glib.h>

struct receipt {
    receipt_outcome_t outcome;  //  RECEIPT_PENDING, RECEIPT_REFUSED or RECEIPT_KEPT
    bool awaits_carrying;
    unsigned to_carry;  //  frames that are not carried, plus one while the turn is open
    unsigned to_save;   //  frames that are not saved, likewise
};

receipt_t *
receipt_new (bool awaits_carrying)
{
    receipt_t *self = g_rc_box_new0 (receipt_t);
    self->awaits_carrying = awaits_carrying;
    self->to_carry = 1;
    self->to_save = 1;
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
    if (self->outcome != RECEIPT_KEPT)
        return self->outcome;
    if (self->to_save == 0)
        return RECEIPT_APPLIED;
    return self->awaits_carrying && self->to_carry > 0 ? RECEIPT_PENDING : RECEIPT_KEPT;
}

void
receipt_decide (receipt_t *self, receipt_outcome_t outcome)
{
    self->outcome = outcome;
}

void
receipt_close (receipt_t *self)
{
    receipt_remove_frame (self);
}

void
receipt_add_frame (receipt_t *self)
{
    self->to_carry++;
    self->to_save++;
}

void
receipt_carry_frame (receipt_t *self)
{
    self->to_carry--;
}

void
receipt_save_frame (receipt_t *self)
{
    self->to_save--;
}

void
receipt_remove_frame (receipt_t *self)
{
    receipt_carry_frame (self);
    receipt_save_frame (self);
}
