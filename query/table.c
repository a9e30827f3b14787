//  SPDX-License-Identifier: Apache-2.0
#include "query/table.h"

#include <glib.h>

#include "common/text/visible_text.h"

#define GAP 2
#define WIDTH_MIN 4  //  smallest width of a cut column
#define REPLACEMENT 0xfffd

struct table {
    const column_t *columns;
    size_t count;
    GPtrArray *cells;  //  row by row
};

//  The layout of the columns.
typedef struct {
    size_t *widths;
    size_t count;  //  of shown columns
} layout_t;

table_t *
table_new (const column_t *columns, size_t count)
{
    table_t *self = g_new0 (table_t, 1);
    self->columns = columns;
    self->count = count;
    self->cells = g_ptr_array_new_with_free_func (g_free);
    return self;
}

void
table_destroy (table_t **self_p)
{
    table_t *self = *self_p;
    if (!self)
        return;
    g_ptr_array_unref (self->cells);
    g_free (self);
    *self_p = NULL;
}

void
table_add (table_t *self, char *const *cells)
{
    for (size_t column = 0; column < self->count; column++)
        g_ptr_array_add (self->cells, cells[column]);
}

static size_t
s_width_of (gunichar character)
{
    return g_unichar_iszerowidth (character) ? 0 : g_unichar_iswide (character) ? 2 : 1;
}

//  Return the width of a text on the terminal.
static size_t
s_width (const char *text)
{
    size_t width = 0;
    for (const char *at = text; *at; at = g_utf8_next_char (at))
        width += s_width_of (g_utf8_get_char (at));
    return width;
}

static size_t
s_total (const layout_t *layout)
{
    size_t total = 0;
    for (size_t column = 0; column < layout->count; column++)
        total += layout->widths[column] + (column > 0 ? GAP : 0);
    return total;
}

//  Return the widest column that may be cut; NULL: there is none.
static size_t *
s_widest (const table_t *self, const layout_t *layout)
{
    size_t *widest = NULL;
    for (size_t column = 0; column < layout->count; column++) {
        size_t *width = &layout->widths[column];
        if (!self->columns[column].is_number && *width > WIDTH_MIN && (!widest || *width > *widest))
            widest = width;
    }
    return widest;
}

static void
s_fit (const table_t *self, layout_t *layout, size_t width)
{
    while (s_total (layout) > width && self->columns[layout->count - 1].is_optional)
        layout->count--;
    size_t *widest;
    while (s_total (layout) > width && (widest = s_widest (self, layout)))
        --*widest;
}

static void
s_measure (const table_t *self, layout_t *layout)
{
    for (size_t column = 0; column < self->count; column++)
        layout->widths[column] = s_width (self->columns[column].title);
    for (guint index = 0; index < self->cells->len; index++) {
        size_t *width = &layout->widths[index % self->count];
        *width = MAX (*width, s_width (self->cells->pdata[index]));
    }
}

static void
s_print_blanks (FILE *stream, size_t count)
{
    fprintf (stream, "%*s", (int) count, "");
}

//  Return the part of a text that fits, with a mark at the cut.
static void
s_print_cut (FILE *stream, const char *text, size_t width)
{
    size_t left = width - 1;
    const char *at = text;
    for (; s_width_of (g_utf8_get_char (at)) <= left; at = g_utf8_next_char (at))
        left -= s_width_of (g_utf8_get_char (at));
    fprintf (stream, "%.*s\u2026", (int) (at - text), text);
    s_print_blanks (stream, left);
}

static void
s_print_cell (FILE *stream, const char *text, size_t width, bool is_number, bool is_last)
{
    size_t taken = s_width (text);
    if (taken > width) {
        s_print_cut (stream, text, width);
        return;
    }
    if (is_number)
        s_print_blanks (stream, width - taken);
    fprintf (stream, "%s", text);
    if (!is_number && !is_last)
        s_print_blanks (stream, width - taken);
}

static void
s_print_row (const table_t *self, const layout_t *layout, FILE *stream, char *const *cells)
{
    for (size_t column = 0; column < layout->count; column++) {
        bool is_last = column + 1 == layout->count;
        const char *text = cells ? cells[column] : self->columns[column].title;
        s_print_cell (
            stream, text, layout->widths[column], self->columns[column].is_number, is_last);
        s_print_blanks (stream, is_last ? 0 : GAP);
    }
    fprintf (stream, "\n");
}

void
table_print (const table_t *self, FILE *stream, size_t width)
{
    layout_t layout = {g_new0 (size_t, self->count), self->count};
    s_measure (self, &layout);
    if (width > 0)
        s_fit (self, &layout, width);
    s_print_row (self, &layout, stream, NULL);
    for (guint index = 0; index < self->cells->len; index += (guint) self->count)
        s_print_row (self, &layout, stream, (char *const *) &self->cells->pdata[index]);
    g_free (layout.widths);
}

char *
table_printable (const char *text, size_t size)
{
    char *valid = g_utf8_make_valid (text, (gssize) size);
    GString *shown = g_string_new (NULL);
    for (const char *at = valid; *at; at = g_utf8_next_char (at)) {
        gunichar character = g_utf8_get_char (at);
        bool is_shown = g_unichar_isprint (character) && !character_is_hidden (character);
        g_string_append_unichar (shown, is_shown ? character : REPLACEMENT);
    }
    g_free (valid);
    return g_string_free (shown, FALSE);
}
