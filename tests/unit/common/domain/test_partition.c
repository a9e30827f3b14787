//  Partitions against answers of other implementations: they may never change. Those of xxh3 are of
//  python3-xxhash; those of murmur2 are the vectors in the tests of Kafka (UtilsTest.testMurmur2)
//  and of other clients, which Java's signed int makes negative.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>

#include "common/domain/partition.h"
#include "common/text/text_hash.h"

#define SIXTEEN_X "xxxxxxxxxxxxxxxx"

typedef struct {
    const char *channel;
    uint64_t hash;
    uint32_t of_16;
    uint32_t of_7;
    uint32_t of_1024;
} known_t;

static const known_t s_known[] = {
    {"a", 0xe6c632b61e964e1f, 15, 1, 543},
    {"rocket-1", 0x378c4493d5db24db, 11, 5, 219},
    {"zzzzzzzzz", 0x808451785be03e93, 3, 1, 659},
    {SIXTEEN_X, 0xdf76ff0d7f0d9edf, 15, 4, 735},
    {SIXTEEN_X "x", 0x89975e6b7d2f5a11, 1, 0, 529},
    {SIXTEEN_X SIXTEEN_X SIXTEEN_X SIXTEEN_X SIXTEEN_X SIXTEEN_X SIXTEEN_X SIXTEEN_X,
        0x4ca37e83f6cddd17, 7, 6, 279},
    {"193270a9-c9cf-404a-8f83-838e71d9ae67", 0x16b3e3a171c43e3a, 10, 6, 570},
    {"\xd1\x80\xd0\xb0\xd0\xba\xd0\xb5\xd1\x82\xd0\xb0-1", 0x85d858685b0ce810, 0, 5, 16},
    {"\xf0\x9f\x9a\x80", 0x2aa8f4545b8d7b4a, 10, 6, 842},
};

static layout_t
s_xxh3 (uint32_t partitions)
{
    return (layout_t){partitions, PARTITIONER_XXH3};
}

Test (partition, a_channel_has_the_hash_and_the_partition_that_it_always_had)
{
    for (size_t index = 0; index < sizeof s_known / sizeof *s_known; index++) {
        const known_t *known = s_known + index;
        text_t channel = text_from (known->channel);
        cr_expect_eq (text_hash (channel), known->hash, "%s", known->channel);
        cr_expect_eq (partition_of (channel, s_xxh3 (1)), 0, "%s", known->channel);
        cr_expect_eq (partition_of (channel, s_xxh3 (7)), known->of_7, "%s", known->channel);
        cr_expect_eq (partition_of (channel, s_xxh3 (16)), known->of_16, "%s", known->channel);
        cr_expect_eq (partition_of (channel, s_xxh3 (1024)), known->of_1024, "%s", known->channel);
    }
}

Test (partition, only_the_bytes_of_the_channel_count)
{
    text_t piece = text_of ("rocket-12", strlen ("rocket-1"));
    cr_expect_eq (text_hash (piece), text_hash (text_from ("rocket-1")));
    cr_expect_neq (text_hash (piece), text_hash (text_from ("rocket-12")));
    cr_expect_neq (text_hash (text_of ("a\0b", 3)), text_hash (text_of ("a\0c", 3)));
}

Test (partition, channels_spread_over_all_partitions)
{
    size_t found[PARTITIONS_DEFAULT] = {0};
    for (int number = 0; number < 16000; number++) {
        char channel[32];
        int size = snprintf (channel, sizeof channel, "rocket-%d", number);
        found[partition_of (text_of (channel, (size_t) size), s_xxh3 (PARTITIONS_DEFAULT))]++;
    }
    for (size_t partition = 0; partition < PARTITIONS_DEFAULT; partition++)
        cr_expect (found[partition] > 850 && found[partition] < 1150, "%zu", found[partition]);
}

static const struct {
    const char *key;
    int32_t hash;
} s_of_kafka[] = {
    {"21", -973932308},
    {"foobar", -790332482},
    {"a-little-bit-long-string", -985981536},
    {"a-little-bit-longer-string", -1486304829},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    {"abc", 479470107},
    {"1", -1993445489},
    {"12", 126087238},
    {"123", -267702483},
    {"1234", -1614185708},
    {"12345", -1188365604},
    {"string-f-24-chars-length", 124730809},
    {"string-fo-25-chars-length", 1269511650},
    {"string-foo-26-chars-length", 119165628},
    {"string-last-27-chars-length", 1089971754},
};

Test (partition, murmur2_is_that_of_kafka)
{
    for (size_t index = 0; index < sizeof s_of_kafka / sizeof *s_of_kafka; index++) {
        text_t key = text_from (s_of_kafka[index].key);
        uint32_t positive = (uint32_t) s_of_kafka[index].hash & 0x7fffffff;
        for (uint32_t partitions = 1; partitions <= PARTITIONS_MAX; partitions = partitions * 3 + 1)
            cr_expect_eq (partition_of (key, (layout_t){partitions, PARTITIONER_MURMUR2}),
                positive % partitions);
    }
}

//  "\x80" is a negative byte in Java, and an unsigned one in the hash.
Test (partition, murmur2_reads_bytes_without_a_sign)
{
    const layout_t layout = {PARTITIONS_MAX, PARTITIONER_MURMUR2};
    cr_expect_eq (
        partition_of (text_from ("\xd1\x80\xd0\xb0"), layout), 0x4cf2349b % PARTITIONS_MAX);
    cr_expect_eq (
        partition_of (text_from ("\xf0\x9f\x9a\x80-1\xff"), layout), 0x0f402b11 % PARTITIONS_MAX);
}

Test (partition, a_function_has_a_name)
{
    partitioner_t found;
    for (partitioner_t each = PARTITIONER_XXH3; each <= PARTITIONER_MURMUR2; each++) {
        cr_expect (partitioner_of (text_from (partitioner_name (each)), &found));
        cr_expect_eq (found, each);
    }
    cr_expect_not (partitioner_of (text_from ("fnv1a"), &found));
    cr_expect_not (partitioner_of (text_from (""), &found));
}
