//  Two processors may make the state at the same moment. Then the server refuses the second, which
//  reads what the first one made.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/postgres/postgres_schema.h"

#include <glib.h>

#include "common/domain/partition.h"
#include "common/process/log.h"

#define FORMAT 2
#define READ_MS 5000
#define MAKE_MS 20000
#define RIGHTS_MISSING "42501"

text_t embedded_postgres_schema (void);   //  schema.sql, by cmake/Embed.cmake
text_t embedded_postgres_upgrade (void);  //  upgrade.sql; both are terminated

static const char s_exists[] = "SELECT (to_regclass ('downlink.state') IS NOT NULL)::int,"
                               " (current_setting ('server_encoding') = 'UTF8')::int";
static const char s_read_format[] = "SELECT format FROM downlink.state";
static const char s_read[] =
    "SELECT partitions, id::text, ordering, ancestors, mark, partitioner FROM downlink.state";
static const char s_mark[] = "UPDATE downlink.state SET mark = $1";

static postgres_result_t
s_complain (const char *event, const char *advice)
{
    log_event (LOG_ERROR, event, "advice=%s", advice);
    return POSTGRES_BROKEN;
}

//  Bring the tables from the previous format to this one.
static postgres_result_t
s_upgrade (postgres_link_t *link)
{
    postgres_result_t outcome =
        postgres_link_script (link, embedded_postgres_upgrade ().data, MAKE_MS);
    if (outcome == POSTGRES_DONE)
        log_event (LOG_INFO, "brought the tables in the database to the format of this release",
            "format=%d", FORMAT);
    else if (outcome == POSTGRES_REFUSED &&
             g_str_equal (postgres_link_sqlstate (link), RIGHTS_MISSING))
        return s_complain ("only the owner of the tables can bring them to the format of this "
                           "release",
            "run processor/postgres/upgrade.sql as their owner, and start again");
    return outcome;
}

//  Check that this release knows the tables, before it reads further columns.
static postgres_result_t
s_check_format (postgres_link_t *link)
{
    PGresult *result = NULL;
    int32_t format = FORMAT;
    postgres_result_t outcome = postgres_link_run (link, s_read_format, NULL, READ_MS, &result);
    if (outcome != POSTGRES_DONE)
        return outcome;
    if (PQntuples (result) != 1)
        outcome = s_complain ("the state in the database is damaged: downlink.state needs one row",
            "restore the database from a copy");
    else if ((format = postgres_int (result, 0, 0)) > FORMAT)
        outcome = s_complain ("the state in the database is of a newer release",
            "run the newer release, or restore a copy of before");
    PQclear (result);
    return format < FORMAT ? s_upgrade (link) : outcome;
}

static bool
s_parse_state (const PGresult *result, state_traits_t *traits)
{
    if (PQntuples (result) != 1)
        return false;
    traits->partitions = (uint32_t) postgres_int (result, 0, 0);
    return traits->partitions >= 1 && traits->partitions <= PARTITIONS_MAX &&
           state_id_parse (&traits->id, text_from (PQgetvalue (result, 0, 1))) &&
           ordering_of (text_from (PQgetvalue (result, 0, 2)), &traits->ordering) &&
           state_ancestors_parse (&traits->ancestors, text_from (PQgetvalue (result, 0, 3))) &&
           state_mark_parse (&traits->mark, text_from (PQgetvalue (result, 0, 4))) &&
           partitioner_of (text_from (PQgetvalue (result, 0, 5)), &traits->partitioner);
}

static postgres_result_t
s_read_state (postgres_link_t *link, state_traits_t *traits)
{
    PGresult *result = NULL;
    postgres_result_t outcome = s_check_format (link);
    if (outcome == POSTGRES_DONE)
        outcome = postgres_link_run (link, s_read, NULL, READ_MS, &result);
    if (outcome != POSTGRES_DONE)
        return outcome;
    if (!s_parse_state (result, traits))
        outcome = s_complain ("the state in the database is damaged: see downlink.state",
            "restore the database from a copy");
    PQclear (result);
    return outcome;
}

//  Return a text as it stands in a literal of SQL. The caller frees it.
static char *
s_double_quotes (const char *text)
{
    char **parts = g_strsplit (text, "'", -1);
    char *quoted = g_strjoinv ("''", parts);
    g_strfreev (parts);
    return quoted;
}

//  Make the tables and the rows of a new state, as one transaction.
static postgres_result_t
s_make_state (postgres_link_t *link, const state_traits_t *traits)
{
    char id[STATE_ID_TEXT_SIZE];
    char ancestors[STATE_ANCESTORS_TEXT_SIZE];
    char mark[STATE_MARK_TEXT_SIZE];
    state_id_t new_id = state_id_new ();
    text_t schema = embedded_postgres_schema ();
    state_id_text (&new_id, id);
    state_ancestors_text (&traits->ancestors, ancestors);
    state_mark_text (&traits->mark, mark);
    char *quoted_mark = s_double_quotes (mark);
    char *sql =
        g_strdup_printf ("%.*s"
                         "INSERT INTO downlink.state VALUES (%d, '%s', %u, '%s', '%s', '%s', '%s');"
                         "INSERT INTO downlink.partition"
                         " SELECT number, 0, NULL, 0 FROM generate_series (0, %u) number;"
                         "INSERT INTO downlink.lease"
                         " SELECT number, NULL FROM generate_series (0, %u) number;",
            (int) schema.size, schema.data, FORMAT, id, traits->partitions,
            ordering_name (traits->ordering), ancestors, quoted_mark,
            partitioner_name (traits->partitioner), traits->partitions - 1, traits->partitions - 1);
    postgres_result_t outcome = postgres_link_script (link, sql, MAKE_MS);
    g_free (sql);
    g_free (quoted_mark);
    if (outcome == POSTGRES_DONE)
        log_event (LOG_INFO, "made a new state in the database", "state=%s partitions=%u", id,
            traits->partitions);
    return outcome;
}

postgres_result_t
postgres_schema_open (postgres_link_t *link, state_traits_t *traits)
{
    PGresult *result = NULL;
    postgres_result_t outcome = postgres_link_run (link, s_exists, NULL, READ_MS, &result);
    if (outcome != POSTGRES_DONE)
        return outcome;
    bool exists = postgres_int (result, 0, 0);
    bool is_utf8 = postgres_int (result, 0, 1);
    PQclear (result);
    if (!is_utf8)
        return s_complain ("the encoding of the database is not UTF8",
            "make it with: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0");
    traits->is_new = false;
    if (!exists) {
        if (traits->partitions == 0)
            return s_complain ("there is no state in the database", "check the address");
        outcome = s_make_state (link, traits);
        traits->is_new = outcome == POSTGRES_DONE;
        if (outcome == POSTGRES_AWAY)
            return outcome;
        if (outcome != POSTGRES_DONE && g_str_equal (postgres_link_sqlstate (link), RIGHTS_MISSING))
            return s_complain ("the database allows no new schema",
                "GRANT CREATE ON DATABASE to this role, or run schema.sql as the owner");
        //  Another refusal: another processor has just made the schema.
    }
    return s_read_state (link, traits);
}

postgres_result_t
postgres_schema_mark (postgres_link_t *link, const state_mark_t *mark)
{
    char text[STATE_MARK_TEXT_SIZE];
    postgres_parameters_t parameters = {0};
    PGresult *result = NULL;
    state_mark_text (mark, text);
    postgres_add (&parameters, POSTGRES_TEXT, text, strlen (text));
    postgres_result_t outcome = postgres_link_run (link, s_mark, &parameters, READ_MS, &result);
    PQclear (result);
    return outcome;
}
