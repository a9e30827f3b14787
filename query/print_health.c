//  SPDX-License-Identifier: Apache-2.0
#include "query/print_health.h"

#include <stdio.h>

#include "common/bytes/json_writer.h"
#include "common/text/terminal.h"
#include "query/table.h"

static const column_t s_processor_columns[] = {{"PROCESSOR", false, false}, {"UP FOR", true, false},
    {"PARTITIONS", true, false}, {"ROCKETS", true, false}, {"UNSAVED", true, false},
    {"STORE", false, true}};
static const column_t s_gateway_columns[] = {{"GATEWAY", false, false}, {"UP FOR", true, false},
    {"BUFFERED", true, false}, {"OF", true, false}, {"LAG", true, false}, {"JOURNAL", true, true},
    {"ALARMS", true, false}};

#define PROCESSOR_COLUMNS G_N_ELEMENTS (s_processor_columns)
#define GATEWAY_COLUMNS G_N_ELEMENTS (s_gateway_columns)

static char *
s_number (uint64_t number)
{
    return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
}

//  Return a duration in its largest unit: "35 s", "12 min", "5 h", "3 d".
static char *
s_duration (uint64_t ms)
{
    uint64_t seconds = ms / 1000;
    if (seconds < 60)
        return g_strdup_printf ("%" G_GUINT64_FORMAT " s", seconds);
    if (seconds < 60 * 60)
        return g_strdup_printf ("%" G_GUINT64_FORMAT " min", seconds / 60);
    if (seconds < 24 * 60 * 60)
        return g_strdup_printf ("%" G_GUINT64_FORMAT " h", seconds / (60 * 60));
    return g_strdup_printf ("%" G_GUINT64_FORMAT " d", seconds / (24 * 60 * 60));
}

static uint64_t
s_alarms (const gateway_stats_t *gateway)
{
    uint64_t sum = gateway->set_aside_frames;
    for (size_t alarm = 0; alarm < ALARMS_COUNT; alarm++)
        sum += gateway->alarms[alarm];
    return sum;
}

//  Fill the cells of a row that has only a name.
static void
s_blank (char **cells, size_t count, const char *name)
{
    cells[0] = g_strdup (name);
    for (size_t index = 1; index < count; index++)
        cells[index] = g_strdup ("-");
}

static void
s_print_processors (const health_t *health)
{
    table_t *table = table_new (s_processor_columns, PROCESSOR_COLUMNS);
    for (guint index = 0; index < health->processors->len; index++) {
        const processor_health_t *one =
            &g_array_index (health->processors, processor_health_t, index);
        char *cells[PROCESSOR_COLUMNS];
        if (one->is_up) {
            cells[0] = g_strdup (one->place);
            cells[1] = s_duration (one->uptime_ms);
            cells[2] = s_number (one->partitions);
            cells[3] = s_number (one->rockets);
            cells[4] = s_number (one->unsaved);
            cells[5] = g_strdup_printf ("%s%s", *one->store ? one->store : "-",
                one->is_store_away ? ", does not answer" : "");
        }
        else
            s_blank (cells, PROCESSOR_COLUMNS, one->place);
        table_add (table, cells);
    }
    table_print (table, stdout, terminal_width (stdout));
    table_destroy (&table);
}

static void
s_print_gateways (const health_t *health)
{
    table_t *table = table_new (s_gateway_columns, GATEWAY_COLUMNS);
    for (guint index = 0; index < health->gateways->len; index++) {
        const gateway_stats_t *one = health->gateways->pdata[index];
        char *cells[GATEWAY_COLUMNS];
        if (one->fault)
            s_blank (cells, GATEWAY_COLUMNS, one->place);
        else {
            cells[0] = g_strdup (one->place);
            cells[1] = s_duration (one->uptime_ms);
            cells[2] = s_number (one->buffered);
            cells[3] = s_number (one->buffer_limit);
            cells[4] = g_strdup_printf ("%.1f s", one->oldest_s);
            cells[5] = one->journal_limit
                           ? g_format_size_full (one->journal_bytes, G_FORMAT_SIZE_IEC_UNITS)
                           : g_strdup ("-");
            cells[6] = s_number (s_alarms (one));
        }
        table_add (table, cells);
    }
    printf ("\n");
    table_print (table, stdout, terminal_width (stdout));
    table_destroy (&table);
}

