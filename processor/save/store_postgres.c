//  A save is one statement, hence one round trip, and commits by itself. It updates the row of the
//  partition if epoch, writer and position are the expected ones, and writes the rockets only if
//  that row was updated. A host that dies in the middle leaves no lock behind.
//
//  Each save sets a number that no save used before (the column position). If the link is lost, the
//  server may have executed the save, or may do so later, or never. So the next save expects any
//  number from the last confirmed one up to the last one sent. An older save that is executed late
//  then finds a number that it does not expect, and changes nothing: neither a rocket nor the
//  position in the feed goes back. Rockets are saved whole, so a repeat does no harm.
//
//  After a failover to a replica that was behind, an old epoch may be valid again, but the number
//  of its last save is not. So the processor is fenced, and loads the state of the new server. It
//  then takes the partition under an epoch above all that it ever had: the new epoch shows gateways
//  that the frames of the old shard are gone. docs/model/leases.pml checks all this.
//
//  A partition is loaded by a thread, in pieces by the primary key: nothing is held open between
//  two pieces, and a new connection goes on where the last one ended.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "common/process/background.h"
#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "processor/postgres/postgres_link.h"
#include "processor/postgres/postgres_pooler.h"
#include "processor/postgres/postgres_schema.h"
#include "processor/save/check_traits.h"
#include "processor/save/postgres_rows.h"
#include "processor/save/store.h"

#define LOAD_MS 5000  //  for a statement of a load
#define SAVE_MS 8000
#define RETRY_MS 100
#define ROWS_PER_PIECE 1024            //  28 MB of the largest rockets: 2.3 s at 100 Mbit/s
#define PIECE_BYTES (4 * 1024 * 1024)  //  of one save statement
#define NO_PARTITION PARTITIONS_MAX

static const char s_take_sql[] =
    "UPDATE downlink.partition SET epoch = greatest (epoch, $3) + 1, writer = $2 WHERE number = $1"
    " AND (SELECT mark FROM downlink.state) = $4 RETURNING epoch, position, feed, feed_offset";

static const char s_rows_sql[] =
    "SELECT " POSTGRES_ROW_COLUMNS " FROM downlink.rocket WHERE partition = $1::int AND id > $2"
    " ORDER BY id LIMIT " G_STRINGIFY (ROWS_PER_PIECE);

//  A save. PostgreSQL checks the right to DELETE even if nothing is deleted, so only a save that
//  removes rockets has that part.
#define SAVE_ROWS                                                                                  \
    "WITH fence AS (UPDATE downlink.partition SET position = $5, feed = coalesce ($23, feed),"     \
    " feed_offset = coalesce ($24, feed_offset) WHERE number = $1 AND epoch = $2 AND writer = $3 " \
    "AND position BETWEEN $4 AND $5 - 1 RETURNING number),"                                        \
    " saved AS (INSERT INTO downlink.rocket (partition, " POSTGRES_ROW_COLUMNS ")"                 \
    " SELECT fence.number, rows.* FROM fence, unnest ($6::text[], $7::text[], $8::bigint[],"       \
    " $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[],"          \
    " $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::bytea[],"    \
    " $21::bytea[], $22::bigint[]) AS rows (id, type, speed, mission, status)"                     \
    " WHERE rows.status <> '" POSTGRES_ROW_GONE "'"                                                \
    " ON CONFLICT (partition, id) DO UPDATE SET (type, speed, mission, status, explosion_reason,"  \
    " last_message_number, last_message_time_us, messages_applied, conflicts, gaps_closed,"        \
    " type_number, mission_number, explosion_number, seen, hashes, checksum) ="                    \
    " (excluded.type, excluded.speed, excluded.mission, excluded.status,"                          \
    " excluded.explosion_reason, excluded.last_message_number, excluded.last_message_time_us,"     \
    " excluded.messages_applied, excluded.conflicts, excluded.gaps_closed, excluded.type_number,"  \
    " excluded.mission_number, excluded.explosion_number, excluded.seen, excluded.hashes,"         \
    " excluded.checksum))"

static const char s_save_sql[] = SAVE_ROWS " SELECT count (*)::int FROM fence";

static const char s_save_and_remove_sql[] = SAVE_ROWS
    ","
    " removed AS (DELETE FROM downlink.rocket AS old USING fence,"
    " unnest ($6::text[], $10::text[]) AS gone (id, status) WHERE old.partition = fence.number"
    " AND old.id = gone.id AND gone.status = '" POSTGRES_ROW_GONE "')"
    " SELECT count (*)::int FROM fence";

