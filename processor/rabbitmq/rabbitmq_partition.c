//  SPDX-License-Identifier: Apache-2.0
#include "processor/rabbitmq/rabbitmq_partition.h"

typedef struct {
    uint64_t tag;
    uint64_t folded;
    int64_t time_ms;
    bool is_held;
    GList link;
} unsaved_t;

void
rabbitmq_partition_add (rabbitmq_partition_t *self, uint64_t instance, uint64_t tag,
    uint64_t folded, int64_t time_ms, bool is_held)
{
    if (self->instance != instance)
        rabbitmq_partition_forget (self);  //  RabbitMQ delivers them again on this channel
    self->instance = instance;
    unsaved_t *unsaved = g_new0 (unsaved_t, 1);
    *unsaved = (unsaved_t){
        .tag = tag, .folded = folded, .time_ms = time_ms, .is_held = is_held, .link.data = unsaved};
    g_queue_push_tail_link (&self->unsaved, &unsaved->link);
}

void
rabbitmq_partition_let_go (
    rabbitmq_partition_t *self, uint64_t assignment, uint64_t instance, uint64_t tag)
{
    if (self->assignment != assignment || self->instance != instance)
        return;
    for (GList *link = self->unsaved.head; link; link = link->next) {
        unsaved_t *unsaved = link->data;
        if (unsaved->tag == tag) {
            unsaved->is_held = false;
            return;
        }
    }
}

bool
rabbitmq_partition_settle (rabbitmq_partition_t *self, uint64_t saved, uint64_t *tag)
{
    bool is_any = false;
    while (self->unsaved.head) {
        unsaved_t *unsaved = self->unsaved.head->data;
        if (unsaved->is_held || unsaved->folded > saved)
            break;
        *tag = unsaved->tag;
        is_any = true;
        g_queue_unlink (&self->unsaved, &unsaved->link);
        g_free (unsaved);
    }
    return is_any;
}

void
rabbitmq_partition_forget (rabbitmq_partition_t *self)
{
    for (GList *link; (link = g_queue_pop_head_link (&self->unsaved));)
        g_free (link->data);
}

int64_t
rabbitmq_partition_oldest_ms (const rabbitmq_partition_t *self)
{
    const unsaved_t *oldest = self->unsaved.head ? self->unsaved.head->data : NULL;
    return oldest ? oldest->time_ms : 0;
}
