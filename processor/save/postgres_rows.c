//  SPDX-License-Identifier: Apache-2.0
#include "processor/save/postgres_rows.h"

#include <glib.h>

#include "processor/postgres/postgres_array.h"
#include "processor/save/row_checksum.h"

#define ESCAPE '\1'

typedef enum {
    COLUMN_ID,
    COLUMN_TYPE,
    COLUMN_SPEED,
    COLUMN_MISSION,
    COLUMN_STATUS,
    COLUMN_EXPLOSION_REASON,
    COLUMN_LAST_NUMBER,
    COLUMN_LAST_TIME,
    COLUMN_APPLIED,
    COLUMN_CONFLICTS,
    COLUMN_GAPS_CLOSED,
    COLUMN_TYPE_NUMBER,
    COLUMN_MISSION_NUMBER,
    COLUMN_EXPLOSION_NUMBER,
    COLUMN_SEEN,
    COLUMN_HASHES,
    COLUMN_CHECKSUM,
    COLUMNS
} column_t;

struct postgres_rows {
    postgres_array_t columns[COLUMNS];
    bool has_gone;  //  a rocket is gone
    GByteArray *escaped;
};

static postgres_type_t
s_array_type (column_t column)
{
    switch (column) {
    case COLUMN_ID:
    case COLUMN_TYPE:
    case COLUMN_MISSION:
    case COLUMN_STATUS:
    case COLUMN_EXPLOSION_REASON:
        return POSTGRES_TEXT_ARRAY;
    case COLUMN_SEEN:
    case COLUMN_HASHES:
        return POSTGRES_BYTES_ARRAY;
    default:
        return POSTGRES_BIGINT_ARRAY;
    }
}

postgres_rows_t *
postgres_rows_new (void)
{
    postgres_rows_t *self = g_new0 (postgres_rows_t, 1);
    for (column_t column = 0; column < COLUMNS; column++)
        postgres_array_init (&self->columns[column], s_array_type (column));
    self->escaped = g_byte_array_new ();
    return self;
}

void
postgres_rows_destroy (postgres_rows_t **self_p)
{
    postgres_rows_t *self = *self_p;
    if (!self)
        return;
    for (column_t column = 0; column < COLUMNS; column++)
        postgres_array_clear (&self->columns[column]);
    g_byte_array_unref (self->escaped);
    g_free (self);
    *self_p = NULL;
}

void
postgres_rows_empty (postgres_rows_t *self)
{
    self->has_gone = false;
    for (column_t column = 0; column < COLUMNS; column++)
        postgres_array_empty (&self->columns[column]);
}

static bool
s_needs_escape (text_t text)
{
    return text.size > 0 &&
           (memchr (text.data, '\0', text.size) || memchr (text.data, ESCAPE, text.size));
}

static void
s_append_text (postgres_rows_t *self, column_t column, text_t text)
{
    if (!s_needs_escape (text)) {
        postgres_array_append (&self->columns[column], text.data, text.size);
        return;
    }
    g_byte_array_set_size (self->escaped, 0);
    for (size_t at = 0; at < text.size; at++) {
        bool is_plain = text.data[at] != '\0' && text.data[at] != ESCAPE;
        const char pair[2] = {ESCAPE, text.data[at] == ESCAPE ? '1' : '0'};
        g_byte_array_append (self->escaped, (const uint8_t *) (is_plain ? text.data + at : pair),
            is_plain ? 1 : sizeof pair);
    }
    postgres_array_append (&self->columns[column], self->escaped->data, self->escaped->len);
}

//  A rocket that is gone has a status of its own: the statement removes its row.
static text_t
s_status (rocket_status_t status)
{
    return text_from (status == ROCKET_GONE ? POSTGRES_ROW_GONE : rocket_status_name (status));
}

