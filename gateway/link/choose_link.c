//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/choose_link.h"

#include "gateway/link/link_kafka.h"
#include "gateway/link/link_zmq.h"

link_t *
choose_link (const link_choice_t *choice, const directory_t *directory, worker_metrics_t *metrics)
{
    if (choice->bus == BUS_KAFKA)
        return link_kafka_new (choice->kafka_config, choice->topic, directory, metrics);
    return link_zmq_new (directory);
}
