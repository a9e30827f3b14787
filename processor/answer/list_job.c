//  SPDX-License-Identifier: Apache-2.0
#include "processor/answer/list_job.h"

#include "processor/answer/answer_query.h"
#include "query/protocol/list_copy.h"
#include "query/protocol/reply.h"

#define SPARE 8  //  further rockets in a heap, since some may leave the list

list_job_t *
list_job_new (list_query_t *list, GBytes *key, uint64_t client)
{
    list_job_t *self = g_new0 (list_job_t, 1);
    self->list = *list;
    *list = (list_query_t){0};
    self->key = g_bytes_ref (key);
    self->client = client;
    self->askers = g_array_new (FALSE, FALSE, sizeof (list_asker_t));
    self->earliest_us = INT64_MAX;
    self->link.data = self;
    return self;
}

void
list_job_destroy (list_job_t **self_p, const shards_t *shards)
{
    list_job_t *self = *self_p;
    if (!self)
        return;
    list_job_rewind (self, shards);
    list_job_enter (self, NULL);
    g_array_unref (self->askers);
    g_bytes_unref (self->key);
    list_copy_clear (&self->list);
    g_free (self);
    *self_p = NULL;
}

void
list_job_enter (list_job_t *self, GQueue *queue)
{
    if (self->queue)
        g_queue_unlink (self->queue, &self->link);
    self->queue = queue;
    if (queue)
        g_queue_push_tail_link (queue, &self->link);
}

void
list_job_add_asker (list_job_t *self, const list_asker_t *asker)
{
    g_array_append_val (self->askers, *asker);
    self->earliest_us = MIN (self->earliest_us, asker->deadline_us);
}

shard_t *
list_job_shard (const shards_t *shards, uint32_t partition)
{
    return partition < shards->partitions ? shards->shards[partition] : NULL;
}

bool
list_job_is_ours (const shards_t *shards, const list_query_t *list)
{
    for (uint32_t partition = 0; list->has_partitions && partition < PARTITIONS_MAX; partition++)
        if (list_query_wants (list, partition) && !list_job_shard (shards, partition))
            return false;
    return true;
}

static void
s_add_todo (list_job_t *self, owned_t owned)
{
    self->owned[self->owned_count++] = owned;
    self->todo[owned.partition / 8] |= (uint8_t) (1u << owned.partition % 8);
}

void
list_job_begin (list_job_t *self, const shards_t *shards, text_pool_t *pool)
{
    self->has_begun = true;
    self->owned = g_new (owned_t, shards->partitions);
    self->owned_count = 0;
    memset (self->todo, 0, sizeof self->todo);
    for (uint32_t partition = 0; partition < shards->partitions; partition++) {
        const shard_t *shard = list_job_shard (shards, partition);
        if (shard && list_query_wants (&self->list, partition))
            s_add_todo (self, shard_owned (shard));
    }
    self->todo_count = self->owned_count;
    //  One rocket more than the limit shows whether more follow.
    selection_init (&self->selection, &self->list, self->list.limit + 1u + SPARE, pool);
}

//  Return true if the shard is the same as at the beginning of the job.
static bool
s_is_held (const shards_t *shards, owned_t owned)
{
    const shard_t *shard = list_job_shard (shards, owned.partition);
    return shard && shard_owned (shard).epoch == owned.epoch;
}

bool
list_job_is_intact (const list_job_t *self, const shards_t *shards)
{
    for (uint32_t index = 0; index < self->owned_count; index++)
        if (!s_is_held (shards, self->owned[index]))
            return false;
    return true;
}

static bool
s_has_draft (const list_job_t *self, const shards_t *shards)
{
    for (uint32_t index = 0; self->draft && index < self->owned_count; index++)
        if (self->owned[index].partition == self->draft_partition)
            return s_is_held (shards, self->owned[index]);
    return false;
}

void
list_job_rewind (list_job_t *self, const shards_t *shards)
{
    if (!self->has_begun)
        return;
    if (s_has_draft (self, shards)) {
        const shard_t *shard = list_job_shard (shards, self->draft_partition);
        leaders_abandon (shard_leaders (shard), &self->draft);
    }
    self->draft = NULL;
    self->has_begun = self->is_in_visit = false;
    selection_free (&self->selection);
    g_clear_pointer (&self->owned, g_free);
}

bool
list_job_has_todo (const list_job_t *self, uint32_t partition)
{
    return (self->todo[partition / 8] & 1u << partition % 8) != 0;
}

bool
list_job_check_off (list_job_t *self, uint32_t partition)
{
    self->todo[partition / 8] &= (uint8_t) ~(1u << partition % 8);
    return --self->todo_count == 0;
}

static void
s_tell (const list_asker_t *asker, GBytes *reply)
{
    asker->function (asker->context, asker->tag, reply);
}

void
list_job_tell (const list_job_t *self, GByteArray *bytes)
{
    GBytes *reply = g_byte_array_free_to_bytes (bytes);
    for (guint index = 0; index < self->askers->len; index++)
        s_tell (&g_array_index (self->askers, list_asker_t, index), reply);
    g_bytes_unref (reply);
}

guint
list_job_expire (list_job_t *self, int64_t now_us)
{
    if (self->earliest_us > now_us)
        return 0;
    GByteArray *bytes = g_byte_array_new ();
    reply_write_status (bytes, 503, QUERY_EXPIRED);
    GBytes *reply = g_byte_array_free_to_bytes (bytes);
    guint count = self->askers->len;
    guint kept = 0;
    self->earliest_us = INT64_MAX;
    for (guint index = 0; index < count; index++) {
        list_asker_t asker = g_array_index (self->askers, list_asker_t, index);
        if (asker.deadline_us <= now_us) {
            s_tell (&asker, reply);
            continue;
        }
        self->earliest_us = MIN (self->earliest_us, asker.deadline_us);
        g_array_index (self->askers, list_asker_t, kept++) = asker;
    }
    g_array_set_size (self->askers, kept);
    g_bytes_unref (reply);
    return count - kept;
}
