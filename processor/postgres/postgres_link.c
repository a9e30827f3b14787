//  The link uses libpq's non-blocking mode, because its blocking calls have no time limit.
//  Keepalives and tcp_user_timeout find a host that is gone within seconds. (Chapter 34 of the
//  manual of PostgreSQL: "Asynchronous Command Processing".)
//  SPDX-License-Identifier: Apache-2.0
#include "processor/postgres/postgres_link.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define BACK_OFF_MIN_MS 100
#define BACK_OFF_MAX_MS 1000
#define SET_UP_MS 3000           //  for the statements that begin a session
#define SAFETY_INTERVAL_MS 5000  //  until the safety is read again
#define LOG_INTERVAL_MS 10000
#define PREPARED_MAX 8

struct postgres_link {
    char *address;
    char *role;
    postgres_commit_t commit;
    PGconn *connection;  //  NULL: none
    const char *prepared[PREPARED_MAX];
    int prepared_count;
    int64_t back_off_ms;
    int64_t connect_at_ms;
    int64_t away_since_ms;  //  0: it is not away
    int64_t logged_ms;
    int64_t broken_logged_ms;
    int64_t safety_at_ms;
    bool is_doubtful;  //  the server stopped waiting for its replica
    char sqlstate[6];
    atomic_bool is_away;
    atomic_int safety;
};

//  Values that libpq uses unless the address has others.
static const char *const s_defaults[][2] = {
    {"connect_timeout", "2"},
    {"keepalives_idle", "2"},
    {"keepalives_interval", "1"},
    {"keepalives_count", "2"},
    {"tcp_user_timeout", "4000"},
    {"target_session_attrs", "read-write"},
};

//  Settings of a session. Even a server that does not wait for its disk by default must wait in
//  this session. Warnings must reach us (s_hear_notice). A server that would hide rows must refuse
//  instead.
static const char s_set_up_safe[] =
    "SELECT set_config ('lock_timeout', '2s', false), set_config ('statement_timeout', '0', false),"
    " set_config ('jit', 'off', false), set_config ('client_min_messages', 'warning', false),"
    " set_config ('row_security', 'off', false), set_config ('synchronous_commit',"
    " CASE current_setting ('synchronous_commit') WHEN 'off' THEN 'on'"
    " ELSE current_setting ('synchronous_commit') END, false)";
static const char s_set_up_lazy[] =
    "SELECT set_config ('lock_timeout', '1s', false), set_config ('statement_timeout', '0', false),"
    " set_config ('jit', 'off', false), set_config ('client_min_messages', 'warning', false),"
    " set_config ('row_security', 'off', false), set_config ('synchronous_commit', 'off', false)";

static const char s_ask_safety[] =
    "SELECT (current_setting ('synchronous_standby_names') <> ''"
    " AND current_setting ('synchronous_commit') NOT IN ('off', 'local'))::int";

void
postgres_add (postgres_parameters_t *self, postgres_type_t type, const void *bytes, size_t size)
{
    g_assert (self->count < POSTGRES_PARAMETERS_MAX && size <= INT32_MAX);
    self->types[self->count] = (Oid) type;
    self->values[self->count] = bytes;
    self->sizes[self->count] = (int) size;
    self->count++;
}

void
postgres_add_number (postgres_parameters_t *self, int64_t number)
{
    int64_t *place = &self->numbers[self->count];
    *place = (int64_t) htobe64 ((uint64_t) number);
    postgres_add (self, POSTGRES_BIGINT, place, sizeof *place);
}

int64_t
postgres_bigint (const PGresult *result, int row, int column)
{
    uint64_t number;
    memcpy (&number, PQgetvalue (result, row, column), sizeof number);
    return (int64_t) be64toh (number);
}

int32_t
postgres_int (const PGresult *result, int row, int column)
{
    uint32_t number;
    memcpy (&number, PQgetvalue (result, row, column), sizeof number);
    return (int32_t) ntohl (number);
}

postgres_link_t *
postgres_link_new (const char *address, const char *role, postgres_commit_t commit)
{
    char *fault = NULL;
    PQconninfoOption *options = PQconninfoParse (address, &fault);
    if (!options) {
        //  libpq quotes parts of the address, which may be a password.
        log_event (LOG_ERROR, "the address of the database cannot be read", "reason=%.*s advice=%s",
            (int) strcspn (fault ? fault : "", "\":"), fault ? fault : "",
            "write postgres://USER@HOST:PORT/DATABASE, with special characters as %XX");
        PQfreemem (fault);
        return NULL;
    }
    PQconninfoFree (options);
    postgres_link_t *self = g_new0 (postgres_link_t, 1);
    self->address = g_strdup (address);
    self->role = g_strdup (role);
    self->commit = commit;
    return self;
}

