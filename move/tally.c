//  SPDX-License-Identifier: Apache-2.0
#include "move/tally.h"

#include "processor/save/row_checksum.h"

void
tally_add (tally_t *self, const rocket_view_t *rocket)
{
    self->rockets++;
    self->sum += (uint64_t) row_checksum (rocket);
}

bool
tally_equal (const tally_t *a, const tally_t *b)
{
    return a->rockets == b->rockets && a->sum == b->sum;
}
