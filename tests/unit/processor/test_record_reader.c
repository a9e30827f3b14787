//  A record of a bus: its messages count all, or none; and they belong to its key and partition.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>

#include "processor/intake/record_reader.h"

#define PARTITIONS 16

static shards_t s_shards = {.partitions = PARTITIONS, .partitioner = PARTITIONER_MURMUR2};
static record_reader_t *s_reader;

static void
s_set_up (void)
{
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        s_shards.shards[partition] = shard_new ((owned_t){partition, 1}, ORDERING_CONVERGE);
    s_reader = record_reader_new (&s_shards);
}

static void
s_tear_down (void)
{
    record_reader_destroy (&s_reader);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        shard_destroy (&s_shards.shards[partition]);
}

TestSuite (record_reader, .init = s_set_up, .fini = s_tear_down);

static uint32_t
s_partition (const char *channel)
{
    return partition_of (text_from (channel), shards_layout (&s_shards));
}

#define MESSAGE(channel, number)                                                                   \
    "{\"metadata\":{\"channel\":\"" channel "\",\"messageNumber\":" #number                        \
    ",\"messageTime\":\"2022-02-02T19:39:05.86337+01:00\","                                        \
    "\"messageType\":\"RocketSpeedIncreased\"},\"message\":{\"by\":7}}"

//  Fold a record into the partition of "apollo". Return the reason for which it is bad.
static const char *
s_fold (const char *key, const char *value)
{
    return record_reader_fold (s_reader, s_shards.shards[s_partition ("apollo")],
        key ? text_from (key) : (text_t){0}, text_from (value));
}

//  Return how many messages counted.
static uint64_t
s_applied (void)
{
    uint64_t applied = s_shards.counters.applied;
    s_shards.counters.applied = 0;
    return applied;
}

static void
s_expect_refusal (const char *key, const char *value, const char *reason)
{
    const char *found = s_fold (key, value);
    cr_assert_not_null (found, "taken: %s", value);
    cr_assert_not_null (strstr (found, reason), "'%s' is not in '%s'", reason, found);
    cr_assert_eq (s_applied (), 0, "a bad record counted: %s", value);
}

Test (record_reader, takes_one_line_or_several)
{
    cr_assert_null (s_fold ("apollo", MESSAGE ("apollo", 1)));
    cr_assert_null (s_fold (NULL, MESSAGE ("apollo", 2) "\n"));
    cr_assert_null (s_fold ("apollo", MESSAGE ("apollo", 3) "\r\n\n" MESSAGE ("apollo", 4)));
    cr_assert_eq (s_applied (), 4);
}

Test (record_reader, refuses_what_is_no_message)
{
    s_expect_refusal ("apollo", "", "empty");
    s_expect_refusal ("apollo", " \n ", "no message");
    s_expect_refusal ("apollo", "junk", "no JSON");
    s_expect_refusal ("apollo", "[" MESSAGE ("apollo", 1) "]", "object");
    s_expect_refusal ("apollo", MESSAGE ("apollo", 0), "/metadata/messageNumber must be");
}

Test (record_reader, refuses_all_lines_for_a_bad_one)
{
    s_expect_refusal ("apollo", MESSAGE ("apollo", 1) "\n" MESSAGE ("apollo", 0), "line 2: ");
    s_expect_refusal ("apollo", MESSAGE ("apollo", 1) "\njunk", "line 2: is no JSON");
}

Test (record_reader, refuses_what_does_not_belong)
{
    char stray[] = "rocket-0";
    while (s_partition (stray) == s_partition ("apollo"))
        stray[sizeof stray - 2]++;
    char value[256];
    snprintf (value, sizeof value,
        "{\"metadata\":{\"channel\":\"%s\",\"messageNumber\":1,\"messageTime\":"
        "\"2022-02-02T19:39:05Z\",\"messageType\":\"RocketSpeedIncreased\"},\"message\":{\"by\":7}"
        "}",
        stray);
    s_expect_refusal (stray, value, "the producer used another partitioner");
    s_expect_refusal (NULL, value, "(murmur2)");
    s_expect_refusal ("gemini", MESSAGE ("apollo", 1), "the key of the record");
}
