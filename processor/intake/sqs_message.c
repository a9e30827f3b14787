//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/sqs_message.h"

#include "common/sqs/sqs_frames.h"

void
sqs_message_free (sqs_message_t *message)
{
    g_free (message->receipt);
    g_free (message->id);
    g_free ((char *) (gpointer) message->body.data);
    g_free (message->frames);
    g_free (message->part);
    g_free (message);
}

//  Return a copy of a String attribute of a message, or NULL.
static char *
s_attribute (const sqs_json_t *message, const char *name)
{
    const sqs_json_t *all = sqs_json_member (message, "MessageAttributes");
    const sqs_json_t *one = all ? sqs_json_member (all, name) : NULL;
    return one ? g_strdup (sqs_json_string (one, "StringValue")) : NULL;
}

sqs_message_t *
sqs_message_read (const sqs_json_t *json)
{
    const char *receipt = sqs_json_string (json, "ReceiptHandle");
    const char *body = sqs_json_string (json, "Body");
    const sqs_json_t *attributes = sqs_json_member (json, "Attributes");
    if (!receipt || !body)
        return NULL;
    sqs_message_t *message = g_new0 (sqs_message_t, 1);
    message->receipt = g_strdup (receipt);
    message->id = g_strdup (sqs_json_string (json, "MessageId"));
    message->body = text_from (g_strdup (body));
    message->frames = s_attribute (json, SQS_FRAMES_NAME);
    message->part = s_attribute (json, SQS_PART_NAME);
    message->sent_ms = attributes ? sqs_json_number (attributes, "SentTimestamp") : 0;
    message->link.data = message;
    return message;
}