size_t
postgres_rows_append (postgres_rows_t *self, const rocket_view_t *rocket)
{
    self->has_gone = self->has_gone || rocket->status == ROCKET_GONE;
    const struct {
        column_t column;
        int64_t number;
    } numbers[] = {{COLUMN_SPEED, rocket->speed},
        {COLUMN_LAST_NUMBER, (int64_t) rocket->last_number},
        {COLUMN_LAST_TIME, rocket->last_time_us}, {COLUMN_APPLIED, (int64_t) rocket->applied},
        {COLUMN_CONFLICTS, (int64_t) rocket->conflicts},
        {COLUMN_GAPS_CLOSED, (int64_t) rocket->gaps_closed},
        {COLUMN_TYPE_NUMBER, (int64_t) rocket->type_number},
        {COLUMN_MISSION_NUMBER, (int64_t) rocket->mission_number},
        {COLUMN_EXPLOSION_NUMBER, (int64_t) rocket->explosion_number},
        {COLUMN_CHECKSUM, row_checksum (rocket)}};
    for (size_t index = 0; index < G_N_ELEMENTS (numbers); index++)
        postgres_array_append_bigint (&self->columns[numbers[index].column], numbers[index].number);
    s_append_text (self, COLUMN_ID, rocket->id);
    s_append_text (self, COLUMN_TYPE, rocket->type);
    s_append_text (self, COLUMN_MISSION, rocket->mission);
    s_append_text (self, COLUMN_STATUS, s_status (rocket->status));
    s_append_text (self, COLUMN_EXPLOSION_REASON, rocket->explosion_reason);
    postgres_array_append (&self->columns[COLUMN_SEEN],
        rocket->seen_count ? (const void *) rocket->seen : "",
        rocket->seen_count * sizeof *rocket->seen);
    postgres_array_append (&self->columns[COLUMN_HASHES], rocket->hashes, sizeof rocket->hashes);
    size_t bytes = 0;
    for (column_t column = 0; column < COLUMNS; column++)
        bytes += self->columns[column].bytes->len;
    return bytes;
}

bool
postgres_rows_remove (const postgres_rows_t *self)
{
    return self->has_gone;
}

void
postgres_rows_add (postgres_rows_t *self, postgres_parameters_t *parameters)
{
    for (column_t column = 0; column < COLUMNS; column++)
        postgres_array_add (&self->columns[column], parameters);
}

//  Remove the escapes of a text in place. Return false if it ends with half an escape.
static bool
s_remove_escapes (char *bytes, size_t *size)
{
    size_t to = 0;
    for (size_t from = 0; from < *size; from++, to++) {
        bool is_escape = bytes[from] == ESCAPE;
        if (is_escape && (++from == *size || (bytes[from] != '0' && bytes[from] != '1')))
            return false;
        bytes[to] = is_escape ? (bytes[from] == '1' ? ESCAPE : '\0') : bytes[from];
    }
    *size = to;
    return true;
}

static bool
s_read_text (const PGresult *result, int row, column_t column, text_t *text)
{
    *text = (text_t){0};
    if (PQgetisnull (result, row, (int) column))
        return true;
    char *bytes = PQgetvalue (result, row, (int) column);
    size_t size = (size_t) PQgetlength (result, row, (int) column);
    bool good = !memchr (bytes, ESCAPE, size) || s_remove_escapes (bytes, &size);
    *text = text_of (bytes, size);
    return good;
}

bool
postgres_row_read (const PGresult *result, int row, rocket_view_t *rocket)
{
    text_t status = {0};
    const char *seen = PQgetvalue (result, row, COLUMN_SEEN);
    size_t seen_size = (size_t) PQgetlength (result, row, COLUMN_SEEN);
    int64_t numbers[COLUMNS] = {0};
    for (column_t column = 0; column < COLUMNS; column++)
        if (s_array_type (column) == POSTGRES_BIGINT_ARRAY)
            numbers[column] = postgres_bigint (result, row, (int) column);
    *rocket = (rocket_view_t){.speed = numbers[COLUMN_SPEED],
        .last_number = (uint64_t) numbers[COLUMN_LAST_NUMBER],
        .last_time_us = numbers[COLUMN_LAST_TIME],
        .applied = (uint64_t) numbers[COLUMN_APPLIED],
        .conflicts = (uint64_t) numbers[COLUMN_CONFLICTS],
        .gaps_closed = (uint64_t) numbers[COLUMN_GAPS_CLOSED],
        .type_number = (uint64_t) numbers[COLUMN_TYPE_NUMBER],
        .mission_number = (uint64_t) numbers[COLUMN_MISSION_NUMBER],
        .explosion_number = (uint64_t) numbers[COLUMN_EXPLOSION_NUMBER],
        .seen = (const number_range_t *) (gconstpointer) seen,
        .seen_count = seen_size / sizeof (number_range_t)};
    if (!s_read_text (result, row, COLUMN_ID, &rocket->id) ||
        !s_read_text (result, row, COLUMN_TYPE, &rocket->type) ||
        !s_read_text (result, row, COLUMN_MISSION, &rocket->mission) ||
        !s_read_text (result, row, COLUMN_STATUS, &status) ||
        !s_read_text (result, row, COLUMN_EXPLOSION_REASON, &rocket->explosion_reason) ||
        !rocket_status_of_stored (status, &rocket->status) ||
        seen_size % sizeof (number_range_t) != 0 ||
        (size_t) PQgetlength (result, row, COLUMN_HASHES) != sizeof rocket->hashes)
        return false;
    memcpy (rocket->hashes, PQgetvalue (result, row, COLUMN_HASHES), sizeof rocket->hashes);
    return row_checksum (rocket) == numbers[COLUMN_CHECKSUM];
}