//  A partition that this processor took: the last epoch, and numbers of saves.
typedef struct {
    int64_t epoch;
    int64_t confirmed;  //  of the last save that surely succeeded
    int64_t sent;       //  of the last save that was sent
    bool has_position;  //  when it was taken
    position_t position;
} fence_t;

//  A statement for the loading thread, and its result.
typedef struct {
    uint64_t load;  //  number of the load
    uint32_t partition;
    int64_t epoch;  //  take the partition under a higher one
    char *after;    //  read rockets with ids above this one; NULL: take the partition
    postgres_result_t outcome;
    PGresult *result;
} load_job_t;

typedef struct {
    store_t base;
    uint8_t writer[PROCESSOR_ID_SIZE];
    char mark[STATE_MARK_TEXT_SIZE];  //  of the state, when it was opened
    postgres_link_t *saving;          //  for the saver's thread
    postgres_rows_t *rows;            //  for the saver's thread
    postgres_link_t *loading;         //  for the loading thread
    background_t *loader;             //  its job is a load_job_t
    uint32_t coming;                  //  the partition that is taken or loaded; NO_PARTITION: none
    uint64_t load;                    //  number of its load: jobs of older loads are dropped
    char *after;                      //  as in load_job_t, for the next job
    int64_t retry_at_ms;
    PGresult *piece;  //  the rows that are handed out; NULL: none
    int next_row;     //  of the piece
    fence_t fences[PARTITIONS_MAX];
} store_postgres_t;

static void
s_free_job (load_job_t *job)
{
    PQclear (job->result);
    g_free (job->after);
    g_free (job);
}

//  Forget the present load, and begin the load of a partition.
static void
s_begin_load (store_postgres_t *self, uint32_t partition)
{
    g_clear_pointer (&self->piece, PQclear);
    g_clear_pointer (&self->after, g_free);
    self->coming = partition;
    self->load++;
}

//  Run a statement of a load. The loading thread calls it.
static void
s_do_job (void *context, void *data)
{
    store_postgres_t *self = context;
    load_job_t *job = data;
    postgres_parameters_t parameters = {0};
    postgres_add_number (&parameters, job->partition);
    if (job->after) {
        postgres_add (&parameters, POSTGRES_TEXT, job->after, strlen (job->after));
    }
    else {
        postgres_add (&parameters, POSTGRES_BYTES, self->writer, PROCESSOR_ID_SIZE);
        postgres_add_number (&parameters, job->epoch);
        postgres_add (&parameters, POSTGRES_TEXT, self->mark, strlen (self->mark));
    }
    job->outcome = postgres_link_run (
        self->loading, job->after ? s_rows_sql : s_take_sql, &parameters, LOAD_MS, &job->result);
}

//  Submit the next statement, unless the thread is busy or a retry must wait.
static void
s_submit (store_postgres_t *self, uint32_t partition)
{
    if (!background_is_idle (self->loader) || clock_ms () < self->retry_at_ms)
        return;
    load_job_t *job = g_new0 (load_job_t, 1);
    job->load = self->load;
    job->partition = partition;
    job->epoch = self->fences[partition].epoch;
    job->after = g_strdup (self->after);
    background_submit (self->loader, job);
}

//  Fetch the finished job of the partition that is being loaded. If there is none, or the server
//  did not execute it, submit it again and return NULL.
static load_job_t *
s_fetch (store_postgres_t *self, uint32_t partition)
{
    load_job_t *job = background_fetch (self->loader);
    if (job && job->load == self->load &&
        (job->outcome == POSTGRES_DONE || job->outcome == POSTGRES_BROKEN))
        return job;
    if (job) {
        self->retry_at_ms = job->load == self->load ? clock_ms () + RETRY_MS : 0;
        s_free_job (job);
    }
    s_submit (self, partition);
    return NULL;
}

static fence_t
s_read_fence (const PGresult *result)
{
    int64_t number = postgres_bigint (result, 0, 1);
    fence_t fence = {.epoch = postgres_bigint (result, 0, 0), .confirmed = number, .sent = number};
    fence.has_position =
        PQgetlength (result, 0, 2) == POSITION_FEED_SIZE && !PQgetisnull (result, 0, 3);
    if (fence.has_position) {
        memcpy (fence.position.feed, PQgetvalue (result, 0, 2), POSITION_FEED_SIZE);
        fence.position.offset = postgres_bigint (result, 0, 3);
    }
    return fence;
}

