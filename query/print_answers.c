//  SPDX-License-Identifier: Apache-2.0
#include "query/print_answers.h"

#include <stdio.h>

#include "common/bytes/msgpack_json.h"
#include "common/text/terminal.h"
#include "query/faults.h"
#include "query/map_print.h"
#include "query/protocol/cursor.h"
#include "query/protocol/list_merge.h"
#include "query/protocol/reply.h"

static const column_t s_partition_columns[] = {{"PARTITION", true, false}, {"EPOCH", true, false},
    {"ROCKETS", true, false}, {"UNSAVED", true, false}};
static const column_t s_lag_columns[] = {
    {"PARTITION", true, false}, {"LAG", true, false}, {"OLDEST (MS)", true, false}};

#define COLUMNS_MAX 4

static void
s_print_json (text_t map)
{
    json_writer_t *json = json_writer_new ();
    if (msgpack_json_write (json, map)) {
        text_t text = json_writer_text (json);
        printf ("%.*s\n", (int) text.size, text.data);
    }
    else
        fprintf (stderr, "downlink-query: an answer cannot be shown as JSON\n");
    json_writer_destroy (&json);
}

//  Merge the lists of all processors. Return false if one of them sent no list.
static bool
s_merge (list_merge_t *merge, const GPtrArray *answers)
{
    bool are_whole = true;
    for (guint index = 0; index < answers->len; index++) {
        const processor_answer_t *answer = answers->pdata[index];
        const reply_t *reply = &answer->reply;
        if (!answer->bytes || (reply->status == 200 && list_merge_add (merge, reply)))
            continue;
        are_whole = false;
        fprintf (stderr, "downlink-query: no list from %s: %s\n", answer->processor,
            reply->status == 503 ? "it has too much to do, ask again later"
                                 : "it answers what is no list");
    }
    list_merge_end (merge);
    return are_whole;
}

//  Print that the list goes on, and the flag for the next page.
static void
s_tell_more (const list_merge_t *merge)
{
    guint count = merge->entries->len;
    const reply_entry_t *last = &g_array_index (merge->entries, reply_entry_t, count - 1);
    char *cursor = cursor_write (&merge->list->order, &last->place);
    fprintf (stderr,
        "downlink-query: more rockets follow these %u: go on with --cursor %s, or ask for up to %d "
        "with --limit\n",
        count, cursor, QUERY_LIMIT_MAX);
    g_free (cursor);
}

//  Return false if a processor has answered without its list.
static bool
s_print_list (const list_query_t *list, const GPtrArray *answers, bool as_json)
{
    list_merge_t merge;
    list_merge_begin (&merge, list);
    bool are_whole = s_merge (&merge, answers);
    table_t *table = table_new (map_rocket_columns, ROCKET_COLUMNS);
    for (guint index = 0; index < merge.entries->len; index++) {
        text_t rocket = g_array_index (merge.entries, reply_entry_t, index).rocket;
        if (as_json)
            s_print_json (rocket);
        else
            map_rocket_row (table, rocket);
    }
    if (!as_json)
        table_print (table, stdout, terminal_width (stdout));
    if (merge.more && merge.entries->len > 0)
        s_tell_more (&merge);
    table_destroy (&table);
    list_merge_free (&merge);
    return are_whole;
}

//  Print the rocket of the one processor that owns its partition. Return true if there is one.
static bool
s_print_rocket (text_t id, const GPtrArray *answers, bool as_json)
{
    bool has_owner = false;
    for (guint index = 0; index < answers->len; index++) {
        const processor_answer_t *answer = answers->pdata[index];
        has_owner = has_owner || (answer->bytes && answer->reply.status == 404);
        if (!answer->bytes || answer->reply.status != 200)
            continue;
        if (as_json)
            s_print_json (answer->reply.rocket);
        else
            map_print (stdout, answer->reply.rocket, NULL, terminal_width (stdout));
        return true;
    }
    char *shown = table_printable (id.data, id.size);
    if (has_owner)
        fprintf (stderr, "downlink-query: there is no rocket '%s'\n", shown);
    else
        fprintf (stderr,
            "downlink-query: the processor that owns the rocket '%s' does not answer: it may be "
            "there\n",
            shown);
    g_free (shown);
    return false;
}

