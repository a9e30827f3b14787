//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/sqs_batch.h"

#include <glib.h>
#include <string.h>

#define KEPT_SECONDS "1209600"  //  14 days, the longest time

size_t
sqs_entry_bytes (const sqs_entry_t *self)
{
    size_t bytes = self->body.size;
    for (size_t index = 0; index < self->attributes_count; index++)
        bytes += strlen (self->attributes[index].name) + strlen (self->attributes[index].value) +
                 strlen ("String");
    return bytes;
}

static void
s_member (json_writer_t *json, const char *name, const char *value)
{
    json_key (json, name);
    json_string (json, value);
}

static void
s_begin (json_writer_t *json, const char *name, const char *value)
{
    json_writer_reset (json);
    json_begin_object (json);
    s_member (json, name, value);
}

static text_t
s_end (json_writer_t *json)
{
    json_end_object (json);
    return json_writer_text (json);
}

static void
s_list (json_writer_t *json, const char *name, const char *value)
{
    json_key (json, name);
    json_begin_array (json);
    json_string (json, value);
    json_end_array (json);
}

static void
s_number (json_writer_t *json, const char *name, int value)
{
    json_key (json, name);
    json_int (json, value);
}

//  Write the Id of an entry, which has its index.
static void
s_begin_entry (json_writer_t *json, size_t index)
{
    char id[24];
    g_snprintf (id, sizeof id, "%zu", index);
    json_begin_object (json);
    s_member (json, "Id", id);
}

text_t
sqs_body_get_url (json_writer_t *json, const char *name)
{
    s_begin (json, "QueueName", name);
    return s_end (json);
}

text_t
sqs_body_create (json_writer_t *json, const char *name, const sqs_settings_t *settings)
{
    char visibility[16];
    g_snprintf (visibility, sizeof visibility, "%d", settings->visibility_s);
    s_begin (json, "QueueName", name);
    json_key (json, "Attributes");
    json_begin_object (json);
    s_member (json, "MessageRetentionPeriod", KEPT_SECONDS);
    s_member (json, "VisibilityTimeout", visibility);
    if (g_str_has_suffix (name, ".fifo"))
        s_member (json, "FifoQueue", "true");
    json_end_object (json);
    return s_end (json);
}

text_t
sqs_body_ask (json_writer_t *json, const char *url)
{
    s_begin (json, "QueueUrl", url);
    s_list (json, "AttributeNames", "All");
    return s_end (json);
}

static void
s_put_attributes (json_writer_t *json, const sqs_entry_t *entry)
{
    json_key (json, "MessageAttributes");
    json_begin_object (json);
    for (size_t index = 0; index < entry->attributes_count; index++) {
        json_key (json, entry->attributes[index].name);
        json_begin_object (json);
        s_member (json, "DataType", "String");
        s_member (json, "StringValue", entry->attributes[index].value);
        json_end_object (json);
    }
    json_end_object (json);
}

text_t
sqs_body_send (json_writer_t *json, const char *url, const sqs_entry_t *entries, size_t count)
{
    s_begin (json, "QueueUrl", url);
    json_key (json, "Entries");
    json_begin_array (json);
    for (size_t index = 0; index < count; index++) {
        const sqs_entry_t *entry = &entries[index];
        s_begin_entry (json, index);
        json_key (json, "MessageBody");
        json_text (json, entry->body);
        if (entry->attributes_count > 0)
            s_put_attributes (json, entry);
        if (entry->group) {
            s_member (json, "MessageGroupId", entry->group);
            s_member (json, "MessageDeduplicationId", entry->once);
        }
        json_end_object (json);
    }
    json_end_array (json);
    return s_end (json);
}

text_t
sqs_body_receive (json_writer_t *json, const char *url, const sqs_settings_t *settings, int wait_s)
{
    s_begin (json, "QueueUrl", url);
    s_number (json, "MaxNumberOfMessages", SQS_BATCH_MAX);
    s_number (json, "VisibilityTimeout", settings->visibility_s);
    s_number (json, "WaitTimeSeconds", wait_s);
    s_list (json, "AttributeNames", "SentTimestamp");
    s_list (json, "MessageAttributeNames", "All");
    return s_end (json);
}

static text_t
s_body_of_receipts (json_writer_t *json, const char *url, char *const *receipts, size_t count,
    const char *member, int value)
{
    s_begin (json, "QueueUrl", url);
    json_key (json, "Entries");
    json_begin_array (json);
    for (size_t index = 0; index < count; index++) {
        s_begin_entry (json, index);
        s_member (json, "ReceiptHandle", receipts[index]);
        if (member)
            s_number (json, member, value);
        json_end_object (json);
    }
    json_end_array (json);
    return s_end (json);
}

text_t
sqs_body_delete (json_writer_t *json, const char *url, char *const *receipts, size_t count)
{
    return s_body_of_receipts (json, url, receipts, count, NULL, 0);
}

text_t
sqs_body_show_in (
    json_writer_t *json, const char *url, char *const *receipts, size_t count, int seconds)
{
    return s_body_of_receipts (json, url, receipts, count, "VisibilityTimeout", seconds);
}

//  Return the entry with an index in a list of results, or NULL.
static const sqs_json_t *
s_find (const sqs_json_t *json, const char *list, size_t index)
{
    char id[24];
    g_snprintf (id, sizeof id, "%zu", index);
    for (size_t place = 0; place < sqs_json_count (json, list); place++) {
        const sqs_json_t *entry = sqs_json_at (json, list, place);
        const char *its_id = sqs_json_string (entry, "Id");
        if (its_id && g_str_equal (its_id, id))
            return entry;
    }
    return NULL;
}

sqs_result_t
sqs_result_of (const sqs_reply_t *reply, size_t index)
{
    if (reply->outcome != SQS_DONE)
        return (sqs_result_t){.is_refused = reply->outcome == SQS_REFUSED, .reason = reply->reason};
    if (reply->json && s_find (reply->json, "Successful", index))
        return (sqs_result_t){.is_done = true};
    const sqs_json_t *failed = reply->json ? s_find (reply->json, "Failed", index) : NULL;
    if (!failed)
        return (sqs_result_t){.reason = "the answer says nothing about it"};
    const char *reason = sqs_json_string (failed, "Message");
    reason = reason ? reason : sqs_json_string (failed, "Code");
    return (sqs_result_t){.is_refused = sqs_json_is_true (failed, "SenderFault"),
        .reason = reason ? reason : "no reason is given"};
}