static take_t
s_take (store_t *base, uint32_t partition, uint64_t *epoch)
{
    store_postgres_t *self = (store_postgres_t *) base;
    if (partition != self->coming)
        s_begin_load (self, partition);
    load_job_t *job = s_fetch (self, partition);
    if (!job)
        return TAKE_LATER;
    take_t taken = TAKE_FAILED;
    if (job->outcome == POSTGRES_DONE && PQntuples (job->result) == 1) {
        self->fences[partition] = s_read_fence (job->result);
        *epoch = (uint64_t) self->fences[partition].epoch;
        self->after = g_strdup ("");
        s_submit (self, partition);
        taken = TAKE_DONE;
    }
    else if (job->outcome == POSTGRES_DONE) {
        taken = TAKE_MOVED;
        log_event (LOG_ERROR, "the state was moved meanwhile, or a partition is missing",
            "partition=%u mark_before=%s advice=%s", partition, self->mark,
            "start this program again: it says where the state is");
    }
    s_free_job (job);
    return taken;
}

//  Fetch the next piece, and ask for the one after it.
static load_t
s_fetch_piece (store_postgres_t *self, uint32_t partition)
{
    load_job_t *job = s_fetch (self, partition);
    if (!job)
        return LOAD_LATER;
    self->piece = g_steal_pointer (&job->result);
    self->next_row = 0;
    s_free_job (job);
    if (!self->piece)
        return LOAD_FAILED;
    int count = PQntuples (self->piece);
    if (count == ROWS_PER_PIECE) {
        g_free (self->after);
        self->after = g_strdup (PQgetvalue (self->piece, count - 1, 0));
        s_submit (self, partition);
    }
    return LOAD_MORE;
}

static load_t
s_load (store_t *base, uint32_t partition, size_t budget, store_rocket_fn *rocket, void *context)
{
    store_postgres_t *self = (store_postgres_t *) base;
    if (!self->piece) {
        load_t fetched = s_fetch_piece (self, partition);
        if (fetched != LOAD_MORE)
            return fetched;
    }
    int count = PQntuples (self->piece);
    for (; self->next_row < count && budget > 0; self->next_row++, budget--) {
        rocket_view_t view;
        if (postgres_row_read (self->piece, self->next_row, &view) && rocket (context, &view))
            continue;
        log_event (LOG_ERROR, "a row of downlink.rocket is damaged", "partition=%u id=%s advice=%s",
            partition, PQgetvalue (self->piece, self->next_row, 0),
            "restore the row, or the database, from a copy");
        return LOAD_FAILED;
    }
    if (self->next_row < count)
        return LOAD_MORE;
    g_clear_pointer (&self->piece, PQclear);
    if (count == ROWS_PER_PIECE)
        return LOAD_MORE;
    s_begin_load (self, NO_PARTITION);
    return LOAD_DONE;
}

static bool
s_position (store_t *base, uint32_t partition, position_t *position)
{
    const fence_t *fence = &((store_postgres_t *) base)->fences[partition];
    *position = fence->position;
    return fence->has_position;
}

static void
s_add_position (postgres_parameters_t *parameters, const position_t *position)
{
    postgres_add (parameters, POSTGRES_BYTES, position ? position->feed : NULL, POSITION_FEED_SIZE);
    if (position)
        postgres_add_number (parameters, position->offset);
    else
        postgres_add (parameters, POSTGRES_BIGINT, NULL, 0);
}

//  Save the rows that were collected, and the position, as one statement.
static save_t
s_save_piece (store_postgres_t *self, owned_t owned, const position_t *position)
{
    fence_t *fence = &self->fences[owned.partition];
    fence->sent++;
    postgres_parameters_t parameters = {0};
    postgres_add_number (&parameters, owned.partition);
    postgres_add_number (&parameters, (int64_t) owned.epoch);
    postgres_add (&parameters, POSTGRES_BYTES, self->writer, PROCESSOR_ID_SIZE);
    postgres_add_number (&parameters, fence->confirmed);
    postgres_add_number (&parameters, fence->sent);
    postgres_rows_add (self->rows, &parameters);
    s_add_position (&parameters, position);
    PGresult *result = NULL;
    postgres_result_t outcome = postgres_link_run (self->saving,
        postgres_rows_remove (self->rows) ? s_save_and_remove_sql : s_save_sql, &parameters,
        SAVE_MS, &result);
    postgres_rows_empty (self->rows);
    if (outcome == POSTGRES_BROKEN)
        return SAVE_BROKEN;
    if (outcome != POSTGRES_DONE)
        return SAVE_FAILED;
    bool is_passed = postgres_int (result, 0, 0) == 1;
    PQclear (result);
    if (!is_passed)
        return SAVE_FENCED;
    fence->confirmed = fence->sent;
    return SAVE_DONE;
}

