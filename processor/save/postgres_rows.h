//  Rockets as rows of the table downlink.rocket, in both directions.
//
//  PostgreSQL's text cannot hold U+0000. So U+0001 is an escape: "\1" "0" stands for U+0000, and
//  "\1" "1" for U+0001. The ids of rockets hold neither. One thread owns the rows.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_POSTGRES_ROWS_H
#define DOWNLINK_POSTGRES_ROWS_H

#include "common/domain/rocket.h"
#include "processor/postgres/postgres_link.h"

#define POSTGRES_ROW_GONE "gone"  //  the status of a row that a save removes

//  The columns of a rocket without its partition, in the order of the functions below.
#define POSTGRES_ROW_COLUMNS                                                                       \
    "id, type, speed, mission, status, explosion_reason, last_message_number,"                     \
    " last_message_time_us, messages_applied, conflicts, gaps_closed, type_number,"                \
    " mission_number, explosion_number, seen, hashes, checksum"

typedef struct postgres_rows postgres_rows_t;

postgres_rows_t *postgres_rows_new (void);
void postgres_rows_destroy (postgres_rows_t **self_p);

//  Remove all rows.
void postgres_rows_empty (postgres_rows_t *self);

//  Append a rocket. Return the bytes of all rows together.
size_t postgres_rows_append (postgres_rows_t *self, const rocket_view_t *rocket);

//  Return true if a rocket of the rows is gone: its row is to be removed.
bool postgres_rows_remove (const postgres_rows_t *self);

//  Add a parameter for each column, an array, which borrows the rows.
void postgres_rows_add (postgres_rows_t *self, postgres_parameters_t *parameters);

//  Read a row of a result with the columns above; call it once for each row, as it removes the
//  escapes in place. The view borrows from the result. Return false if the row is damaged.
bool postgres_row_read (const PGresult *result, int row, rocket_view_t *rocket)
    __attribute__ ((warn_unused_result));

#endif
