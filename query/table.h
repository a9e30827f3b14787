//  A table for people: columns as wide as what is in them, cut to the width of the terminal.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TABLE_H
#define DOWNLINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct {
    const char *title;
    bool is_number;    //  to the right, and never cut
    bool is_optional;  //  left out where there is no room; the last one first
} column_t;

typedef struct table table_t;

//  columns is borrowed for as long as the table lives.
table_t *table_new (const column_t *columns, size_t count);

void table_destroy (table_t **self_p);

//  Add a row of as many cells as there are columns; each is taken, and freed with the table.
void table_add (table_t *self, char *const *cells);

//  Print the titles and all rows, in lines of at most width columns (0: no limit).
void table_print (const table_t *self, FILE *stream, size_t width);

//  The text as it can be shown: what would move a terminal's cursor or change its colours is
//  replaced, and so is what is no UTF-8. The caller frees it.
char *table_printable (const char *text, size_t size);

#endif
