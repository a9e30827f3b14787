//  SPDX-License-Identifier: Apache-2.0
#include "processor/tell/send_announcement.h"

#include <glib.h>

static void
s_repeat_acks (const processor_sockets_t *sockets, const shards_t *shards)
{
    acks_t *acks = acks_new ();
    for (uint32_t partition = 0; partition < shards->partitions; partition++)
        if (shards->shards[partition])
            changes_repeat_acks (shard_changes (shards->shards[partition]), acks);
    acks_publish (acks, shards->processor, sockets->events);
    acks_destroy (&acks);
}

static void
s_add_members (owner_announcement_t *announcement, const shards_t *shards)
{
    for (size_t index = 0; index < shards->members_count; index++) {
        announced_member_t *member = &announcement->members[announcement->member_count++];
        memcpy (member->processor, shards->members[index].id, PROCESSOR_ID_SIZE);
        g_strlcpy (member->frames, shards->endpoints[index].text, sizeof member->frames);
    }
}

static void
s_add_bus (owner_announcement_t *announcement, const bus_health_t *bus)
{
    g_strlcpy (announcement->bus.kind, bus->kind, sizeof announcement->bus.kind);
    g_strlcpy (
        announcement->bus.topic, bus->topic ? bus->topic : "", sizeof announcement->bus.topic);
    announcement->bus.is_away = bus->is_away;
}

void
send_announcement (const processor_sockets_t *sockets, const shards_t *shards)
{
    owner_announcement_t announcement = {.state = shards->state,
        .ancestors = shards->ancestors,
        .partitions = shards->partitions,
        .partitioner = shards->partitioner};
    memcpy (announcement.processor, shards->processor, PROCESSOR_ID_SIZE);
    g_strlcpy (announcement.frames, socket_endpoint (sockets->frames), sizeof announcement.frames);
    g_strlcpy (
        announcement.queries, socket_endpoint (sockets->queries), sizeof announcement.queries);
    g_strlcpy (announcement.events, socket_endpoint (sockets->events), sizeof announcement.events);
    announcement.owned_count = shards_owned (shards, announcement.owned);
    s_add_members (&announcement, shards);
    g_strlcpy (announcement.store.kind, shards->store.kind, sizeof announcement.store.kind);
    g_strlcpy (
        announcement.store.saved_on, shards->store.saved_on, sizeof announcement.store.saved_on);
    announcement.store.is_away = shards->store.is_away;
    s_add_bus (&announcement, &shards->bus);
    announcement.has_rockets = true;
    announcement.is_full = shards->is_full;
    shards_statuses (shards, announcement.rockets);
    size_t size = 0;
    void *bytes = owner_announcement_write (&announcement, &size);
    if (socket_send (
            sockets->events, ANNOUNCEMENT_OWNER_TOPIC, strlen (ANNOUNCEMENT_OWNER_TOPIC), true))
        (void) !socket_send (sockets->events, bytes, size, false);
    free (bytes);
    s_repeat_acks (sockets, shards);
}
