//  Fuzz frames, as a processor gets them from gateways and a gateway from an inherited journal. A
//  frame that is read and packed again is the same frame, and a longer or shorter one is none.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/frame.h"
#include "tests/fuzz/input.h"

static void
s_check_equal (const frame_t *one, const frame_t *other)
{
    g_assert (one->count == other->count);
    g_assert (memcmp (one->head.source, other->head.source, FRAME_SOURCE_SIZE) == 0);
    g_assert (one->head.sequence == other->head.sequence);
    g_assert (one->head.partition == other->head.partition);
    for (uint32_t index = 0; index < one->count; index++) {
        const message_t *a = &one->messages[index];
        const message_t *b = &other->messages[index];
        g_assert (text_equal (a->channel, b->channel) && a->number == b->number);
        g_assert (a->time_us == b->time_us && a->kind == b->kind);
        g_assert (message_content_hash (a) == message_content_hash (b));
    }
}

//  Pack the messages of a frame again.
static void
s_pack_again (const frame_t *frame)
{
    packed_messages_t packed = {0};
    for (uint32_t index = 0; index < frame->count; index++) {
        message_fault_t fault;
        g_assert (message_check_accepted (&frame->messages[index], &fault));
        packed_messages_add (&packed, &frame->messages[index]);
    }
    uint8_t *bytes = g_malloc (FRAME_HEAD_MAX_BYTES + packed.size);
    size_t size = frame_write (&frame->head, &packed, bytes);
    g_assert (size <= FRAME_HEAD_MAX_BYTES + packed.size);
    frame_t again = {0};
    const char *fault = frame_read (&again, bytes, size);
    g_assert (!fault);
    s_check_equal (frame, &again);
    fault = frame_read (&again, bytes, size - 1);
    g_assert (fault);
    frame_free (&again);
    packed_messages_free (&packed);
    g_free (bytes);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    frame_t frame = {0};
    const char *fault = frame_read (&frame, data, size);
    if (!fault)
        s_pack_again (&frame);
    g_assert (fault ? frame.count == 0 : frame.count > 0);
    frame_free (&frame);
    return 0;
}
