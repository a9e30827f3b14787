//  The saved rockets of a partition whose updates are not published yet. A saved rocket is noted.
//  From time to time the noted rockets become due, and each is published once, in its newest saved
//  state. A due rocket that has changed since its save becomes overdue: it is published at its next
//  save. The processor's thread owns them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UNTOLD_H
#define DOWNLINK_UNTOLD_H

#include <glib.h>

#include "common/domain/rocket.h"

typedef struct untold untold_t;

untold_t *untold_new (void);

void untold_destroy (untold_t **self_p);

//  Return true if a rocket is noted, due or overdue.
bool untold_have (const rocket_t *rocket);

//  Note that a rocket was saved. Return true if the rocket is overdue: publish it now, from the
//  saved copy, since it may have changed.
bool untold_note (untold_t *self, rocket_t *rocket);

//  Skip the update of a saved rocket without subscribers: do not note it, and end its being
//  overdue. Return true if it was overdue.
bool untold_pass_over (untold_t *self, rocket_t *rocket);

//  Make every noted rocket due, unless earlier ones still are. Return true if any rocket is due.
bool untold_make_due (untold_t *self);

//  Take the next due rocket. Return false if there is none. Set *rocket to NULL if it has changed
//  since its save: it is overdue now.
bool untold_next_due (untold_t *self, const rocket_t **rocket);

//  Return the number of overdue rockets.
guint untold_overdue (const untold_t *self);

#endif
