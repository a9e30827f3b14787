//  SPDX-License-Identifier: Apache-2.0
#include "query/map_print.h"

#include <glib.h>

#include "common/text/terminal.h"

//  Append an element of an array: a range of numbers, or a text.
static bool
s_add_member (GString *text, msgpack_reader_t *reader)
{
    uint32_t ends = 0;
    uint64_t first = 0;
    uint64_t last = 0;
    text_t name;
    if (msgpack_read_str (reader, &name)) {
        char *shown = table_printable (name.data, name.size);
        g_string_append (text, shown);
        g_free (shown);
        return true;
    }
    if (!msgpack_read_array (reader, &ends) || ends != 2 || !msgpack_read_uint (reader, &first) ||
        !msgpack_read_uint (reader, &last))
        return false;
    g_string_append_printf (text, "%" G_GUINT64_FORMAT, first);
    if (last != first)
        g_string_append_printf (text, "-%" G_GUINT64_FORMAT, last);
    return true;
}

//  Return an array as text: [[2, 4], [7, 7]] becomes "2-4, 7"; ["a", "b"] becomes "a, b".
static char *
s_list (msgpack_reader_t *reader)
{
    GString *text = g_string_new (NULL);
    uint32_t count = 0;
    bool good = msgpack_read_array (reader, &count);
    for (; good && count > 0; count--) {
        if (text->len)
            g_string_append (text, ", ");
        good = s_add_member (text, reader);
    }
    if (text->len == 0)
        g_string_append_c (text, '-');
    return g_string_free (text, FALSE);
}

static char *s_value (msgpack_reader_t *reader);

//  Return a map as text: "kind sqlite, isAway no".
static char *
s_pairs (msgpack_reader_t *reader)
{
    GString *text = g_string_new (NULL);
    uint32_t pairs = 0;
    bool good = msgpack_read_map (reader, &pairs);
    for (; good && pairs > 0; pairs--) {
        text_t key;
        good = msgpack_read_str (reader, &key) && msgpack_peek (reader) != MSGPACK_MAP;
        char *value = good ? s_value (reader) : g_strdup ("-");
        char *shown = table_printable (good ? key.data : "-", good ? key.size : 1);
        g_string_append_printf (text, "%s%s %s", text->len ? ", " : "", shown, value);
        g_free (shown);
        g_free (value);
    }
    return g_string_free (text, FALSE);
}

//  Return the next value as text.
static char *
s_value (msgpack_reader_t *reader)
{
    text_t text;
    int64_t number = 0;
    bool is_true = false;
    if (msgpack_peek (reader) == MSGPACK_ARRAY)
        return s_list (reader);
    if (msgpack_peek (reader) == MSGPACK_MAP)
        return s_pairs (reader);
    if (msgpack_read_bool (reader, &is_true))
        return g_strdup (is_true ? "yes" : "no");
    if (msgpack_read_str (reader, &text))
        return table_printable (text.data, text.size);
    if (msgpack_read_int (reader, &number))
        return g_strdup_printf ("%" G_GINT64_FORMAT, number);
    return g_strdup ("-");
}

bool
map_find (text_t map, const char *member, msgpack_reader_t *reader)
{
    uint32_t pairs = 0;
    msgpack_reader_init (reader, map.data, map.size);
    bool good = msgpack_read_map (reader, &pairs);
    for (; good && pairs > 0; pairs--) {
        text_t key;
        good = msgpack_read_str (reader, &key);
        if (good && text_equal (key, text_from (member)))
            return true;
        good = good && msgpack_skip (reader);
    }
    return false;
}

//  Return a member as text, "-" if there is none; the caller frees it.
static char *
s_member (text_t map, const char *member)
{
    msgpack_reader_t reader;
    return map_find (map, member, &reader) ? s_value (&reader) : g_strdup ("-");
}

static const char *const s_rocket_members[ROCKET_COLUMNS] = {
    "id", "type", "speed", "mission", "status", "lastMessageNumber", "lastMessageTime"};

const column_t map_rocket_columns[ROCKET_COLUMNS] = {{"ID", false, false}, {"TYPE", false, false},
    {"SPEED", true, false}, {"MISSION", false, false}, {"STATUS", false, false},
    {"NUMBER", true, true}, {"TIME", false, true}};

void
map_rocket_row (table_t *table, text_t rocket)
{
    char *cells[ROCKET_COLUMNS];
    for (size_t index = 0; index < ROCKET_COLUMNS; index++)
        cells[index] = s_member (rocket, s_rocket_members[index]);
    table_add (table, cells);
}

//  Return the names of the members in their order; the caller frees them.
static GPtrArray *
s_names (text_t map)
{
    GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
    msgpack_reader_t reader;
    uint32_t pairs = 0;
    msgpack_reader_init (&reader, map.data, map.size);
    bool good = msgpack_read_map (&reader, &pairs);
    for (; good && pairs > 0; pairs--) {
        text_t key;
        good = msgpack_read_str (&reader, &key) && msgpack_skip (&reader);
        if (good)
            g_ptr_array_add (names, table_printable (key.data, key.size));
    }
    return names;
}

void
map_print (FILE *stream, text_t map, const char *except, size_t width)
{
    GPtrArray *names = s_names (map);
    size_t column = 0;
    for (guint index = 0; index < names->len; index++)
        column = MAX (column, strlen (names->pdata[index]) + 2);
    for (guint index = 0; index < names->len; index++) {
        const char *name = names->pdata[index];
        if (g_strcmp0 (name, except) == 0)
            continue;
        char *value = s_member (map, name);
        fprintf (stream, "%-*s", (int) column, name);
        terminal_wrap (stream, value, column, width);
        g_free (value);
    }
    g_ptr_array_unref (names);
}
