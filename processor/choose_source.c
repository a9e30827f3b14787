//  SPDX-License-Identifier: Apache-2.0
#include "processor/choose_source.h"

#include "common/process/log.h"

const char *
bus_name (bus_t bus)
{
    return bus == BUS_KAFKA ? "kafka" : "zmq";
}

partitioner_t
bus_partitioner (bus_t bus)
{
    return bus == BUS_KAFKA ? PARTITIONER_MURMUR2 : PARTITIONER_XXH3;
}

source_t *
choose_source (
    const source_choice_t *choice, const patience_t *patience, socket_t *frames, shards_t *shards)
{
    if (choice->bus == BUS_ZMQ)
        return source_zmq_new (frames, shards);
    if (shards->partitioner == bus_partitioner (choice->bus))
        return source_kafka_new (&choice->kafka, patience, shards);
    log_event (LOG_ERROR, "the state has another partition function than the producers of Kafka",
        "of_state=%s needed=%s advice=%s", partitioner_name (shards->partitioner),
        partitioner_name (bus_partitioner (choice->bus)),
        "move the state into a new one: downlink-move FROM TO --partitioner murmur2");
    return NULL;
}