static uint64_t
s_rockets (const health_t *health)
{
    uint64_t sum = 0;
    for (guint index = 0; index < health->processors->len; index++)
        sum += g_array_index (health->processors, processor_health_t, index).rockets;
    return sum;
}

static void
s_print_screen (const health_t *health)
{
    uint32_t partitions = health->coverage.partitions;
    printf ("state       %s\npartitions  %u of %u have an owner\nrockets     %" G_GUINT64_FORMAT
            "\n\n",
        health->state ? health->state : "-", partitions - coverage_missing (&health->coverage),
        partitions, s_rockets (health));
    s_print_processors (health);
    if (health->gateways->len > 0)
        s_print_gateways (health);
    printf ("\n%s\n", health->faults->len == 0 ? "All is well." : "Something is wrong:");
    fflush (stdout);
    for (guint index = 0; index < health->faults->len; index++)
        fprintf (stderr, "downlink-query: %s\n", (const char *) health->faults->pdata[index]);
}

static void
s_write_number (json_writer_t *json, const char *key, uint64_t number)
{
    json_key (json, key);
    json_uint (json, number);
}

static void
s_write_begin (json_writer_t *json, const char *kind, const char *place, bool is_up)
{
    json_begin_object (json);
    json_key (json, kind);
    json_string (json, place);
    json_key (json, "isUp");
    json_bool (json, is_up);
}

static void
s_write_processor (json_writer_t *json, const processor_health_t *one)
{
    s_write_begin (json, "processor", one->place, one->is_up);
    if (one->is_up) {
        s_write_number (json, "uptimeMs", one->uptime_ms);
        s_write_number (json, "partitions", one->partitions);
        s_write_number (json, "rockets", one->rockets);
        s_write_number (json, "unsaved", one->unsaved);
        json_key (json, "store");
        json_string (json, *one->store ? one->store : NULL);
        json_key (json, "isStoreAway");
        json_bool (json, one->is_store_away);
    }
    json_end_object (json);
}

static void
s_write_gateway (json_writer_t *json, const gateway_stats_t *one)
{
    s_write_begin (json, "gateway", one->place, !one->fault);
    if (!one->fault) {
        s_write_number (json, "uptimeMs", one->uptime_ms);
        s_write_number (json, "buffered", one->buffered);
        s_write_number (json, "bufferLimit", one->buffer_limit);
        s_write_number (json, "journalBytes", one->journal_bytes);
        s_write_number (json, "journalLimit", one->journal_limit);
        s_write_number (json, "unownedPartitions", one->unowned);
        json_key (json, "lagSeconds");
        json_decimal (json, one->oldest_s, 3);
        s_write_number (json, "alarms", s_alarms (one));
    }
    json_end_object (json);
}

static void
s_write (json_writer_t *json, const health_t *health)
{
    json_begin_object (json);
    json_key (json, "isWell");
    json_bool (json, health->faults->len == 0);
    json_key (json, "faults");
    json_begin_array (json);
    for (guint index = 0; index < health->faults->len; index++)
        json_string (json, health->faults->pdata[index]);
    json_end_array (json);
    json_key (json, "state");
    json_string (json, health->state);
    s_write_number (json, "partitions", health->coverage.partitions);
    s_write_number (json, "unownedPartitions", coverage_missing (&health->coverage));
    s_write_number (json, "rockets", s_rockets (health));
    json_key (json, "processors");
    json_begin_array (json);
    for (guint index = 0; index < health->processors->len; index++)
        s_write_processor (json, &g_array_index (health->processors, processor_health_t, index));
    json_end_array (json);
    json_key (json, "gateways");
    json_begin_array (json);
    for (guint index = 0; index < health->gateways->len; index++)
        s_write_gateway (json, health->gateways->pdata[index]);
    json_end_array (json);
    json_end_object (json);
}

int
print_health (const health_t *health, bool as_json)
{
    if (as_json) {
        json_writer_t *json = json_writer_new ();
        s_write (json, health);
        text_t line = json_writer_line (json);
        printf ("%.*s", (int) line.size, line.data);
        json_writer_destroy (&json);
    }
    else
        s_print_screen (health);
    return health->faults->len == 0 ? 0 : 1;
}
