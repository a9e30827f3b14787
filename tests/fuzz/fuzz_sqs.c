//  Fuzz answers of AWS: a line with the status of HTTP, then the body. They hold messages that any
//  program may have sent, results of batches, refusals, and keys of roles. The body is also read as
//  the statistics of librdkafka, and as a file of keys.
//  SPDX-License-Identifier: Apache-2.0
#include <yajl/yajl_tree.h>

#include "common/bytes/json_depth.h"
#include "common/kafka/kafka_statistics.h"
#include "common/sqs/aws_key.h"
#include "common/sqs/sqs_batch.h"
#include "processor/intake/sqs_message.h"
#include "tests/fuzz/input.h"

//  Return how many levels a tree has. yajl frees it level by level.
static int
s_levels (const sqs_json_t *value)
{
    int most = 0;
    bool is_array = value->type == yajl_t_array;
    bool is_object = value->type == yajl_t_object;
    size_t count = is_array ? value->u.array.len : is_object ? value->u.object.len : 0;
    for (size_t index = 0; index < count; index++) {
        int levels =
            s_levels (is_array ? value->u.array.values[index] : value->u.object.values[index]);
        most = MAX (most, levels);
    }
    return most + (is_array || is_object);
}

static void
s_messages (const sqs_json_t *json)
{
    size_t count = sqs_json_count (json, "Messages");
    for (size_t index = 0; index < count; index++) {
        sqs_message_t *message = sqs_message_read (sqs_json_at (json, "Messages", index));
        if (!message)
            continue;
        g_assert (message->receipt && message->body.data);
        g_assert (strlen (message->body.data) == message->body.size);
        sqs_message_free (message);
    }
    (void) sqs_json_number (json, "ApproximateNumberOfMessages");
}

static void
s_results (const sqs_reply_t *reply)
{
    for (size_t index = 0; index < SQS_BATCH_MAX; index++) {
        sqs_result_t result = sqs_result_of (reply, index);
        g_assert (result.is_done || (result.reason && *result.reason) || result.is_refused ||
                  reply->json);
        g_assert (!(result.is_done && result.is_refused));
    }
}

static void
s_refusal (long status, const sqs_json_t *json)
{
    sqs_refusal_t refusal;
    sqs_refusal_read (&refusal, status, json);
    g_assert (refusal.outcome != SQS_DONE && *refusal.reason);
    s_results (
        &(sqs_reply_t){.outcome = refusal.outcome, .code = refusal.code, .reason = refusal.reason});
}

static void
s_key (text_t body)
{
    aws_key_t key;
    if (aws_key_from_role (&key, body)) {
        g_assert (*key.id && *key.secret);
        aws_key_clear (&key);
    }
    if (aws_key_from_file (&key, input_file (body), "default")) {
        g_assert (key.id && key.secret && key.expires_us == INT64_MAX);
        aws_key_clear (&key);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    char *status = input_string (input_line (&input));
    char *copy = input_string (input_rest (&input));
    text_t body = text_from (copy);
    sqs_json_t *json = sqs_json_read (body);
    kafka_statistics_t statistics;
    s_refusal (g_ascii_strtoll (status, NULL, 10) % 600, json);
    if (json) {
        g_assert (s_levels (json) <= JSON_TREE_MAX_DEPTH);
        s_messages (json);
        s_results (&(sqs_reply_t){.json = json, .code = "", .reason = ""});
        sqs_json_free (&json);
    }
    s_key (body);
    if (json_depth_is_bounded (body) && kafka_statistics_read (&statistics, copy))
        g_assert (statistics.brokers_up <= statistics.brokers);
    g_free (status);
    g_free (copy);
    return 0;
}
