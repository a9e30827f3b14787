//  SPDX-License-Identifier: Apache-2.0
#include "query/watch_table.h"

#include <glib.h>
#include <stdio.h>

#include "common/text/terminal.h"
#include "query/map_print.h"

//  Control sequences of terminals.
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_REST_OF_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

#define LINES_BESIDES 3  //  the line above, the titles, and one line against scrolling
#define LINES_DEFAULT 24

typedef struct {
    char *id;
    GBytes *rocket;
    int64_t since_us;
} watch_row_t;

struct watch_table {
    GHashTable *rows;  //  of watch_row_t *, by id
    int64_t changes;   //  number of changes: they are newer than all found rockets
};

static void
s_free_row (void *data)
{
    watch_row_t *row = data;
    g_free (row->id);
    g_bytes_unref (row->rocket);
    g_free (row);
}

watch_table_t *
watch_table_new (void)
{
    watch_table_t *self = g_new0 (watch_table_t, 1);
    self->rows = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, s_free_row);
    self->changes = INT64_MAX / 2;
    fputs (ENTER, stdout);
    return self;
}

void
watch_table_destroy (watch_table_t **self_p)
{
    watch_table_t *self = *self_p;
    if (!self)
        return;
    fputs (LEAVE, stdout);
    fflush (stdout);
    g_hash_table_destroy (self->rows);
    g_free (self);
    *self_p = NULL;
}

static void
s_put (watch_table_t *self, text_t id, text_t rocket, int64_t since_us)
{
    char *name = g_strndup (id.data, id.size);
    watch_row_t *row = g_hash_table_lookup (self->rows, name);
    if (!row) {
        row = g_new0 (watch_row_t, 1);
        row->id = g_strdup (name);
        g_hash_table_insert (self->rows, row->id, row);
    }
    g_clear_pointer (&row->rocket, g_bytes_unref);
    row->rocket = g_bytes_new (rocket.data, rocket.size);
    row->since_us = MAX (row->since_us, since_us);
    g_free (name);
}

void
watch_table_changed (watch_table_t *self, text_t id, text_t rocket)
{
    s_put (self, id, rocket, ++self->changes);
}

void
watch_table_found (watch_table_t *self, text_t id, text_t rocket, int64_t since_us)
{
    s_put (self, id, rocket, since_us);
}

static gint
s_compare (gconstpointer a, gconstpointer b)
{
    const watch_row_t *one = *(watch_row_t *const *) a;
    const watch_row_t *other = *(watch_row_t *const *) b;
    if (one->since_us != other->since_us)
        return one->since_us > other->since_us ? -1 : 1;
    return strcmp (one->id, other->id);
}

//  Return all rows, the newest first. Remove the rows above the limit.
static GPtrArray *
s_sort (watch_table_t *self)
{
    GPtrArray *rows = g_ptr_array_new ();
    GHashTableIter iterator;
    gpointer row;
    g_hash_table_iter_init (&iterator, self->rows);
    while (g_hash_table_iter_next (&iterator, NULL, &row))
        g_ptr_array_add (rows, row);
    g_ptr_array_sort (rows, s_compare);
    while (rows->len > WATCH_TABLE_ROWS_MAX) {
        const watch_row_t *last = g_ptr_array_steal_index (rows, rows->len - 1);
        g_hash_table_remove (self->rows, last->id);
    }
    return rows;
}

//  Print a text so that its lines replace the old ones.
static void
s_overwrite (const char *text)
{
    for (const char *end; (end = strchr (text, '\n')); text = end + 1)
        printf ("%.*s" CLEAR_REST_OF_LINE "\n", (int) (end - text), text);
}

void
watch_table_draw (watch_table_t *self, const char *line)
{
    size_t height = terminal_height (stdout);
    size_t width = terminal_width (stdout);
    size_t shown = MAX (height ? height : LINES_DEFAULT, LINES_BESIDES + 1) - LINES_BESIDES;
    GPtrArray *rows = s_sort (self);
    table_t *table = table_new (map_rocket_columns, ROCKET_COLUMNS);
    for (guint index = 0; index < MIN (rows->len, shown); index++) {
        gsize size = 0;
        const char *rocket = g_bytes_get_data (((watch_row_t *) rows->pdata[index])->rocket, &size);
        map_rocket_row (table, text_of (rocket, size));
    }
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream (&text, &size);
    g_assert (stream);
    table_print (table, stream, width);
    fclose (stream);
    printf (HOME "%.*s" CLEAR_REST_OF_LINE "\n", width ? (int) width : -1, line);
    s_overwrite (text);
    fputs (CLEAR_BELOW, stdout);
    fflush (stdout);
    free (text);
    table_destroy (&table);
    g_ptr_array_unref (rows);
}
