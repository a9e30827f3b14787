//  SPDX-License-Identifier: Apache-2.0
#include "move/carry.h"

#include <glib.h>

#include "common/domain/partition.h"
#include "common/process/failpoint.h"

#define ROCKETS_MAX 65536             //  in memory, in all batches
#define BYTES_MAX (64 * 1024 * 1024)  //  likewise
#define BATCH_MAX 16384               //  rockets in one save

//  The reader of one end, and the batches for the other end.
typedef struct {
    move_end_t *from;
    move_end_t *to;  //  NULL: only count
    progress_t *progress;
    const char *step;
    tally_t *tally;
    uint32_t partition;                  //  that is read
    uint32_t rows[PARTITIONS_MAX];       //  rows of `to` in use, by partition
    GPtrArray *batches[PARTITIONS_MAX];  //  of rocket_view_t *, by partition of `to`
    size_t rockets;
    size_t bytes;
} carry_t;

//  Return about as many bytes as a copy of the rocket takes.
static size_t
s_bytes (const rocket_view_t *rocket)
{
    return sizeof *rocket + rocket->id.size + rocket->type.size + rocket->mission.size +
           rocket->explosion_reason.size + rocket->seen_count * sizeof *rocket->seen;
}

static bool
s_take_rocket (void *context, const rocket_view_t *rocket)
{
    carry_t *self = context;
    if (partition_of (rocket->id, state_traits_layout (&self->from->traits)) != self->partition)
        return false;
    tally_add (self->tally, rocket);
    if (self->to) {
        uint32_t partition = partition_of (rocket->id, state_traits_layout (&self->to->traits));
        rocket_view_t *copy = rocket_view_copy (rocket);
        copy->row = ++self->rows[partition];
        g_ptr_array_add (self->batches[partition], copy);
        self->rockets++;
        self->bytes += s_bytes (rocket);
    }
    return true;
}

static bool
s_save (carry_t *self, uint32_t partition)
{
    GPtrArray *batch = self->batches[partition];
    if (batch->len == 0)
        return true;
    FAILPOINT ("move-save");
    if (!move_end_save (self->to, partition, (rocket_view_t *const *) (gpointer) batch->pdata,
            batch->len, NULL))
        return false;
    self->rockets -= batch->len;
    for (guint index = 0; index < batch->len; index++)
        self->bytes -= s_bytes (batch->pdata[index]);
    g_ptr_array_set_size (batch, 0);
    return true;
}

static uint32_t
s_largest (const carry_t *self)
{
    uint32_t largest = 0;
    for (uint32_t partition = 1; partition < self->to->traits.partitions; partition++)
        if (self->batches[partition]->len > self->batches[largest]->len)
            largest = partition;
    return largest;
}

static bool
s_is_full (const carry_t *self)
{
    return self->rockets >= ROCKETS_MAX || self->bytes >= BYTES_MAX ||
           self->batches[s_largest (self)]->len >= BATCH_MAX;
}

//  Save while too many rockets are in memory.
static bool
s_between (void *context)
{
    carry_t *self = context;
    progress_show (self->progress, self->step, self->partition, self->from->traits.partitions,
        self->tally->rockets);
    while (self->to && s_is_full (self))
        if (!s_save (self, s_largest (self)))
            return false;
    return true;
}

static bool
s_read_all (carry_t *self)
{
    *self->tally = (tally_t){0};
    for (uint32_t partition = 0; partition < self->from->traits.partitions; partition++) {
        self->partition = partition;
        if (!move_end_read (self->from, partition, s_take_rocket, s_between, self))
            return false;
    }
    return true;
}

bool
carry_all (move_end_t *from, move_end_t *to, progress_t *progress, tally_t *tally)
{
    carry_t self = {.from = from, .to = to, .progress = progress, .step = "moving", .tally = tally};
    uint32_t partitions = to->traits.partitions;
    for (uint32_t partition = 0; partition < partitions; partition++)
        self.batches[partition] = g_ptr_array_new_with_free_func (g_free);
    bool good = s_read_all (&self);
    for (uint32_t partition = 0; good && partition < partitions; partition++)
        good = s_save (&self, partition);
    for (uint32_t partition = 0; partition < partitions; partition++)
        g_ptr_array_unref (self.batches[partition]);
    return good;
}

bool
carry_count (move_end_t *end, const char *step, progress_t *progress, tally_t *tally)
{
    carry_t self = {.from = end, .progress = progress, .step = step, .tally = tally};
    return s_read_all (&self);
}
