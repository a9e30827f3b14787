//  Two processors may make the state at the same moment. Then the server refuses the second, which
//  reads what the first one made.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/postgres/postgres_schema.h"

#include <glib.h>

#include "common/domain/partition.h"
#include "common/process/log.h"

#define FORMAT 1
#define READ_MS 5000
#define MAKE_MS 20000

text_t embedded_postgres_schema (void);  //  schema.sql, by cmake/Embed.cmake

static const char s_exists[] = "SELECT (to_regclass ('downlink.state') IS NOT NULL)::int,"
                               " (current_setting ('server_encoding') = 'UTF8')::int";
static const char s_read[] = "SELECT format, partitions, id::text, ordering FROM downlink.state";

static postgres_result_t
s_complain (const char *event, const char *advice)
{
    log_event (LOG_ERROR, event, "advice=%s", advice);
    return POSTGRES_BROKEN;
}

static postgres_result_t
s_read_state (postgres_link_t *link, state_traits_t *traits)
{
    PGresult *result = NULL;
    postgres_result_t outcome = postgres_link_run (link, s_read, NULL, READ_MS, &result);
    if (outcome != POSTGRES_DONE)
        return outcome;
    if (PQntuples (result) != 1)
        outcome = s_complain ("the state in the database is damaged: downlink.state needs one row",
            "restore the database from a copy");
    else if (postgres_int (result, 0, 0) > FORMAT)
        outcome = s_complain ("the state in the database is of a newer release",
            "run the newer release, or restore a copy of before");
    else {
        traits->partitions = (uint32_t) postgres_int (result, 0, 1);
        if (traits->partitions < 1 || traits->partitions > PARTITIONS_MAX ||
            !state_id_parse (&traits->id, text_from (PQgetvalue (result, 0, 2))) ||
            !ordering_of (text_from (PQgetvalue (result, 0, 3)), &traits->ordering))
            outcome = s_complain ("the state in the database is damaged: see downlink.state",
                "restore the database from a copy");
    }
    PQclear (result);
    return outcome;
}

//  Make the tables and the rows of a new state, as one transaction.
static postgres_result_t
s_make_state (postgres_link_t *link, const state_traits_t *traits)
{
    char id[STATE_ID_TEXT_SIZE];
    state_id_t new_id = state_id_new ();
    text_t schema = embedded_postgres_schema ();
    state_id_text (&new_id, id);
    char *sql = g_strdup_printf ("%.*s"
                                 "INSERT INTO downlink.state VALUES (%d, '%s', %u, '%s');"
                                 "INSERT INTO downlink.partition"
                                 " SELECT number, 0, NULL, 0 FROM generate_series (0, %u) number;"
                                 "INSERT INTO downlink.lease"
                                 " SELECT number, NULL FROM generate_series (0, %u) number;",
        (int) schema.size, schema.data, FORMAT, id, traits->partitions,
        ordering_name (traits->ordering), traits->partitions - 1, traits->partitions - 1);
    postgres_result_t outcome = postgres_link_script (link, sql, MAKE_MS);
    g_free (sql);
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
    if (!exists) {
        outcome = s_make_state (link, traits);
        if (outcome == POSTGRES_AWAY)
            return outcome;
        if (outcome != POSTGRES_DONE && g_str_equal (postgres_link_sqlstate (link), "42501"))
            return s_complain ("the database allows no new schema",
                "GRANT CREATE ON DATABASE to this role, or run schema.sql as the owner");
        //  Another refusal: another processor has just made the schema.
    }
    return s_read_state (link, traits);
}
