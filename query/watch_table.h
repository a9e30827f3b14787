//  A table on the terminal that changes in place: the rockets that changed last, as many as fit.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_WATCH_TABLE_H
#define DOWNLINK_WATCH_TABLE_H

#include <stdint.h>

#include "common/text/text.h"

#define WATCH_TABLE_ROWS_MAX 500

typedef struct watch_table watch_table_t;

//  Takes the terminal of standard output: what was on it comes back at the end.
watch_table_t *watch_table_new (void);

void watch_table_destroy (watch_table_t **self_p);

//  Show a rocket by its map, above all others; or, if it is not one that has just changed, by when
//  it did (since_us: of any zero, but below that of changes). What does not fit is forgotten.
void watch_table_changed (watch_table_t *self, text_t id, text_t rocket);
void watch_table_found (watch_table_t *self, text_t id, text_t rocket, int64_t since_us);

//  Draw it, with a line above, in the size that the terminal has now.
void watch_table_draw (watch_table_t *self, const char *line);

#endif
