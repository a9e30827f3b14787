//  Fuzz records of a bus, which any program may have written: a line with the key, a line with the
//  names of frames as SQS has them, a line with the part, then the value. A record that is refused
//  changes nothing, and one that is taken is taken again as a repeat.
//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/sqs_frames.h"
#include "processor/intake/record_reader.h"
#include "tests/fuzz/input.h"

#define PARTITIONS 2
#define ROCKETS_MAX 10000  //  then the target makes all shards again

static shards_t s_shards = {.partitions = PARTITIONS, .partitioner = PARTITIONER_MURMUR2};

static void
s_make_shards (void)
{
    if (s_shards.shards[0] && shards_rockets (&s_shards) < ROCKETS_MAX)
        return;
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        shard_destroy (&s_shards.shards[partition]);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        s_shards.shards[partition] = shard_new ((owned_t){partition, 1}, ORDERING_CONVERGE);
}

static void
s_fold (uint32_t partition, text_t key, text_t value)
{
    static record_reader_t *reader;
    if (!reader)
        reader = record_reader_new (&s_shards);
    shard_t *shard = s_shards.shards[partition];
    uint64_t folded = changes_folded (shard_changes (shard));
    size_t rockets = shards_rockets (&s_shards);
    const char *fault = record_reader_fold (reader, shard, key, value);
    g_assert (!fault || (*fault && g_utf8_validate (fault, -1, NULL)));
    g_assert ((fault == NULL) == (changes_folded (shard_changes (shard)) > folded));
    g_assert (!fault || shards_rockets (&s_shards) == rockets);
    if (fault)
        return;
    uint64_t applied = s_shards.counters.applied;
    rockets = shards_rockets (&s_shards);
    fault = record_reader_fold (reader, shard, key, value);
    g_assert (!fault && s_shards.counters.applied == applied);
    g_assert (shards_rockets (&s_shards) == rockets);
}

//  Note the frames of a message as the source does. Printed again, each has the digits it came
//  from.
static void
s_note_frames (const char *frames, const char *part_text)
{
    frame_head_t head = {.partition = 0};
    uint64_t digest = 0;
    unsigned part = 1;
    unsigned parts = 1;
    bool has_part = sqs_part_read (part_text, &part, &parts);
    sqs_frames_t *seen = sqs_frames_new ();
    g_assert (!has_part || (part >= 1 && part <= parts && parts <= SQS_PARTS_MAX));
    for (size_t index = 0; sqs_frames_read (frames, index, &head, &digest); index++) {
        uint8_t tag[FRAME_TAG_SIZE];
        char digits[SQS_TAG_DIGITS + 1];
        frame_tag_write (tag, &head, digest);
        sqs_frames_print (tag, digits);
        g_assert (
            g_ascii_strncasecmp (digits, frames + index * SQS_TAG_DIGITS, SQS_TAG_DIGITS) == 0);
        if (has_part)
            g_assert (sqs_frames_note (seen, &head, digest, part, parts) == (parts == 1));
    }
    sqs_frames_forget (seen, 0);
    sqs_frames_destroy (&seen);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    text_t key = input_line (&input);
    char *frames = input_string (input_line (&input));
    char *part = input_string (input_line (&input));
    text_t value = input_rest (&input);
    s_make_shards ();
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        s_fold (partition, key.size > 0 ? key : (text_t){0}, value);
    s_note_frames (frames, part);
    g_free (frames);
    g_free (part);
    return 0;
}
