//  The members of a msgpack map as text for people.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MAP_PRINT_H
#define DOWNLINK_MAP_PRINT_H

#include <stddef.h>
#include <stdio.h>

#include "common/bytes/msgpack_reader.h"
#include "query/table.h"

//  Move the reader to the value of a member. Return false if the map has no such member.
bool map_find (text_t map, const char *member, msgpack_reader_t *reader)
    __attribute__ ((warn_unused_result));

//  The columns of a table of rockets. Add the row of a rocket from its map.
#define ROCKET_COLUMNS 7
extern const column_t map_rocket_columns[ROCKET_COLUMNS];
void map_rocket_row (table_t *table, text_t rocket);

//  Print a line for each member, with aligned values. A longer line than width (0: no limit) goes
//  on in the next one. except: a member to leave out; NULL: none.
void map_print (FILE *stream, text_t map, const char *except, size_t width);

#endif
