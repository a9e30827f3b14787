//  Each job is in one queue:
//
//    queue     ends with
//    quick     it has seen all tables: answered. Or a table has too few: waiting
//    waiting   a seat on the pass is free: riding
//    riding    it has seen all its shards: seen
//    seen      the step ends: answered
//
//  A job also leaves each queue when its last deadline passes or one of its shards is released.
//  Only riding jobs take part in the pass (list_pass.h).
//  SPDX-License-Identifier: Apache-2.0
#include "processor/answer/list_jobs.h"

#include "common/process/clock.h"
#include "common/text/table_hash.h"
#include "processor/answer/answer_query.h"
#include "processor/answer/list_pass.h"
#include "query/protocol/list_copy.h"
#include "query/protocol/reply.h"

#define LAPS_MAX 4  //  selections without a rocket to show, before a 503

struct list_jobs {
    shards_t *shards;
    text_pool_t *pool;
    GQueue quick;
    GQueue waiting;
    list_pass_t pass;       //  with the riding jobs
    GHashTable *by_key;     //  of list_job_t *, the jobs that have not begun
    GHashTable *by_client;  //  client -> number of its jobs
    guint askers_count;
};

//  Clients choose the lists.
static guint
s_hash (gconstpointer key)
{
    gsize size;
    const char *data = g_bytes_get_data ((GBytes *) (uintptr_t) key, &size);
    return table_hash_32 (text_of (data, size));
}

list_jobs_t *
list_jobs_new (shards_t *shards, text_pool_t *pool, size_t tables_from)
{
    list_jobs_t *self = g_new0 (list_jobs_t, 1);
    self->shards = shards;
    self->pool = pool;
    self->pass.shards = shards;
    self->pass.tables_from = tables_from;
    self->by_key = g_hash_table_new (s_hash, g_bytes_equal);
    self->by_client = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
    return self;
}

static guint
s_jobs_of (const list_jobs_t *self, uint64_t client)
{
    return GPOINTER_TO_UINT (g_hash_table_lookup (self->by_client, &client));
}

static void
s_set_jobs_of (list_jobs_t *self, uint64_t client, guint count)
{
    if (count > 0)
        g_hash_table_replace (
            self->by_client, g_memdup2 (&client, sizeof client), GUINT_TO_POINTER (count));
    else
        g_hash_table_remove (self->by_client, &client);
}

static void
s_free (list_jobs_t *self, list_job_t *job)
{
    s_set_jobs_of (self, job->client, s_jobs_of (self, job->client) - 1);
    if (g_hash_table_lookup (self->by_key, job->key) == job)
        g_hash_table_remove (self->by_key, job->key);
    self->askers_count -= job->askers->len;
    list_job_destroy (&job, self->shards);
}

void
list_jobs_destroy (list_jobs_t **self_p)
{
    list_jobs_t *self = *self_p;
    if (!self)
        return;
    GQueue *queues[] = {&self->quick, &self->waiting, &self->pass.riding};
    for (size_t index = 0; index < G_N_ELEMENTS (queues); index++)
        while (queues[index]->head)
            s_free (self, queues[index]->head->data);
    g_hash_table_destroy (self->by_key);
    g_hash_table_destroy (self->by_client);
    g_free (self);
    *self_p = NULL;
}

//  Return true if every shard of the list has a table for it.
static bool
s_is_quick (const list_jobs_t *self, const list_query_t *list)
{
    for (uint32_t partition = 0; partition < self->shards->partitions; partition++) {
        const shard_t *shard = list_job_shard (self->shards, partition);
        if (shard && list_query_wants (list, partition) &&
            !leaders_have (shard_leaders (shard), list))
            return false;
    }
    return true;
}

static GBytes *
s_key (const list_query_t *list)
{
    query_t query = {.op = QUERY_LIST, .list = *list};
    GByteArray *bytes = g_byte_array_new ();
    query_write (bytes, &query);
    return g_byte_array_free_to_bytes (bytes);
}

static list_job_t *
s_new_job (list_jobs_t *self, list_query_t *list, GBytes *key, uint64_t client)
{
    bool is_quick = s_is_quick (self, list);
    list_job_t *job = list_job_new (list, key, client);
    s_set_jobs_of (self, client, s_jobs_of (self, client) + 1);
    g_hash_table_insert (self->by_key, job->key, job);
    list_job_enter (job, is_quick ? &self->quick : &self->waiting);
    return job;
}

static guint
s_jobs_count (const list_jobs_t *self)
{
    return self->quick.length + self->waiting.length + self->pass.riding.length;
}

static bool
s_has_room (const list_jobs_t *self, uint64_t client)
{
    guint count = s_jobs_count (self);
    return count < LIST_JOBS_MAX && s_jobs_of (self, client) < LIST_JOBS_MAX - count;
}

list_added_t
list_jobs_add (list_jobs_t *self, const list_query_t *list, const list_asker_t *asker)
{
    if (!list_job_is_ours (self->shards, list))
        return LIST_FOREIGN;
    if (self->askers_count >= LIST_JOBS_ASKERS_MAX)
        return LIST_REFUSED;
    list_query_t copy;
    list_copy (&copy, list);
    GBytes *key = s_key (&copy);
    list_job_t *job = g_hash_table_lookup (self->by_key, key);
    if (!job && s_has_room (self, asker->client))
        job = s_new_job (self, &copy, key, asker->client);
    if (job) {
        list_job_add_asker (job, asker);
        self->askers_count++;
    }
    list_copy_clear (&copy);
    g_bytes_unref (key);
    return job ? LIST_ADDED : LIST_REFUSED;
}