static save_t
s_save (store_t *base, owned_t owned, rocket_view_t *const *rockets, size_t count,
    const position_t *position)
{
    store_postgres_t *self = (store_postgres_t *) base;
    save_t saved = SAVE_DONE;
    postgres_rows_empty (self->rows);
    for (size_t index = 0; saved == SAVE_DONE && index + 1 < count; index++)
        if (postgres_rows_append (self->rows, rockets[index]) >= PIECE_BYTES)
            saved = s_save_piece (self, owned, NULL);
    if (saved != SAVE_DONE)
        return saved;
    if (count > 0)
        (void) postgres_rows_append (self->rows, rockets[count - 1]);
    return s_save_piece (self, owned, position);
}

static bool
s_mark (store_t *base, const state_mark_t *mark)
{
    store_postgres_t *self = (store_postgres_t *) base;
    if (postgres_schema_mark (self->saving, mark) != POSTGRES_DONE)
        return false;
    state_mark_text (mark, self->mark);
    return true;
}

static void
s_release (store_t *base, uint32_t partition)
{
    store_postgres_t *self = (store_postgres_t *) base;
    if (partition == self->coming)
        s_begin_load (self, NO_PARTITION);
}

static store_health_t
s_health (store_t *base)
{
    static const char *const places[] = {[POSTGRES_SAFE_UNKNOWN] = "unknown",
        [POSTGRES_SAFE_HERE] = "server",
        [POSTGRES_SAFE_REPLICA] = "server and replica"};
    const store_postgres_t *self = (const store_postgres_t *) base;
    return (store_health_t){.kind = "postgres",
        .saved_on = places[postgres_link_safety (self->saving)],
        .is_away = postgres_link_is_away (self->saving) || postgres_link_is_away (self->loading)};
}

static void
s_destroy (store_t **base_p)
{
    store_postgres_t *self = (store_postgres_t *) *base_p;
    if (!self)
        return;
    load_job_t *job = self->loader ? background_wait (self->loader) : NULL;
    g_clear_pointer (&job, s_free_job);
    background_destroy (&self->loader);
    PQclear (self->piece);
    g_free (self->after);
    postgres_rows_destroy (&self->rows);
    postgres_link_destroy (&self->saving);
    postgres_link_destroy (&self->loading);
    g_free (self);
    *base_p = NULL;
}

//  Open the state, and wait for the database as long as it is away. Return false if the state
//  cannot be used, or if the patience ends.
static bool
s_open (store_postgres_t *self, state_traits_t *traits, const patience_t *patience)
{
    state_traits_t found = *traits;
    postgres_result_t outcome;
    while (true) {
        outcome = postgres_schema_open (self->saving, &found);
        if (outcome == POSTGRES_DONE)
            outcome = postgres_pooler_check (self->saving, self->loading);
        if (outcome == POSTGRES_DONE || outcome == POSTGRES_BROKEN)
            break;
        if (!patience_wait (patience, RETRY_MS)) {
            log_event (LOG_INFO, "stopped while the database was away", "");
            return false;
        }
    }
    if (outcome == POSTGRES_BROKEN ||
        !check_traits (&found, traits, "downlink.state", "downlink.state"))
        return false;
    *traits = found;
    state_mark_text (&found.mark, self->mark);
    return true;
}

store_t *
store_postgres_new (const char *address, const uint8_t writer[PROCESSOR_ID_SIZE],
    const patience_t *patience, state_traits_t *traits)
{
    store_postgres_t *self = g_new0 (store_postgres_t, 1);
    self->base = (store_t){
        s_take, s_load, s_position, s_save, s_mark, s_release, s_health, s_destroy, false};
    memcpy (self->writer, writer, PROCESSOR_ID_SIZE);
    self->coming = NO_PARTITION;
    self->saving = postgres_link_new (address, "downlink saves", POSTGRES_COMMIT_SAFE);
    self->loading = postgres_link_new (address, "downlink loads", POSTGRES_COMMIT_SAFE);
    self->rows = postgres_rows_new ();
    store_t *base = &self->base;
    if (!self->saving || !self->loading || !s_open (self, traits, patience)) {
        s_destroy (&base);
        return NULL;
    }
    self->loader = background_new ("loader", s_do_job, self);
    if (!self->loader)
        s_destroy (&base);
    return base;
}
