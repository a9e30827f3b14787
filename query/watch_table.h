//  A table on the terminal that changes in place: the rockets that changed last, as many as fit.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WATCH_TABLE_H
#define DOWNLINK_WATCH_TABLE_H

#include <stdint.h>

#include "common/text/text.h"

#define WATCH_TABLE_ROWS_MAX 500

typedef struct watch_table watch_table_t;

//  Create a table on the terminal of standard output, and save the old content, which comes back at
//  the end.
watch_table_t *watch_table_new (void);

void watch_table_destroy (watch_table_t **self_p);

//  Show a rocket by its map: above all others if it has just changed, else by the time of its last
//  change (since_us, with any zero point, below the times of new changes). Rockets that do not fit
//  are removed.
void watch_table_changed (watch_table_t *self, text_t id, text_t rocket);
void watch_table_found (watch_table_t *self, text_t id, text_t rocket, int64_t since_us);

//  Draw the table, with a line above, in the present size of the terminal.
void watch_table_draw (watch_table_t *self, const char *line);

#endif
