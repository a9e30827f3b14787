//  SPDX-License-Identifier: Apache-2.0
#include "processor/choose_source.h"

#include <glib.h>

#include "common/process/log.h"

#define SOURCE_NEW(NAME, name, ...) source_##name##_new,
static source_t *(*const s_sources[]) (const source_setup_t *setup) = {BUSES (SOURCE_NEW)};

source_t *
choose_source (const source_setup_t *setup)
{
    bus_t bus = setup->choice->bus;
    partitioner_t of_state = setup->shards->partitioner;
    partitioner_t of_bus = bus_partitioner (bus);
    if (!bus_needs_partitioner (bus) || of_state == of_bus)
        return s_sources[bus](setup);
    char advice[128];
    g_snprintf (advice, sizeof advice,
        "move the state into a new one: downlink-move FROM TO --partitioner %s",
        partitioner_name (of_bus));
    log_event (LOG_ERROR, "the state has another partition function than the producers of the bus",
        "bus=%s of_state=%s needed=%s advice=%s", bus_name (bus), partitioner_name (of_state),
        partitioner_name (of_bus), advice);
    return NULL;
}
