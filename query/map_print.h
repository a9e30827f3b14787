//  The members of a msgpack map, as people read them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MAP_PRINT_H
#define DOWNLINK_MAP_PRINT_H

#include <stddef.h>
#include <stdio.h>

#include "common/bytes/msgpack_reader.h"
#include "query/table.h"

//  Let the reader stand at the value of a member. False if there is none of this name.
bool map_find (text_t map, const char *member, msgpack_reader_t *reader)
    __attribute__ ((warn_unused_result));

//  The columns of a table of rockets, and a row of one for its map.
#define ROCKET_COLUMNS 7
extern const column_t map_rocket_columns[ROCKET_COLUMNS];
void map_rocket_row (table_t *table, text_t rocket);

//  Print a line a member, names and values below each other; what does not fit in width (0: no
//  limit) goes on in the next line. except: a member that is left out; NULL for none.
void map_print (FILE *stream, text_t map, const char *except, size_t width);

#endif
