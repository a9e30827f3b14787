//  Fuzz what processors publish for gateways and each other: an announcement of an owner, or an
//  ack. The first byte chooses, 'o' or another one. An announcement that is read and packed twice
//  gives the same bytes, and so does an ack whose ranges rise.
//  SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "common/bytes/announcement.h"
#include "tests/fuzz/input.h"

#define SAVED_MAX 4096

//  The sequences of an ack.
typedef struct {
    saved_frame_t frames[SAVED_MAX];
    size_t count;
    uint64_t last;
    bool is_rising;  //  and fits
} saved_t;

static void
s_owner (text_t input)
{
    static owner_announcement_t read;
    if (!owner_announcement_read (&read, input.data, input.size))
        return;
    g_assert (read.partitions >= 1 && read.partitions <= PARTITIONS_MAX);
    g_assert (read.owned_count <= PARTITIONS_MAX && read.member_count <= MEMBERS_MAX);
    for (uint32_t index = 0; index < read.owned_count; index++)
        g_assert (read.owned[index].partition < read.partitions);
    size_t size = 0;
    size_t size_again = 0;
    void *bytes = owner_announcement_write (&read, &size);
    g_assert (owner_announcement_read (&read, bytes, size));
    void *bytes_again = owner_announcement_write (&read, &size_again);
    g_assert (size == size_again && memcmp (bytes, bytes_again, size) == 0);
    g_assert (!owner_announcement_read (&read, bytes, size - 1));
    free (bytes);
    free (bytes_again);
}

static void
s_take_range (void *context, uint64_t first, uint64_t last, const void *digests)
{
    saved_t *saved = context;
    g_assert (first <= last);
    saved->is_rising = saved->is_rising && (saved->count == 0 || first > saved->last + 1) &&
                       last - first < SAVED_MAX - saved->count;
    saved->last = last;
    //  The digests are there, however many the range has.
    if (digests)
        (void) ack_digest (digests, last - first);
    for (uint64_t index = 0; saved->is_rising && index <= last - first; index++)
        saved->frames[saved->count++] =
            (saved_frame_t){first + index, digests ? ack_digest (digests, index) : 0};
}

static void
s_ack (text_t input)
{
    static saved_t saved;
    static saved_t again;
    ack_t ack;
    if (!ack_read (&ack, input.data, input.size))
        return;
    saved = (saved_t){.is_rising = true};
    again = (saved_t){.is_rising = true};
    ack_tell (&ack, s_take_range, &saved);
    if (!saved.is_rising || saved.count == 0)
        return;
    size_t size = 0;
    void *bytes = ack_write (ack.processor, saved.frames, saved.count, &size);
    ack_t read;
    g_assert (ack_read (&read, bytes, size));
    ack_tell (&read, s_take_range, &again);
    g_assert (read.has_processor && again.is_rising && again.count == saved.count);
    for (size_t index = 0; index < saved.count; index++)
        g_assert (saved.frames[index].sequence == again.frames[index].sequence &&
                  saved.frames[index].digest == again.frames[index].digest);
    free (bytes);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    if (input_byte (&input) == 'o')
        s_owner (input_rest (&input));
    else
        s_ack (input_rest (&input));
    return 0;
}
