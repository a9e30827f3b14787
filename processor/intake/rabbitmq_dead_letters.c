//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/rabbitmq_dead_letters.h"

#define REASON_BYTES 512

typedef struct {
    uint64_t id;
    rabbitmq_delivery_t *delivery;
    char reason[REASON_BYTES];
    GList link;  //  in unsent
} letter_t;

typedef struct {
    dead_letters_t base;
    rabbitmq_publisher_t *publisher;
    const char *topic;
    rabbitmq_letter_fn *carried;
    void *context;
    GHashTable *letters;  //  of letter_t by id: all that are not carried
    GQueue unsent;        //  of letter_t: some of them
    uint64_t ids;
} rabbitmq_dead_letters_t;

static void
s_free_letter (void *data)
{
    letter_t *letter = data;
    rabbitmq_delivery_free (letter->delivery);
    g_free (letter);
}

dead_letters_t *
rabbitmq_dead_letters_new (const rabbitmq_settings_t *settings, const char *queue,
    const char *topic, int ear_fd, rabbitmq_letter_fn *carried, void *context)
{
    rabbitmq_dead_letters_t *self = g_new0 (rabbitmq_dead_letters_t, 1);
    self->base = (dead_letters_t){.place = queue, .max = DEAD_LETTERS_MAX};
    self->topic = topic;
    self->carried = carried;
    self->context = context;
    self->letters = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, s_free_letter);
    self->publisher = rabbitmq_publisher_new (settings, queue, false, ear_fd);
    if (!self->publisher) {
        g_hash_table_unref (self->letters);
        g_free (self);
        return NULL;
    }
    rabbitmq_publisher_set_queues (self->publisher, 1);
    return &self->base;
}

bool
rabbitmq_dead_letters_destroy (dead_letters_t **base_p)
{
    rabbitmq_dead_letters_t *self = (rabbitmq_dead_letters_t *) g_steal_pointer (base_p);
    if (!self)
        return true;
    bool has_ended = rabbitmq_publisher_destroy (&self->publisher);
    g_hash_table_unref (self->letters);
    g_free (self);
    return has_ended;
}

static void
s_take_fate (void *context, uint64_t id, bool is_carried, int64_t took_us)
{
    (void) took_us;
    rabbitmq_dead_letters_t *self = context;
    letter_t *letter = g_hash_table_lookup (self->letters, &id);
    if (!letter)
        return;
    if (!is_carried) {
        g_queue_push_tail_link (&self->unsent, &letter->link);
        dead_letters_fail (&self->base, rabbitmq_publisher_condition (self->publisher)->reason);
        return;
    }
    const rabbitmq_delivery_t *delivery = letter->delivery;
    dead_letters_remove (&self->base, delivery->size);
    self->carried (self->context, delivery->partition, delivery->assignment, delivery->instance,
        delivery->tag);
    g_hash_table_remove (self->letters, &id);
}

//  Publish a letter. Return false if it cannot be taken now.
static bool
s_publish (rabbitmq_dead_letters_t *self, const letter_t *letter)
{
    char name[RABBITMQ_QUEUE_NAME_SIZE];
    const rabbitmq_delivery_t *delivery = letter->delivery;
    rabbitmq_queue_name (name, self->topic, delivery->partition);
    rabbitmq_message_t message = {.id = letter->id,
        .body = {delivery->body, delivery->size},
        .headers = {{"reason", text_from (letter->reason), false},
            {"queue", text_from (name), false}},
        .headers_count = 2};
    return rabbitmq_publisher_send (self->publisher, &message);
}

static void
s_publish_all (rabbitmq_dead_letters_t *self)
{
    if (dead_letters_are_resting (&self->base))
        return;
    while (self->unsent.head && s_publish (self, self->unsent.head->data))
        g_queue_pop_head_link (&self->unsent);
}

void
rabbitmq_dead_letters_send (dead_letters_t *base, rabbitmq_delivery_t *delivery, const char *reason)
{
    rabbitmq_dead_letters_t *self = (rabbitmq_dead_letters_t *) base;
    letter_t *letter = g_new0 (letter_t, 1);
    letter->id = ++self->ids;
    letter->delivery = delivery;
    letter->link.data = letter;
    g_strlcpy (letter->reason, reason, sizeof letter->reason);
    g_hash_table_insert (self->letters, &letter->id, letter);
    dead_letters_add (base, delivery->size);
    g_queue_push_tail_link (&self->unsent, &letter->link);
    s_publish_all (self);
}

void
rabbitmq_dead_letters_run (dead_letters_t *base)
{
    rabbitmq_dead_letters_t *self = (rabbitmq_dead_letters_t *) base;
    rabbitmq_publisher_run (self->publisher, s_take_fate, self);
    s_publish_all (self);
}

const rabbitmq_publisher_condition_t *
rabbitmq_dead_letters_condition (const dead_letters_t *base)
{
    return rabbitmq_publisher_condition (((const rabbitmq_dead_letters_t *) base)->publisher);
}
