//  A table for people: columns as wide as their cells, cut to the width of the terminal.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TABLE_H
#define DOWNLINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct {
    const char *title;
    bool is_number;    //  aligned to the right, never cut
    bool is_optional;  //  left out if there is no room, the last one first
} column_t;

typedef struct table table_t;

//  Create a table. The columns are borrowed while it lives.
table_t *table_new (const column_t *columns, size_t count);

void table_destroy (table_t **self_p);

//  Add a row with a cell for each column. The table takes the cells.
void table_add (table_t *self, char *const *cells);

//  Print the titles and all rows, in lines of at most width columns (0: no limit).
void table_print (const table_t *self, FILE *stream, size_t width);

//  Return a text that is safe to print: control characters, which could move the cursor or change
//  colours, and invalid UTF-8 are replaced. The caller frees it.
char *table_printable (const char *text, size_t size);

#endif
