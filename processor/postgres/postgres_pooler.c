//  A setting marks the session of one link. Then a transaction of the other link occupies a
//  session. A pooler in transaction mode gives that link the marked session, because it is free, so
//  the first link does not find its mark again.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/postgres/postgres_pooler.h"

#include "common/process/log.h"

#define LIMIT_MS 3000

static postgres_result_t
s_read_mark (postgres_link_t *link, bool *is_marked)
{
    PGresult *result = NULL;
    postgres_result_t outcome = postgres_link_run (link,
        "SELECT (coalesce (current_setting ('downlink.mark', true), '') = 'here')::int", NULL,
        LIMIT_MS, &result);
    if (outcome == POSTGRES_DONE)
        *is_marked = postgres_int (result, 0, 0);
    PQclear (result);
    return outcome;
}

postgres_result_t
postgres_pooler_check (postgres_link_t *one, postgres_link_t *other)
{
    bool is_marked = false;
    postgres_result_t outcome =
        postgres_link_script (one, "SELECT set_config ('downlink.mark', 'here', false)", LIMIT_MS);
    if (outcome == POSTGRES_DONE)
        outcome = postgres_link_script (other, "BEGIN; SELECT 1", LIMIT_MS);
    if (outcome == POSTGRES_DONE)
        outcome = s_read_mark (one, &is_marked);
    if (outcome == POSTGRES_DONE)
        outcome = postgres_link_script (other, "COMMIT", LIMIT_MS);
    if (outcome != POSTGRES_DONE || is_marked)
        return outcome;
    log_event (LOG_ERROR, "a pooler in transaction mode is between here and the database",
        "advice=%s", "set pool_mode = session in the pooler, or connect to the database itself");
    return POSTGRES_BROKEN;
}
