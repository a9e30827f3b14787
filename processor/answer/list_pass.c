//  A visit to a shard has two phases. First it gathers the riding jobs that want the shard; some of
//  them need only its table of leaders. Then the other jobs see its rockets, in chunks of places.
//  The first visit to a shard makes the rows of its rockets (rocket_columns.h); later visits read
//  only the rows. A rocket that is added during the visit has a later place, so the jobs usually see
//  it too. A job that joins during the visit waits for the next one.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/answer/list_pass.h"

#define CHUNK 1024           //  places
#define ROWS_PER_STEP 65536  //  times jobs on the pass
#define SHOWN_PER_STEP 2048  //  likewise, if the rockets themselves are loaded
#define PREFETCHED 8         //  rockets ahead

//  Note that a job has seen a shard.
static void
s_check_off (list_pass_t *self, list_job_t *job, uint32_t partition)
{
    if (list_job_check_off (job, partition))
        list_job_enter (job, &self->seen);
}

//  Return the places of the next chunk. The places of rockets often follow the order of a list, for
//  example by the time of their last message: then each rocket would push out one that was chosen
//  before. So the visit jumps by the golden ratio from chunk to chunk, and soon meets rockets that
//  stay chosen.
static size_t
s_chunk (const shard_visit_t *visit, size_t size, size_t *end)
{
    size_t chunk =
        visit->seen < visit->chunks ? visit->seen * visit->stride % visit->chunks : visit->seen;
    *end = MIN (size, (chunk + 1) * CHUNK);
    return MIN (size, chunk * CHUNK);
}

static size_t
s_greatest_divisor (size_t a, size_t b)
{
    return b ? s_greatest_divisor (b, a % b) : a;
}

static void
s_visit (list_pass_t *self, uint32_t partition)
{
    size_t size = shard_places (list_job_shard (self->shards, partition));
    shard_visit_t *visit = &self->visit;
    *visit = (shard_visit_t){
        .is_open = true, .partition = partition, .chunks = (size + CHUNK - 1) / CHUNK};
    visit->stride = visit->chunks * 618 / 1000 + 1;
    while (s_greatest_divisor (visit->stride, visit->chunks) > 1)
        visit->stride++;
}

//  Begin to visit the next shard that a job wants, in a circle.
static void
s_begin_visit (list_pass_t *self)
{
    uint32_t partitions = self->shards->partitions;
    for (uint32_t count = 1; count <= partitions; count++) {
        uint32_t partition = (self->visit.partition + count) % partitions;
        for (GList *link = self->riding.head; link; link = link->next) {
            if (list_job_has_todo (link->data, partition)) {
                s_visit (self, partition);
                return;
            }
        }
    }
}

//  Add one more job to the visit. Return false if no job is left.
static bool
s_gather (list_pass_t *self)
{
    uint32_t partition = self->visit.partition;
    for (GList *link = self->riding.head; link; link = link->next) {
        list_job_t *job = link->data;
        if (job->is_in_visit || !list_job_has_todo (job, partition))
            continue;
        leaders_t *leaders = shard_leaders (list_job_shard (self->shards, partition));
        if (leaders_show (leaders, &job->selection))
            s_check_off (self, job, partition);
        else {
            job->is_in_visit = true;
            if (self->visit.chunks * CHUNK >= self->tables_from)
                job->draft = leaders_begin (leaders, &job->selection);
            job->draft_partition = partition;
        }
        return true;
    }
    return false;
}

static size_t
s_in_visit (const list_pass_t *self, selection_t *selections[LIST_PASS_RIDING_MAX])
{
    size_t count = 0;
    for (GList *link = self->riding.head; link; link = link->next) {
        list_job_t *job = link->data;
        if (job->is_in_visit)
            selections[count++] =
                job->draft ? leaders_draft_selection (job->draft) : &job->selection;
    }
    return count;
}

static void
s_end_visit (list_pass_t *self)
{
    uint32_t partition = self->visit.partition;
    for (GList *link = self->riding.head; link;) {
        list_job_t *job = link->data;
        link = link->next;
        if (!job->is_in_visit)
            continue;
        if (job->draft)
            leaders_end (shard_leaders (list_job_shard (self->shards, partition)), &job->draft,
                &job->selection);
        job->is_in_visit = false;
        s_check_off (self, job, partition);
    }
    self->visit.is_open = false;
}

//  Show all rockets of some places to selections. Rockets are scattered in memory, so prefetch the
//  next ones.
static void
s_show_all (
    const shard_t *shard, selection_t *const *selections, size_t count, size_t first, size_t end)
{
    for (size_t place = first; place < end; place++) {
        const rocket_t *rocket = shard_at (shard, place);
        rocket_view_t view;
        if (place + PREFETCHED < end)
            rocket_prefetch (shard_at (shard, place + PREFETCHED));
        if (!rocket)
            continue;
        rocket_view (rocket, &view);
        for (size_t index = 0; index < count; index++)
            selection_show (selections[index], rocket, &view);
    }
}

//  Show a chunk to all jobs of the visit. Return the cost, in rows.
static size_t
s_show_chunk (
    shard_t *shard, selection_t *const *selections, size_t count, size_t first, size_t end)
{
    size_t rows = 0;
    if (!shard_has_rows (shard)) {
        s_show_all (shard, selections, count, first, end);
        shard_make_rows (shard, first, end);
        return CHUNK * count * (ROWS_PER_STEP / SHOWN_PER_STEP);
    }
    for (size_t index = 0; index < count; index++) {
        bool is_shown = shard_show (shard, selections[index], first, end);
        if (!is_shown)
            s_show_all (shard, &selections[index], 1, first, end);
        rows += is_shown ? CHUNK : CHUNK * (ROWS_PER_STEP / SHOWN_PER_STEP);
    }
    return rows;
}

//  Show some chunks to all jobs of the visit.
static void
s_show_some (list_pass_t *self)
{
    selection_t *selections[LIST_PASS_RIDING_MAX];
    shard_visit_t *visit = &self->visit;
    size_t count = s_in_visit (self, selections);
    shard_t *shard = count > 0 ? list_job_shard (self->shards, visit->partition) : NULL;
    size_t size = shard ? shard_places (shard) : 0;
    size_t rows = 0;
    while (visit->seen * CHUNK < size && rows < ROWS_PER_STEP) {
        size_t end;
        size_t first = s_chunk (visit, size, &end);
        rows += s_show_chunk (shard, selections, count, first, end);
        visit->seen++;
    }
    if (visit->seen * CHUNK < size)
        return;
    if (shard)
        shard_end_rows (shard);
    s_end_visit (self);
}

void
list_pass_step (list_pass_t *self)
{
    if (!self->visit.is_open)
        s_begin_visit (self);
    else if (!self->visit.is_gathered)
        self->visit.is_gathered = !s_gather (self);
    else
        s_show_some (self);
}