//  Print an array of arrays of numbers as a table. Print nothing if it is empty.
static void
s_print_rows (msgpack_reader_t *reader, const column_t *columns, size_t width)
{
    table_t *table = table_new (columns, width);
    uint32_t rows = 0;
    bool good = msgpack_read_array (reader, &rows);
    bool is_any = rows > 0;
    for (; good && rows > 0; rows--) {
        uint32_t members = 0;
        uint64_t values[COLUMNS_MAX];
        char *cells[COLUMNS_MAX];
        good = msgpack_read_array (reader, &members) && members == width;
        for (size_t index = 0; good && index < width; index++)
            good = msgpack_read_uint (reader, &values[index]);
        for (size_t index = 0; good && index < width; index++)
            cells[index] = g_strdup_printf ("%" G_GUINT64_FORMAT, values[index]);
        if (good)
            table_add (table, cells);
    }
    if (is_any) {
        printf ("\n");
        table_print (table, stdout, terminal_width (stdout));
    }
    table_destroy (&table);
}

//  Print the counters, the owned partitions, and their lag behind a bus that keeps messages.
static void
s_print_stats (const processor_answer_t *answer, bool is_first)
{
    text_t stats = answer->reply.stats;
    msgpack_reader_t reader;
    printf ("%s%s\n", is_first ? "" : "\n", answer->processor);
    map_print (stdout, stats, "owned", terminal_width (stdout));
    if (map_find (stats, "owned", &reader))
        s_print_rows (&reader, s_partition_columns, G_N_ELEMENTS (s_partition_columns));
    if (map_find (stats, "bus", &reader)) {
        text_t bus = text_of ((const char *) reader.at, (size_t) (reader.end - reader.at));
        if (map_find (bus, "lag", &reader))
            s_print_rows (&reader, s_lag_columns, G_N_ELEMENTS (s_lag_columns));
    }
}

static void
s_print_each (const query_t *query, const GPtrArray *answers, bool as_json)
{
    bool is_first = true;
    for (guint index = 0; index < answers->len; index++) {
        const processor_answer_t *answer = answers->pdata[index];
        if (!answer->bytes)
            continue;
        if (query->op == QUERY_PING)
            printf (as_json ? "{\"processor\":\"%s\",\"alive\":true}\n" : "%s is alive\n",
                answer->processor);
        else if (as_json)
            s_print_json (answer->reply.stats);
        else
            s_print_stats (answer, is_first);
        is_first = false;
    }
}

static bool
s_is_any (const GPtrArray *answers)
{
    for (guint index = 0; index < answers->len; index++)
        if (((const processor_answer_t *) answers->pdata[index])->bytes)
            return true;
    return false;
}

int
print_found (const query_t *query, const GPtrArray *found, bool as_json)
{
    coverage_t coverage;
    GPtrArray *faults = faults_new ();
    coverage_of_stats (&coverage, found);
    faults_of_answers (faults, found);
    s_print_each (query, found, as_json);
    faults_of_lost (faults, found);
    if (query->op == QUERY_STATS)
        faults_of_coverage (faults, &coverage);
    faults_of_states (faults, found);
    return faults_print (&faults) ? 1 : 0;
}

int
print_answers (const query_t *query, const GPtrArray *found, const GPtrArray *answers, bool as_json)
{
    coverage_t coverage;
    GPtrArray *faults = faults_new ();
    coverage_of_lists (&coverage, found, answers);
    faults_of_answers (faults, found);
    faults_of_answers (faults, answers);
    bool are_whole = !faults_print (&faults);
    if (!s_is_any (answers))
        return 1;
    if (query->op == QUERY_GET)
        return s_print_rocket (query->id, answers, as_json) ? 0 : 1;
    bool is_good = s_print_list (&query->list, answers, as_json) && are_whole;
    faults = faults_new ();
    faults_of_coverage (faults, &coverage);
    return faults_print (&faults) || !is_good ? 1 : 0;
}

bool
answers_are_early (const query_t *query, const GPtrArray *found, const GPtrArray *answers)
{
    coverage_t coverage;
    bool is_settled = false;
    for (guint index = 0; index < found->len; index++)
        if (!((const processor_answer_t *) found->pdata[index])->bytes)
            return false;
    for (guint index = 0; index < answers->len; index++) {
        const processor_answer_t *answer = answers->pdata[index];
        if (!answer->bytes)
            return false;
        is_settled = is_settled || answer->reply.status != 421;
    }
    if (query->op == QUERY_GET)
        return !is_settled;
    coverage_of_lists (&coverage, found, answers);
    return coverage_missing (&coverage) > 0;
}
