//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/broker_link.h"

#include "common/process/log.h"

bool
broker_link_believes (const directory_t *directory, const peer_t *peer, uint32_t partition)
{
    return directory_owner (directory, partition) == peer;
}

void
broker_link_note_away (
    bus_t bus, bool *is_away, bool is_away_now, const char *reason, worker_metrics_t *metrics)
{
    bool was_away = *is_away;
    *is_away = is_away_now;
    counter_set (&metrics->bus_away, is_away_now);
    if (is_away_now && !was_away)
        log_event (LOG_WARN, "the bus is away: accepted messages wait", "bus=%s reason=%s",
            bus_name (bus), *reason ? reason : "no answer");
    else if (!is_away_now && was_away)
        log_event (LOG_INFO, "the bus is back", "bus=%s", bus_name (bus));
}

void
broker_link_log_set_aside (bus_t bus, const char *topic, uint32_t partition, size_t frames)
{
    log_event (LOG_ERROR,
        "the bus refuses frames that were accepted: they are set aside until this gateway starts "
        "again",
        "bus=%s topic=%s partition=%u frames=%zu", bus_name (bus), topic, partition, frames);
}
