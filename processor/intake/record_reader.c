//  A record nearly always holds one line. Several lines are read twice: all are checked before the
//  first is folded.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/record_reader.h"

#include <glib.h>

#include "common/bytes/message_json.h"

#define FAULT_SIZE 512

struct record_reader {
    shards_t *shards;
    message_json_t *json;
    char *bytes;  //  a copy of the value, with the bytes behind it that the JSON reader needs
    size_t capacity;
    shard_t *shard;
    text_t key;
    bool is_check;  //  fold nothing in this pass
    bool has_lines;
    char fault[FAULT_SIZE];  //  the first one; empty: none
};

record_reader_t *
record_reader_new (shards_t *shards)
{
    record_reader_t *self = g_new0 (record_reader_t, 1);
    self->shards = shards;
    self->json = message_json_new (RECORD_MAX_BYTES);
    return self;
}

void
record_reader_destroy (record_reader_t **self_p)
{
    record_reader_t *self = *self_p;
    if (!self)
        return;
    message_json_destroy (&self->json);
    g_free (self->bytes);
    g_free (self);
    *self_p = NULL;
}

static void
s_refuse (void *context, size_t line, const char *pointer, const char *detail)
{
    record_reader_t *self = context;
    if (self->fault[0])
        return;
    char place[32] = "";
    if (self->has_lines)
        g_snprintf (place, sizeof place, "line %zu: ", line + 1);
    g_snprintf (
        self->fault, sizeof self->fault, "%s%s%s%s", place, pointer, *pointer ? " " : "", detail);
}

//  Return true if a message belongs to the record and its partition.
static bool
s_belongs (record_reader_t *self, size_t line, const message_t *message)
{
    if (self->key.data && !text_equal (self->key, message->channel)) {
        s_refuse (self, line, "", "the key of the record is not the channel of the message");
        return false;
    }
    uint32_t partition = partition_of (message->channel, shards_layout (self->shards));
    if (partition == shard_owned (self->shard).partition)
        return true;
    char detail[160];
    g_snprintf (detail, sizeof detail,
        "the channel belongs to partition %u of %u (%s): the producer used another partitioner",
        partition, self->shards->partitions, partitioner_name (self->shards->partitioner));
    s_refuse (self, line, "", detail);
    return false;
}

static void
s_accept (void *context, size_t line, const message_t *message)
{
    record_reader_t *self = context;
    if (s_belongs (self, line, message) && !self->is_check)
        shards_fold (self->shards, self->shard, message);
}

//  Read all lines. Return false if there is a fault.
static bool
s_read (record_reader_t *self, size_t size, bool is_check)
{
    size_t lines = 0;
    self->is_check = is_check;
    message_json_read_lines (self->json, self->bytes, size, true, &lines, s_accept, s_refuse, self);
    if (lines == 0)
        s_refuse (self, 0, "", "the record holds no message");
    return !self->fault[0];
}

static void
s_copy (record_reader_t *self, text_t value)
{
    if (self->capacity < value.size + MESSAGE_JSON_PADDING) {
        self->capacity = 2 * value.size + MESSAGE_JSON_PADDING;
        self->bytes = g_realloc (self->bytes, self->capacity);
        memset (self->bytes, 0, self->capacity);
    }
    memcpy (self->bytes, value.data, value.size);
}

const char *
record_reader_fold (record_reader_t *self, shard_t *shard, text_t key, text_t value)
{
    self->fault[0] = 0;
    self->has_lines = false;
    if (value.size == 0) {
        s_refuse (self, 0, "", "the record is empty");
        return self->fault;
    }
    if (value.size > RECORD_MAX_BYTES) {
        s_refuse (self, 0, "", "the record is larger than 8 MiB");
        return self->fault;
    }
    self->shard = shard;
    self->key = key;
    self->has_lines = memchr (value.data, '\n', value.size - 1) != NULL;
    s_copy (self, value);
    bool good =
        (!self->has_lines || s_read (self, value.size, true)) && s_read (self, value.size, false);
    return good ? NULL : self->fault;
}
