//  Arrays as parameters of statements, in PostgreSQL's binary format: a header, then a size and the
//  bytes of each element. (array_recv in src/backend/utils/adt/arrayfuncs.c)
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_POSTGRES_ARRAY_H
#define DOWNLINK_POSTGRES_ARRAY_H

#include <glib.h>

#include "processor/postgres/postgres_link.h"

typedef struct {
    postgres_type_t type;  //  of the array, for example POSTGRES_TEXT_ARRAY
    GByteArray *bytes;
    uint32_t count;
} postgres_array_t;

void postgres_array_init (postgres_array_t *self, postgres_type_t type);

//  Free what the array holds.
void postgres_array_clear (postgres_array_t *self);

//  Remove all elements, and keep the memory.
void postgres_array_empty (postgres_array_t *self);

//  Append an element of bytes or text; NULL is SQL's NULL.
void postgres_array_append (postgres_array_t *self, const void *bytes, size_t size);

void postgres_array_append_bigint (postgres_array_t *self, int64_t number);
void postgres_array_append_int (postgres_array_t *self, int32_t number);

//  Add the array to the parameters, which borrow it.
void postgres_array_add (postgres_array_t *self, postgres_parameters_t *parameters);

#endif
