//  SPDX-License-Identifier: Apache-2.0
#include "query/print_answers.h"

#include <stdio.h>

#include "common/msgpack_json.h"

//  One line of a table: the members of a map, as texts.
typedef struct {
    const char *member;
    const char *title;
    int width;
} column_t;

static const column_t s_columns[] = {{"id", "ID", 36}, {"type", "TYPE", 12}, {"speed", "SPEED", 12},
    {"mission", "MISSION", 14}, {"status", "STATUS", 9}, {"lastMessageNumber", "NUMBER", 8},
    {"lastMessageTime", "TIME", 27}};

//  The member of a map as a text for people; the caller frees it.
static char *
s_member (text_t map, const char *member)
{
    msgpack_reader_t reader;
    uint32_t pairs = 0;
    msgpack_reader_init (&reader, map.data, map.size);
    bool good = msgpack_read_map (&reader, &pairs);
    for (; good && pairs > 0; pairs--) {
        text_t key;
        text_t text;
        int64_t number = 0;
        good = msgpack_read_str (&reader, &key);
        if (!good || !text_equal (key, text_from (member)))
            good = good && msgpack_skip (&reader);
        else if (msgpack_read_str (&reader, &text))
            return g_strndup (text.data, text.size);
        else if (msgpack_read_int (&reader, &number))
            return g_strdup_printf ("%lld", (long long) number);
        else
            break;
    }
    return g_strdup ("-");
}

static void
s_print_titles (void)
{
    for (size_t index = 0; index < G_N_ELEMENTS (s_columns); index++)
        printf ("%-*s ", s_columns[index].width, s_columns[index].title);
    printf ("\n");
}

static void
s_print_row (text_t rocket)
{
    for (size_t index = 0; index < G_N_ELEMENTS (s_columns); index++) {
        char *value = s_member (rocket, s_columns[index].member);
        printf ("%-*s ", s_columns[index].width, value);
        g_free (value);
    }
    printf ("\n");
}

static void
s_print_json (text_t map)
{
    json_writer_t *json = json_writer_new ();
    if (msgpack_json_write (json, map)) {
        text_t text = json_writer_text (json);
        printf ("%.*s\n", (int) text.size, text.data);
    }
    json_writer_destroy (&json);
}

//  The rockets of all lists, in order, each as its map.
static GArray *
s_merge (const list_query_t *list, const GPtrArray *answers)
{
    GArray *entries = g_array_new (FALSE, TRUE, sizeof (query_entry_t));
    for (guint index = 0; index < answers->len; index++) {
        answer_t *answer = answers->pdata[index];
        if (!answer->bytes || !query_collect (&list->order, &answer->reply, entries))
            fprintf (stderr, "downlink-query: no list from %s\n", answer->processor);
    }
    query_sort_entries (&list->order, entries);
    if (entries->len > list->limit)
        g_array_set_size (entries, list->limit);
    return entries;
}

static void
s_print_list (const list_query_t *list, const GPtrArray *answers, bool as_json)
{
    GArray *entries = s_merge (list, answers);
    if (!as_json)
        s_print_titles ();
    for (guint index = 0; index < entries->len; index++) {
        text_t rocket = g_array_index (entries, query_entry_t, index).rocket;
        if (as_json)
            s_print_json (rocket);
        else
            s_print_row (rocket);
    }
    g_array_unref (entries);
}

//  Of all processors at most one owns a rocket's partition. Returns true if it was found there.
static bool
s_print_rocket (text_t id, const GPtrArray *answers, bool as_json)
{
    for (guint index = 0; index < answers->len; index++) {
        const answer_t *answer = answers->pdata[index];
        if (!answer->bytes || answer->reply.status != 200)
            continue;
        if (as_json)
            s_print_json (answer->reply.rocket);
        else {
            s_print_titles ();
            s_print_row (answer->reply.rocket);
        }
        return true;
    }
    fprintf (stderr, "downlink-query: there is no rocket '%.*s'\n", (int) id.size, id.data);
    return false;
}

static void
s_print_each (const query_t *query, const GPtrArray *answers, bool as_json)
{
    for (guint index = 0; index < answers->len; index++) {
        const answer_t *answer = answers->pdata[index];
        if (!answer->bytes)
            continue;
        if (query->op == QUERY_PING)
            printf (as_json ? "{\"processor\":\"%s\",\"alive\":true}\n" : "%s is alive\n",
                answer->processor);
        else if (as_json)
            s_print_json (answer->reply.stats);
        else {
            printf ("%s: ", answer->processor);
            s_print_json (answer->reply.stats);
        }
    }
}

int
print_answers (const query_t *query, const GPtrArray *answers, bool as_json)
{
    int status = 0;
    for (guint index = 0; index < answers->len; index++) {
        const answer_t *answer = answers->pdata[index];
        if (!answer->bytes) {
            fprintf (stderr, "downlink-query: %s does not answer\n", answer->processor);
            status = 1;
        }
    }
    if (query->op == QUERY_GET)
        status = s_print_rocket (query->id, answers, as_json) ? 0 : 1;
    else if (query->op == QUERY_LIST)
        s_print_list (&query->list, answers, as_json);
    else
        s_print_each (query, answers, as_json);
    return status;
}