static void
s_disconnect (postgres_link_t *self)
{
    PQfinish (self->connection);
    self->connection = NULL;
    self->prepared_count = 0;
    self->safety_at_ms = 0;
}

void
postgres_link_destroy (postgres_link_t **self_p)
{
    postgres_link_t *self = *self_p;
    if (!self)
        return;
    s_disconnect (self);
    g_free (self->address);
    g_free (self->role);
    g_free (self);
    *self_p = NULL;
}

//  Close the connection, and do not connect again before the back-off has passed.
static postgres_result_t
s_lose (postgres_link_t *self, const char *reason)
{
    int64_t now_ms = clock_ms ();
    if (self->away_since_ms == 0 || log_is_due (&self->logged_ms, LOG_INTERVAL_MS)) {
        log_event (LOG_WARN, "the database is away", "role=%s reason=%s away_ms=%lld advice=%s",
            self->role, reason,
            (long long) (self->away_since_ms ? now_ms - self->away_since_ms : 0),
            "none if it comes back, as messages wait in the gateways; else check the host, the "
            "user, "
            "the password and the database in the address");
        self->logged_ms = now_ms;
    }
    if (self->away_since_ms == 0)
        self->away_since_ms = now_ms;
    atomic_store (&self->is_away, true);
    s_disconnect (self);
    self->back_off_ms = CLAMP (2 * self->back_off_ms, BACK_OFF_MIN_MS, BACK_OFF_MAX_MS);
    self->connect_at_ms = now_ms + self->back_off_ms;
    return POSTGRES_AWAY;
}

static void
s_note_present (postgres_link_t *self)
{
    if (self->away_since_ms)
        log_event (LOG_INFO, "the database is back", "role=%s away_ms=%lld", self->role,
            (long long) (clock_ms () - self->away_since_ms));
    self->away_since_ms = 0;
    self->back_off_ms = 0;
    atomic_store (&self->is_away, false);
}

