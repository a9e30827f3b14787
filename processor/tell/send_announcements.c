//  SPDX-License-Identifier: Apache-2.0
#include "processor/tell/send_announcements.h"

#include <glib.h>

static void
s_repeat_acks (const processor_sockets_t *sockets, const shards_t *shards)
{
    acks_t *acks = acks_new ();
    for (uint32_t partition = 0; partition < shards->partitions; partition++)
        if (shards->shards[partition])
            shard_repeat_acks (shards->shards[partition], acks);
    acks_publish (acks, shards->processor, sockets->events);
    acks_destroy (&acks);
}

void
send_announcement (const processor_sockets_t *sockets, const shards_t *shards)
{
    owner_announcement_t announcement = {.state = shards->state, .partitions = shards->partitions};
    memcpy (announcement.processor, shards->processor, PROCESSOR_ID_SIZE);
    g_strlcpy (announcement.frames, socket_endpoint (sockets->frames), sizeof announcement.frames);
    g_strlcpy (
        announcement.queries, socket_endpoint (sockets->queries), sizeof announcement.queries);
    g_strlcpy (announcement.events, socket_endpoint (sockets->events), sizeof announcement.events);
    announcement.owned_count = shards_owned (shards, announcement.owned);
    size_t size = 0;
    void *bytes = owner_announcement_write (&announcement, &size);
    if (socket_send (
            sockets->events, ANNOUNCEMENT_OWNER_TOPIC, strlen (ANNOUNCEMENT_OWNER_TOPIC), true))
        (void) !socket_send (sockets->events, bytes, size, false);
    free (bytes);
    s_repeat_acks (sockets, shards);
}
