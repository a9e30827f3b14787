//  Fuzz the bytes that come over ZeroMQ: frames, announcements, acks. The first byte chooses which.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <stdlib.h>

#include "common/bytes/announcement.h"
#include "common/bytes/frame.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
s_frame (const uint8_t *data, size_t size)
{
    frame_t frame = {0};
    if (!frame_read (&frame, data, size)) {
        packed_messages_t packed = {0};
        for (uint32_t index = 0; index < frame.count; index++) {
            message_fault_t fault;
            g_assert (message_check_accepted (&frame.messages[index], &fault));
            packed_messages_add (&packed, &frame.messages[index]);
        }
        //  Packing the messages again gives a frame with the same messages.
        uint8_t *bytes = g_malloc (FRAME_HEAD_MAX_BYTES + packed.size);
        frame_t again = {0};
        size_t written = frame_write (&frame.head, &packed, bytes);
        g_assert (written > FRAME_MAX_BYTES || !frame_read (&again, bytes, written));
        g_assert (written > FRAME_MAX_BYTES || again.count == frame.count);
        frame_free (&again);
        packed_messages_free (&packed);
        g_free (bytes);
    }
    frame_free (&frame);
}

static void
s_range (void *context, uint64_t first, uint64_t last, const void *digests)
{
    (void) context;
    if (digests)
        (void) ack_digest (digests, last - first);
    g_assert (first <= last);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static owner_announcement_t announcement;
    ack_t ack;
    if (size == 0)
        return 0;
    if (data[0] % 3 == 0)
        s_frame (data + 1, size - 1);
    else if (data[0] % 3 == 1 && owner_announcement_read (&announcement, data + 1, size - 1)) {
        size_t written = 0;
        free (owner_announcement_write (&announcement, &written));
    }
    else if (data[0] % 3 == 2 && ack_read (&ack, data + 1, size - 1))
        ack_tell (&ack, s_range, NULL);
    return 0;
}
