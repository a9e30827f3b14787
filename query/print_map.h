//  The members of a msgpack map, as people read them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PRINT_MAP_H
#define DOWNLINK_PRINT_MAP_H

#include <stddef.h>
#include <stdio.h>

#include "common/bytes/msgpack_reader.h"
#include "query/table.h"

//  Let the reader stand at the value of a member. False if there is none of this name.
bool map_find (text_t map, const char *member, msgpack_reader_t *reader)
    __attribute__ ((warn_unused_result));

//  A member as text: a number in digits, an array of pairs as ranges ("2-4, 7"), "-" for null and for
//  what is not there. The caller frees it.
char *map_member (text_t map, const char *member);

//  The columns of a table of rockets, and a row of one for its map.
#define ROCKET_COLUMNS 7
extern const column_t rocket_columns[ROCKET_COLUMNS];
void rocket_row (table_t *table, text_t rocket);

//  Print a line a member, names and values below each other; what does not fit in width (0: no
//  limit) goes on in the next line. except: a member that is left out; NULL for none.
void print_map (FILE *stream, text_t map, const char *except, size_t width);

#endif
