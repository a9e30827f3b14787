//  SPDX-License-Identifier: Apache-2.0
#include "processor/postgres/postgres_array.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#define SQL_NULL UINT32_MAX  //  in place of a size

typedef struct {
    uint32_t dimensions;
    uint32_t has_nulls;
    uint32_t element_type;
    uint32_t count;
    uint32_t first_index;
} array_header_t;

void
postgres_array_init (postgres_array_t *self, postgres_type_t type)
{
    *self = (postgres_array_t){.type = type, .bytes = g_byte_array_new ()};
    postgres_array_empty (self);
}

void
postgres_array_clear (postgres_array_t *self)
{
    g_clear_pointer (&self->bytes, g_byte_array_unref);
}

void
postgres_array_empty (postgres_array_t *self)
{
    self->count = 0;
    g_byte_array_set_size (self->bytes, sizeof (array_header_t));
}

static void
s_append_size (postgres_array_t *self, uint32_t size)
{
    uint32_t ordered = htonl (size);
    g_byte_array_append (self->bytes, (const uint8_t *) &ordered, sizeof ordered);
    self->count++;
}

void
postgres_array_append (postgres_array_t *self, const void *bytes, size_t size)
{
    s_append_size (self, bytes ? (uint32_t) size : SQL_NULL);
    if (bytes)
        g_byte_array_append (self->bytes, bytes, (guint) size);
}

void
postgres_array_append_bigint (postgres_array_t *self, int64_t number)
{
    uint64_t ordered = htobe64 ((uint64_t) number);
    postgres_array_append (self, &ordered, sizeof ordered);
}

void
postgres_array_append_int (postgres_array_t *self, int32_t number)
{
    uint32_t ordered = htonl ((uint32_t) number);
    postgres_array_append (self, &ordered, sizeof ordered);
}

static postgres_type_t
s_element_type (postgres_type_t type)
{
    switch (type) {
    case POSTGRES_BYTES_ARRAY:
        return POSTGRES_BYTES;
    case POSTGRES_INT_ARRAY:
        return POSTGRES_INT;
    case POSTGRES_BIGINT_ARRAY:
        return POSTGRES_BIGINT;
    default:
        return POSTGRES_TEXT;
    }
}

void
postgres_array_add (postgres_array_t *self, postgres_parameters_t *parameters)
{
    array_header_t header = {.dimensions = htonl (1),
        .has_nulls = htonl (1),
        .element_type = htonl (s_element_type (self->type)),
        .count = htonl (self->count),
        .first_index = htonl (1)};
    memcpy (self->bytes->data, &header, sizeof header);
    postgres_add (parameters, self->type, self->bytes->data, self->bytes->len);
}
