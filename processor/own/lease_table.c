//  SPDX-License-Identifier: Apache-2.0
#include "processor/own/lease_table.h"

#include <glib.h>

#include "common/process/log.h"
#include "processor/postgres/postgres_array.h"

#define EXCHANGE_MS 1500
#define LEAVE_MS 1000

//  All parts of the statement see the rows as they were before it. So the statement adds the
//  processor's own row to the members, and its claims to its leases. Claims skip rows that another
//  statement changes at this moment, so two processors never wait for each other. A row may end
//  somewhat later than LEASE_MS from now, because now () is the start of this statement, and the
//  row may have been renewed since.
static const char s_exchange_sql[] =
    "WITH live AS (SELECT id, frames, is_sharing FROM downlink.member"
    " WHERE id <> $1 AND lease_until BETWEEN now () AND now () + interval '3 s'),"
    " renewed AS (INSERT INTO downlink.member (id, frames, is_sharing, lease_until)"
    " SELECT $1, $2, $3 AND NOT EXISTS (SELECT FROM downlink.lease WHERE partition = ANY ($6)"
    " AND owner IS DISTINCT FROM $1), now () + interval '2 s' ON CONFLICT (id) DO UPDATE"
    " SET (is_sharing, lease_until) = (excluded.is_sharing, excluded.lease_until)),"
    " dead AS (DELETE FROM downlink.member"
    " WHERE id <> $1 AND lease_until < now () - interval '60 s'),"
    " returned AS (UPDATE downlink.lease SET owner = NULL"
    " WHERE partition = ANY ($5) AND owner = $1),"
    " free AS (SELECT partition FROM downlink.lease WHERE partition = ANY ($4)"
    " AND (owner IS NULL OR owner NOT IN (SELECT id FROM live)) FOR UPDATE SKIP LOCKED),"
    " claimed AS (UPDATE downlink.lease SET owner = $1 FROM free"
    " WHERE lease.partition = free.partition RETURNING lease.partition)"
    " SELECT NULL::int, id, frames FROM live WHERE is_sharing"
    " UNION ALL SELECT NULL, $1, $2 WHERE $3"
    " UNION ALL SELECT partition, NULL, NULL FROM downlink.lease"
    " WHERE owner = $1 AND partition <> ALL ($5)"
    " UNION ALL SELECT partition, NULL, NULL FROM claimed"
    " ORDER BY 2";

static const char s_leave_sql[] = "DELETE FROM downlink.member WHERE id = $1";

//  Add an array of the partitions that are marked.
static void
s_add_partitions (postgres_parameters_t *parameters, postgres_array_t *array, const bool *is_marked,
    uint32_t partitions)
{
    postgres_array_init (array, POSTGRES_INT_ARRAY);
    for (uint32_t partition = 0; partition < partitions; partition++)
        if (is_marked[partition])
            postgres_array_append_int (array, (int32_t) partition);
    postgres_array_add (array, parameters);
}

static void
s_read_row (const PGresult *result, int row, uint32_t partitions, lease_table_t *table)
{
    if (!PQgetisnull (result, row, 0)) {
        uint32_t partition = (uint32_t) postgres_int (result, row, 0);
        if (partition < partitions)
            table->is_leased[partition] = true;
        return;
    }
    if (table->members_count == MEMBERS_MAX || PQgetlength (result, row, 1) != PROCESSOR_ID_SIZE)
        return;
    memcpy (
        table->members[table->members_count].id, PQgetvalue (result, row, 1), PROCESSOR_ID_SIZE);
    g_strlcpy (table->endpoints[table->members_count].text, PQgetvalue (result, row, 2),
        sizeof table->endpoints[0].text);
    table->members_count++;
}

postgres_result_t
lease_table_exchange (postgres_link_t *link, const lease_request_t *request, uint32_t partitions,
    lease_table_t *table)
{
    postgres_parameters_t parameters = {0};
    postgres_array_t wanted;
    postgres_array_t returned;
    postgres_array_t held;
    uint8_t is_sharing = request->is_sharing;
    PGresult *result = NULL;
    postgres_add (&parameters, POSTGRES_BYTES, request->self.id, PROCESSOR_ID_SIZE);
    postgres_add (
        &parameters, POSTGRES_TEXT, request->endpoint.text, strlen (request->endpoint.text));
    postgres_add (&parameters, POSTGRES_BOOL, &is_sharing, sizeof is_sharing);
    s_add_partitions (&parameters, &wanted, request->is_wanted, partitions);
    s_add_partitions (&parameters, &returned, request->is_returned, partitions);
    s_add_partitions (&parameters, &held, request->is_held, partitions);
    postgres_result_t outcome =
        postgres_link_run (link, s_exchange_sql, &parameters, EXCHANGE_MS, &result);
    postgres_array_clear (&wanted);
    postgres_array_clear (&returned);
    postgres_array_clear (&held);
    if (outcome != POSTGRES_DONE)
        return outcome;
    *table = (lease_table_t){0};
    for (int row = 0; row < PQntuples (result); row++)
        s_read_row (result, row, partitions, table);
    PQclear (result);
    return POSTGRES_DONE;
}

void
lease_table_leave (postgres_link_t *link, const member_id_t *self)
{
    postgres_parameters_t parameters = {0};
    PGresult *result = NULL;
    postgres_add (&parameters, POSTGRES_BYTES, self->id, PROCESSOR_ID_SIZE);
    if (postgres_link_run (link, s_leave_sql, &parameters, LEAVE_MS, &result) != POSTGRES_DONE)
        log_event (LOG_WARN, "cannot give the leases back: others wait until they expire", "ms=%d",
            LEASE_MS);
    PQclear (result);
}
