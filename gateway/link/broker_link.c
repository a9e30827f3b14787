//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/broker_link.h"

#include "common/process/log.h"

void
broker_link_init (broker_link_t *self, const link_t *base, bus_t bus, const char *topic,
    const link_setup_t *setup)
{
    *self = (broker_link_t){.base = *base,
        .bus = bus,
        .topic = topic,
        .directory = setup->directory,
        .metrics = setup->metrics,
        .records = frame_records_new ()};
}

void
broker_link_clear (broker_link_t *self)
{
    frame_records_destroy (&self->records);
}

void
broker_link_hear (link_t *base, const link_ear_t *ear)
{
    ((broker_link_t *) base)->ear = *ear;
}

bool
broker_link_believes (
    const link_t *base, const peer_t *peer, uint32_t partition, const record_t *record)
{
    (void) record;
    return directory_owner (((const broker_link_t *) base)->directory, partition) == peer;
}

void
broker_link_log_set_aside (const link_t *base, uint32_t partition, size_t frames)
{
    const broker_link_t *self = (const broker_link_t *) base;
    log_event (LOG_ERROR,
        "the bus refuses frames that were accepted: they are set aside until this gateway starts "
        "again",
        "bus=%s topic=%s partition=%u frames=%zu", bus_name (self->bus), self->topic, partition,
        frames);
}

void
broker_link_make (broker_link_t *self, const record_t *record)
{
    bool is_frame = frame_records_make (self->records, record->bytes, record->size, record->digest);
    g_assert (is_frame);  //  we made it, and the journal checks all that it reads back
}

void
broker_link_note_away (broker_link_t *self, bool is_away, const char *reason)
{
    bool was_away = self->is_away;
    self->is_away = is_away;
    counter_set (&self->metrics->bus_away, is_away);
    if (is_away && !was_away)
        log_event (LOG_WARN, "the bus is away: accepted messages wait", "bus=%s reason=%s",
            bus_name (self->bus), *reason ? reason : "no answer");
    else if (!is_away && was_away)
        log_event (LOG_INFO, "the bus is back", "bus=%s", bus_name (self->bus));
}

void
broker_link_check (broker_link_t *self)
{
    bus_check_look (&self->check, self->directory, bus_name (self->bus), self->topic);
}

const char *
broker_link_fault (const broker_link_t *self, const char *own)
{
    if (self->check.fault[0])
        return self->check.fault;
    return own && *own ? own : NULL;
}

link_condition_t
broker_link_condition (const broker_link_t *self, const char *reason, const char *fault)
{
    return (link_condition_t){.bus = bus_name (self->bus),
        .is_away = self->is_away,
        .reason = *reason ? reason : NULL,
        .fault = fault};
}