bool
list_jobs_are_waiting (const list_jobs_t *self)
{
    return s_jobs_count (self) > 0;
}

//  Give all askers the reply, and free the job.
static void
s_reply (list_jobs_t *self, list_job_t *job, GByteArray *bytes)
{
    list_job_tell (job, bytes);
    s_free (self, job);
}

static void
s_refuse (list_jobs_t *self, list_job_t *job, uint32_t status, const char *detail)
{
    GByteArray *bytes = g_byte_array_new ();
    reply_write_status (bytes, status, detail);
    s_reply (self, job, bytes);
}

static void
s_let_go (list_jobs_t *self, list_job_t *job)
{
    s_refuse (self, job, 421, "a partition that was asked for is not owned here any more");
}

//  Begin a job. An equal list that arrives from now on gets a job of its own: a rocket that this
//  job has seen may have changed before that list arrived. Return false if a shard is gone: the job
//  is then answered and freed.
static bool
s_begin (list_jobs_t *self, list_job_t *job)
{
    if (!list_job_is_ours (self->shards, &job->list)) {
        s_let_go (self, job);
        return false;
    }
    if (g_hash_table_lookup (self->by_key, job->key) == job)
        g_hash_table_remove (self->by_key, job->key);
    list_job_begin (job, self->shards, self->pool);
    return true;
}

//  End a job that has seen all rockets.
static void
s_finish (list_jobs_t *self, list_job_t *job)
{
    selection_settle (&job->selection);
    bool is_empty = job->selection.count == 0 && job->selection.is_cut;
    if (is_empty && ++job->laps == LAPS_MAX) {
        s_refuse (self, job, 503, "the rockets of this list change faster than it can be made");
        return;
    }
    if (is_empty) {
        list_job_rewind (job, self->shards);
        list_job_enter (job, &self->waiting);
        return;
    }
    GByteArray *bytes = g_byte_array_new ();
    answer_list (&job->selection, job->owned, job->owned_count, bytes);
    s_reply (self, job, bytes);
}

//  Show a table of leaders to the first quick job.
static void
s_step_quick (list_jobs_t *self)
{
    list_job_t *job = self->quick.head->data;
    if (!job->has_begun && !s_begin (self, job))
        return;
    uint32_t partition = 0;
    while (partition < self->shards->partitions && !list_job_has_todo (job, partition))
        partition++;
    if (partition == self->shards->partitions)
        s_finish (self, job);
    else if (leaders_show (
                 shard_leaders (list_job_shard (self->shards, partition)), &job->selection)) {
        if (list_job_check_off (job, partition))
            s_finish (self, job);
    }
    else {
        list_job_rewind (job, self->shards);
        list_job_enter (job, &self->waiting);
    }
}

static guint
s_seats_of (const list_jobs_t *self, uint64_t client)
{
    guint count = 0;
    for (const GList *link = self->pass.riding.head; link; link = link->next)
        count += ((const list_job_t *) link->data)->client == client;
    return count;
}

//  Return the first waiting job of the client with the fewest seats; NULL if none waits.
static list_job_t *
s_next_job (const list_jobs_t *self)
{
    list_job_t *next = NULL;
    guint fewest = UINT_MAX;
    for (const GList *link = self->waiting.head; link && fewest > 0; link = link->next) {
        list_job_t *job = link->data;
        guint seats = s_seats_of (self, job->client);
        if (seats < fewest) {
            fewest = seats;
            next = job;
        }
    }
    return next;
}

static void
s_fill_seats (list_jobs_t *self)
{
    list_job_t *job = NULL;
    while (self->pass.riding.length < LIST_PASS_RIDING_MAX && (job = s_next_job (self))) {
        if (!s_begin (self, job))
            continue;
        list_job_enter (job, &self->pass.riding);
        if (job->todo_count == 0)
            s_finish (self, job);
    }
}

static void
s_step (list_jobs_t *self)
{
    if (self->quick.head) {
        s_step_quick (self);
        return;
    }
    s_fill_seats (self);
    list_pass_step (&self->pass);
    while (self->pass.seen.head)
        s_finish (self, self->pass.seen.head->data);
}

//  End a job without askers or with a shard that is gone.
static void
s_look_at (list_jobs_t *self, list_job_t *job, int64_t now_us)
{
    guint expired = list_job_expire (job, now_us);
    self->askers_count -= expired;
    self->shards->counters.queries_expired += expired;
    if (job->askers->len == 0)
        s_free (self, job);
    else if (job->has_begun && !list_job_is_intact (job, self->shards))
        s_let_go (self, job);
}

static void
s_look_over (list_jobs_t *self)
{
    int64_t now_us = clock_us ();
    GQueue *queues[] = {&self->quick, &self->waiting, &self->pass.riding};
    for (size_t index = 0; index < G_N_ELEMENTS (queues); index++) {
        for (GList *link = queues[index]->head; link;) {
            list_job_t *job = link->data;
            link = link->next;
            s_look_at (self, job, now_us);
        }
    }
}

void
list_jobs_run (list_jobs_t *self, int64_t until_us)
{
    if (!list_jobs_are_waiting (self))
        return;
    s_look_over (self);
    while (list_jobs_are_waiting (self)) {
        s_step (self);
        if (clock_us () >= until_us)
            return;
    }
}