//  Receive warnings. When an operator cancels the wait for a synchronous replica, the server
//  commits on its own disk alone, and only this warning says so.
static void
s_hear_notice (void *context, const PGresult *notice)
{
    postgres_link_t *self = context;
    const char *severity = PQresultErrorField (notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *function = PQresultErrorField (notice, PG_DIAG_SOURCE_FUNCTION);
    const char *text = PQresultErrorField (notice, PG_DIAG_MESSAGE_PRIMARY);
    if (!severity || strcmp (severity, "WARNING") != 0)
        return;
    self->is_doubtful =
        self->is_doubtful || (function && strcmp (function, "SyncRepWaitForLSN") == 0);
    if (log_is_due (&self->logged_ms, LOG_INTERVAL_MS))
        log_event (
            LOG_WARN, "the database warns", "role=%s warning=%s", self->role, text ? text : "");
}

//  Wait until the connection is readable, or writable if something is left to send. Return false
//  at the deadline.
static bool
s_wait (const postgres_link_t *self, bool has_output, int64_t deadline_ms)
{
    struct pollfd item = {.fd = PQsocket (self->connection),
        .events = (short) (has_output ? POLLIN | POLLOUT : POLLIN)};
    int64_t left_ms = deadline_ms - clock_ms ();
    if (left_ms <= 0)
        return false;
    return poll (&item, 1, (int) left_ms) > 0 || errno == EINTR;
}

//  Wait for the next result; NULL: there are no more. Set *is_late at the deadline.
static PGresult *
s_next_result (postgres_link_t *self, int64_t deadline_ms, bool *is_late)
{
    int unsent = PQflush (self->connection);
    while (unsent > 0 || PQisBusy (self->connection)) {
        if (!s_wait (self, unsent > 0, deadline_ms)) {
            *is_late = true;
            return NULL;
        }
        if (!PQconsumeInput (self->connection))
            break;
        if (unsent > 0)
            unsent = PQflush (self->connection);
    }
    return PQgetResult (self->connection);
}

static bool
s_is_good (const PGresult *result)
{
    ExecStatusType status = PQresultStatus (result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

//  Return true if the server cannot serve now: it stops, starts, has no room, or is a replica.
static bool
s_means_away (const char *sqlstate)
{
    static const char *const states[] = {"08", "53300", "57P01", "57P02", "57P03", "25006"};
    for (size_t index = 0; index < G_N_ELEMENTS (states); index++)
        if (strncmp (sqlstate, states[index], strlen (states[index])) == 0)
            return true;
    return false;
}

//  Return true if the tables or statements do not fit (class 42), or if the schema is gone. A right
//  that is missing may be granted, and a table that exists was made by another processor.
static bool
s_means_broken (const char *sqlstate)
{
    static const char *const others[] = {"42501", "42P06", "42P07"};
    for (size_t index = 0; index < G_N_ELEMENTS (others); index++)
        if (strcmp (sqlstate, others[index]) == 0)
            return false;
    return strncmp (sqlstate, "42", 2) == 0 || strcmp (sqlstate, "3F000") == 0;
}

static const char *
s_advice (const char *sqlstate)
{
    static const struct {
        const char *state;
        const char *advice;
    } advices[] = {
        {"26000", "set pool_mode = session in the pooler: it is in transaction mode"},
        {"42501", "grant the rights that docs/state.md lists"},
        {"53100", "make room on the disk of the database; nothing is lost meanwhile"},
        {"55P03", "none if it ends: another session holds a row, for example a save that waits for "
                  "a replica"},
    };
    for (size_t index = 0; index < G_N_ELEMENTS (advices); index++)
        if (strcmp (sqlstate, advices[index].state) == 0)
            return advices[index].advice;
    return "look into the log of the database";
}

//  Classify an error that the server sent.
static postgres_result_t
s_refuse (postgres_link_t *self, const PGresult *result)
{
    const char *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY);
    g_strlcpy (self->sqlstate, state ? state : "", sizeof self->sqlstate);
    if (!text)
        text = PQresultErrorMessage (result);
    if (!state || PQstatus (self->connection) == CONNECTION_BAD || s_means_away (self->sqlstate))
        return s_lose (self, text);
    bool is_broken = s_means_broken (self->sqlstate);
    int64_t *logged_ms = is_broken ? &self->broken_logged_ms : &self->logged_ms;
    if (log_is_due (logged_ms, LOG_INTERVAL_MS))
        log_event (is_broken ? LOG_ERROR : LOG_WARN, "the database refuses a statement",
            "role=%s sqlstate=%s reason=%s advice=%s", self->role, self->sqlstate, text,
            s_advice (self->sqlstate));
    return is_broken ? POSTGRES_BROKEN : POSTGRES_REFUSED;
}

//  Fetch all results of what was sent. Keep the last good one.
static postgres_result_t
s_fetch (postgres_link_t *self, int64_t deadline_ms, PGresult **kept)
{
    postgres_result_t outcome = POSTGRES_DONE;
    bool is_late = false;
    PGresult *result;
    while (self->connection && (result = s_next_result (self, deadline_ms, &is_late))) {
        if (outcome == POSTGRES_DONE && !s_is_good (result))
            outcome = s_refuse (self, result);
        PQclear (*kept);
        *kept = result;
    }
    if (is_late)
        outcome = s_lose (self, "no answer in time");
    else if (outcome == POSTGRES_DONE && !*kept)
        outcome = s_lose (self, PQerrorMessage (self->connection));
    if (outcome != POSTGRES_DONE)
        g_clear_pointer (kept, PQclear);
    return outcome;
}

//  Send a statement without parameters and fetch its result.
static postgres_result_t
s_run_plain (postgres_link_t *self, const char *sql, int64_t limit_ms, PGresult **result)
{
    if (!PQsendQueryParams (self->connection, sql, 0, NULL, NULL, NULL, NULL, 1))
        return s_lose (self, PQerrorMessage (self->connection));
    return s_fetch (self, clock_ms () + limit_ms, result);
}

static postgres_result_t
s_read_safety (postgres_link_t *self)
{
    PGresult *result = NULL;
    postgres_result_t outcome = s_run_plain (self, s_ask_safety, SET_UP_MS, &result);
    if (outcome != POSTGRES_DONE)
        return outcome;
    int safety = postgres_int (result, 0, 0) ? POSTGRES_SAFE_REPLICA : POSTGRES_SAFE_HERE;
    PQclear (result);
    if (atomic_exchange (&self->safety, safety) != safety)
        log_event (LOG_INFO, "the database says where a save is safe", "saved_on=%s",
            safety == POSTGRES_SAFE_REPLICA ? "replica" : "server");
    self->safety_at_ms = clock_ms () + SAFETY_INTERVAL_MS;
    return POSTGRES_DONE;
}

//  Connect to a server that can be written.
static PGconn *
s_connect (const postgres_link_t *self)
{
    const char *keys[G_N_ELEMENTS (s_defaults) + 4];
    const char *values[G_N_ELEMENTS (s_defaults) + 4];
    size_t count = 0;
    for (; count < G_N_ELEMENTS (s_defaults); count++) {
        keys[count] = s_defaults[count][0];
        values[count] = s_defaults[count][1];
    }
    keys[count] = "dbname";
    values[count++] = self->address;
    keys[count] = "client_encoding";
    values[count++] = "UTF8";
    keys[count] = "application_name";
    values[count++] = self->role;
    keys[count] = NULL;
    values[count] = NULL;
    return PQconnectdbParams (keys, values, 1);
}

//  Connect and begin a session, unless the back-off lasts.
static postgres_result_t
s_attach (postgres_link_t *self)
{
    if (self->connection)
        return POSTGRES_DONE;
    if (clock_ms () < self->connect_at_ms)
        return POSTGRES_AWAY;
    self->connection = s_connect (self);
    if (PQstatus (self->connection) != CONNECTION_OK)
        return s_lose (self, PQerrorMessage (self->connection));
    PQsetNoticeReceiver (self->connection, s_hear_notice, self);
    PQsetnonblocking (self->connection, 1);
    PGresult *result = NULL;
    const char *sql = self->commit == POSTGRES_COMMIT_SAFE ? s_set_up_safe : s_set_up_lazy;
    postgres_result_t outcome = s_run_plain (self, sql, SET_UP_MS, &result);
    PQclear (result);
    if (outcome != POSTGRES_DONE && self->connection)
        (void) s_lose (self, "the session cannot be set up");
    return outcome;
}

//  Prepare the statement in this session, once. Set name to the name of the prepared one.
static postgres_result_t
s_prepare (postgres_link_t *self, const char *sql, const postgres_parameters_t *parameters,
    int64_t limit_ms, char name[8])
{
    int place = 0;
    while (place < self->prepared_count && self->prepared[place] != sql)
        place++;
    g_assert (place < PREPARED_MAX);
    g_snprintf (name, 8, "s%d", place);
    if (place < self->prepared_count)
        return POSTGRES_DONE;
    PGresult *result = NULL;
    if (!PQsendPrepare (self->connection, name, sql, parameters->count, parameters->types))
        return s_lose (self, PQerrorMessage (self->connection));
    postgres_result_t outcome = s_fetch (self, clock_ms () + limit_ms, &result);
    PQclear (result);
    if (outcome == POSTGRES_DONE)
        self->prepared[self->prepared_count++] = sql;
    return outcome;
}

static postgres_result_t
s_run_prepared (postgres_link_t *self, const char *sql, const postgres_parameters_t *parameters,
    int64_t limit_ms, PGresult **result)
{
    static const int binary[POSTGRES_PARAMETERS_MAX] = {
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    char name[8];
    postgres_result_t outcome = s_prepare (self, sql, parameters, limit_ms, name);
    if (outcome != POSTGRES_DONE)
        return outcome;
    if (!PQsendQueryPrepared (self->connection, name, parameters->count, parameters->values,
            parameters->sizes, binary, 1))
        return s_lose (self, PQerrorMessage (self->connection));
    return s_fetch (self, clock_ms () + limit_ms, result);
}

postgres_result_t
postgres_link_run (postgres_link_t *self, const char *sql, const postgres_parameters_t *parameters,
    int64_t limit_ms, PGresult **result)
{
    *result = NULL;
    self->sqlstate[0] = '\0';
    postgres_result_t outcome = s_attach (self);
    if (outcome == POSTGRES_DONE && self->commit == POSTGRES_COMMIT_SAFE &&
        clock_ms () >= self->safety_at_ms)
        outcome = s_read_safety (self);
    if (outcome != POSTGRES_DONE)
        return outcome;
    self->is_doubtful = false;
    outcome = parameters ? s_run_prepared (self, sql, parameters, limit_ms, result)
                         : s_run_plain (self, sql, limit_ms, result);
    if (outcome == POSTGRES_DONE && self->is_doubtful) {
        g_clear_pointer (result, PQclear);
        return s_lose (self, "the wait for the synchronous replica was cancelled");
    }
    if (outcome != POSTGRES_AWAY)
        s_note_present (self);
    return outcome;
}

postgres_result_t
postgres_link_script (postgres_link_t *self, const char *sql, int64_t limit_ms)
{
    PGresult *result = NULL;
    self->sqlstate[0] = '\0';
    postgres_result_t outcome = s_attach (self);
    if (outcome != POSTGRES_DONE)
        return outcome;
    if (!PQsendQuery (self->connection, sql))
        return s_lose (self, PQerrorMessage (self->connection));
    outcome = s_fetch (self, clock_ms () + limit_ms, &result);
    PQclear (result);
    return outcome;
}

bool
postgres_link_is_away (const postgres_link_t *self)
{
    return atomic_load (&self->is_away);
}

postgres_safety_t
postgres_link_safety (const postgres_link_t *self)
{
    return (postgres_safety_t) atomic_load (&self->safety);
}

const char *
postgres_link_sqlstate (const postgres_link_t *self)
{
    return self->sqlstate;
}
