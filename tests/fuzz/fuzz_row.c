//  Fuzz rows of rockets in PostgreSQL. The first byte chooses: 'w', a rocket of the input is
//  written as a row and must be read as itself; else the row is damaged, and is refused or makes a
//  rocket.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/postgres/postgres_array.h"
#include "processor/save/postgres_rows.h"
#include "tests/fuzz/input.h"

#define COLUMNS 17
#define TEXT_MAX 254   //  the byte in front of a text; one more is no text
#define ARRAY_HEAD 20  //  of PostgreSQL, in front of the only element
#define RANGES_MAX 8

static text_t
s_text (input_t *input)
{
    size_t size = input_byte (input);
    if (size > TEXT_MAX)
        return (text_t){0};
    text_t text = text_of ((const char *) input->data, MIN (size, input->size));
    input->data += text.size;
    input->size -= text.size;
    return text.size > 0 ? text : text_from ("");
}

static int64_t
s_number (input_t *input)
{
    uint64_t number = 0;
    for (int count = input_byte (input) % 9; count > 0; count--)
        number = number << 8 | input_byte (input);
    return (int64_t) number;
}

//  Put columns of a result into its only row.
static void
s_set (PGresult *result, int column, const void *bytes, size_t size)
{
    int is_set = PQsetvalue (result, 0, column, (char *) (gpointer) bytes, bytes ? (int) size : -1);
    g_assert (is_set);
}

static PGresult *
s_new_result (void)
{
    PGresAttDesc columns[COLUMNS];
    memset (columns, 0, sizeof columns);
    for (int column = 0; column < COLUMNS; column++) {
        columns[column].name = (char *) "column";
        columns[column].format = 1;
    }
    PGresult *result = PQmakeEmptyPGresult (NULL, PGRES_TUPLES_OK);
    g_assert (result && PQsetResultAttrs (result, COLUMNS, columns));
    return result;
}

//  Make a row of the parameters of a save: each is an array with one element.
static PGresult *
s_row_of (const postgres_parameters_t *parameters)
{
    PGresult *result = s_new_result ();
    g_assert (parameters->count == COLUMNS);
    for (int column = 0; column < COLUMNS; column++) {
        const char *element = parameters->values[column] + ARRAY_HEAD;
        uint32_t size = 0;
        memcpy (&size, element, sizeof size);
        size = GUINT32_FROM_BE (size);
        bool is_null = size == UINT32_MAX;
        g_assert (is_null || ARRAY_HEAD + sizeof size + size == (size_t) parameters->sizes[column]);
        s_set (result, column, is_null ? NULL : element + sizeof size, size);
    }
    return result;
}

static void
s_check_equal (const rocket_view_t *one, const rocket_view_t *other)
{
    g_assert (text_equal (one->id, other->id) && text_equal (one->type, other->type));
    g_assert (text_equal (one->mission, other->mission));
    g_assert (text_equal (one->explosion_reason, other->explosion_reason));
    g_assert (one->speed == other->speed && one->status == other->status);
    g_assert (one->last_number == other->last_number && one->applied == other->applied);
    g_assert (one->seen_count == other->seen_count);
}

static void
s_restore (const rocket_view_t *view)
{
    static text_pool_t *pool;
    if (!pool)
        pool = text_pool_new ();
    rocket_t *rocket = rocket_restore (view, pool);
    if (rocket)
        rocket_destroy (&rocket, pool);
}

static void
s_write (input_t *input)
{
    static postgres_rows_t *rows;
    number_range_t seen[RANGES_MAX];
    rocket_view_t view = {.seen = seen};
    rocket_view_t again;
    if (!rows)
        rows = postgres_rows_new ();
    view.id = s_text (input);
    view.type = s_text (input);
    view.mission = s_text (input);
    view.explosion_reason = s_text (input);
    view.speed = s_number (input);
    view.status = (rocket_status_t) (input_byte (input) % (ROCKET_FORGOTTEN + 1));
    view.last_number = (uint64_t) s_number (input);
    view.last_time_us = s_number (input);
    view.applied = (uint64_t) s_number (input);
    for (; input->size > 0 && view.seen_count < RANGES_MAX; view.seen_count++) {
        uint64_t first = (uint64_t) s_number (input);
        seen[view.seen_count] = (number_range_t){first, first + (uint64_t) s_number (input)};
    }
    postgres_parameters_t parameters = {0};
    postgres_rows_empty (rows);
    (void) postgres_rows_append (rows, &view);
    postgres_rows_add (rows, &parameters);
    PGresult *result = s_row_of (&parameters);
    g_assert (postgres_row_read (result, 0, &again));
    s_check_equal (&view, &again);
    s_restore (&again);
    PQclear (result);
}

//  Numbers have their size by their type; other columns have any.
static void
s_damage (input_t *input)
{
    static const bool is_number[COLUMNS] = {[2] = true,
        [6] = true,
        [7] = true,
        [8] = true,
        [9] = true,
        [10] = true,
        [11] = true,
        [12] = true,
        [13] = true,
        [16] = true};
    PGresult *result = s_new_result ();
    rocket_view_t view;
    for (int column = 0; column < COLUMNS; column++) {
        text_t text = is_number[column] ? (text_t){0} : s_text (input);
        int64_t number = is_number[column] ? s_number (input) : 0;
        uint64_t ordered = GUINT64_TO_BE ((uint64_t) number);
        if (is_number[column])
            s_set (result, column, &ordered, sizeof ordered);
        else
            s_set (result, column, text.data, text.size);
    }
    if (postgres_row_read (result, 0, &view))
        s_restore (&view);
    PQclear (result);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    if (input_byte (&input) == 'w')
        s_write (&input);
    else
        s_damage (&input);
    return 0;
}
