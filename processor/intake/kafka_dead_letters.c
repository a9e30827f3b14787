//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/kafka_dead_letters.h"

#include <glib.h>

#include "common/kafka/kafka_client.h"

typedef struct {
    uint32_t partition;
    uint64_t assignment;
    int64_t offset;
    void *key;  //  NULL: none
    size_t key_size;
    void *value;
    size_t value_size;
    rd_kafka_headers_t *headers;
} letter_t;

typedef struct {
    dead_letters_t base;
    rd_kafka_t *client;
    char *topic;
    kafka_delivered_fn *delivered;
    void *context;
    GHashTable *letters;  //  of letter_t *: those that are not delivered
    GQueue failed;        //  of letter_t *: some of them, to send again
} kafka_dead_letters_t;

static void
s_free_letter (void *data)
{
    letter_t *letter = data;
    rd_kafka_headers_destroy (letter->headers);
    g_free (letter->key);
    g_free (letter->value);
    g_free (letter);
}

//  Keep a letter that was not taken, to send it again.
static void
s_fail (kafka_dead_letters_t *self, letter_t *letter, rd_kafka_resp_err_t error)
{
    g_queue_push_tail (&self->failed, letter);
    dead_letters_fail (&self->base, rd_kafka_err2str (error));
}

static void
s_take_report (rd_kafka_t *client, const rd_kafka_message_t *report, void *context)
{
    kafka_dead_letters_t *self = context;
    letter_t *letter = report->_private;
    (void) client;
    if (report->err) {
        s_fail (self, letter, report->err);
        return;
    }
    dead_letters_remove (&self->base, letter->value_size);
    self->delivered (self->context, letter->partition, letter->assignment, letter->offset);
    g_hash_table_remove (self->letters, letter);
}

static void
s_produce (kafka_dead_letters_t *self, letter_t *letter)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_copy (letter->headers);
    rd_kafka_vu_t record[] = {{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = self->topic},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {letter->key, letter->key_size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {letter->value, letter->value_size}},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = letter}};
    rd_kafka_error_t *error =
        rd_kafka_produceva (self->client, record, sizeof record / sizeof *record);
    if (!error)
        return;
    rd_kafka_headers_destroy (headers);
    s_fail (self, letter, rd_kafka_error_code (error));
    rd_kafka_error_destroy (error);
}

dead_letters_t *
kafka_dead_letters_new (const bus_settings_t *config, const char *topic, int wake_fd,
    kafka_delivered_fn *delivered, void *context)
{
    static const kafka_setting_t defaults[] = {{"client.id", "downlink-processor-dead-letters"},
        {"queue.buffering.max.messages", "10000"}, {"queue.buffering.max.kbytes", "32768"},
        {"linger.ms", "5"}, {"message.max.bytes", "10000000"}, {0}};
    static const kafka_setting_t fixed[] = {{"acks", "all"}, {0}};
    rd_kafka_conf_t *settings = kafka_client_settings (config, defaults, fixed);
    if (!settings)
        return NULL;
    kafka_dead_letters_t *self = g_new0 (kafka_dead_letters_t, 1);
    rd_kafka_conf_set_opaque (settings, self);
    rd_kafka_conf_set_dr_msg_cb (settings, s_take_report);
    self->client = kafka_client_new (RD_KAFKA_PRODUCER, settings);
    if (!self->client) {
        g_free (self);
        return NULL;
    }
    g_queue_init (&self->failed);
    self->letters = g_hash_table_new_full (NULL, NULL, s_free_letter, NULL);
    self->topic = g_strdup (topic);
    self->base = (dead_letters_t){.place = self->topic, .max = DEAD_LETTERS_MAX};
    self->delivered = delivered;
    self->context = context;
    static const uint64_t one = 1;
    rd_kafka_queue_t *events = rd_kafka_queue_get_main (self->client);
    rd_kafka_queue_io_event_enable (events, wake_fd, &one, sizeof one);
    rd_kafka_queue_destroy (events);
    return &self->base;
}

void
kafka_dead_letters_destroy (dead_letters_t **base_p)
{
    kafka_dead_letters_t *self = (kafka_dead_letters_t *) *base_p;
    if (!self)
        return;
    rd_kafka_purge (self->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy (self->client);
    g_queue_clear (&self->failed);
    g_hash_table_destroy (self->letters);
    g_free (self->topic);
    g_free (self);
    *base_p = NULL;
}

static void
s_add_header (rd_kafka_headers_t *headers, const char *name, const char *value)
{
    (void) !rd_kafka_header_add (headers, name, -1, value, -1);
}

//  Return the headers of a record and of its end.
static rd_kafka_headers_t *
s_headers (const rd_kafka_message_t *record, const char *topic, const char *reason)
{
    rd_kafka_headers_t *own = NULL;
    char partition[16];
    char offset[24];
    g_snprintf (partition, sizeof partition, "%d", record->partition);
    g_snprintf (offset, sizeof offset, "%lld", (long long) record->offset);
    rd_kafka_headers_t *headers =
        rd_kafka_message_headers (record, &own) == RD_KAFKA_RESP_ERR_NO_ERROR
            ? rd_kafka_headers_copy (own)
            : rd_kafka_headers_new (4);
    s_add_header (headers, "reason", reason);
    s_add_header (headers, "topic", topic);
    s_add_header (headers, "partition", partition);
    s_add_header (headers, "offset", offset);
    return headers;
}

void
kafka_dead_letters_send (dead_letters_t *base, const rd_kafka_message_t *record, const char *topic,
    uint64_t assignment, const char *reason)
{
    kafka_dead_letters_t *self = (kafka_dead_letters_t *) base;
    letter_t *letter = g_new0 (letter_t, 1);
    *letter = (letter_t){.partition = (uint32_t) record->partition,
        .assignment = assignment,
        .offset = record->offset,
        .key = g_memdup2 (record->key, record->key_len),
        .key_size = record->key_len,
        .value = g_memdup2 (record->payload, record->len),
        .value_size = record->len,
        .headers = s_headers (record, topic, reason)};
    g_hash_table_add (self->letters, letter);
    dead_letters_add (base, letter->value_size);
    s_produce (self, letter);
}

void
kafka_dead_letters_run (dead_letters_t *base)
{
    kafka_dead_letters_t *self = (kafka_dead_letters_t *) base;
    rd_kafka_poll (self->client, 0);
    if (dead_letters_are_resting (base))
        return;
    for (guint count = self->failed.length; count > 0; count--)
        s_produce (self, g_queue_pop_head (&self->failed));
}
