//  SPDX-License-Identifier: Apache-2.0
#include "common/kafka/kafka_statistics.h"

#include <glib.h>
#include <yajl/yajl_tree.h>

//  Return a number of an object; 0 if it is not there.
static uint64_t
s_number (yajl_val object, const char *const path[])
{
    yajl_val value = yajl_tree_get (object, (const char **) (gpointer) path, yajl_t_number);
    return value && YAJL_IS_INTEGER (value) ? (uint64_t) MAX (0, YAJL_GET_INTEGER (value)) : 0;
}

static void
s_add_broker (kafka_statistics_t *self, yajl_val broker)
{
    const char *state_path[] = {"state", NULL};
    const char *source_path[] = {"source", NULL};
    yajl_val source = yajl_tree_get (broker, source_path, yajl_t_string);
    if (source && g_str_equal (source->u.string, "logical"))
        return;  //  a part that some broker plays, such as the coordinator of a group
    yajl_val state = yajl_tree_get (broker, state_path, yajl_t_string);
    self->brokers++;
    self->brokers_up += state && g_str_equal (state->u.string, "UP");
    self->request_timeouts += s_number (broker, (const char *[]){"req_timeouts", NULL});
    uint64_t trip_us = s_number (broker, (const char *[]){"rtt", "p99", NULL});
    self->slowest_broker_us = MAX (self->slowest_broker_us, trip_us);
}

//  Count the partitions of a topic, without the entry -1 for records that have none yet.
static void
s_add_topic (kafka_statistics_t *self, yajl_val topic)
{
    const char *path[] = {"partitions", NULL};
    yajl_val partitions = yajl_tree_get (topic, path, yajl_t_object);
    for (size_t index = 0; partitions && index < partitions->u.object.len; index++)
        self->partitions += *partitions->u.object.keys[index] != '-';
}

bool
kafka_statistics_read (kafka_statistics_t *self, const char *json)
{
    char fault[256];
    yajl_val root = yajl_tree_parse (json, fault, sizeof fault);
    const char *brokers_path[] = {"brokers", NULL};
    yajl_val brokers = root ? yajl_tree_get (root, brokers_path, yajl_t_object) : NULL;
    *self = (kafka_statistics_t){0};
    if (brokers) {
        self->waiting_messages = s_number (root, (const char *[]){"msg_cnt", NULL});
        self->waiting_bytes = s_number (root, (const char *[]){"msg_size", NULL});
        self->sent_bytes = s_number (root, (const char *[]){"tx_bytes", NULL});
        self->received_bytes = s_number (root, (const char *[]){"rx_bytes", NULL});
        for (size_t index = 0; index < brokers->u.object.len; index++)
            s_add_broker (self, brokers->u.object.values[index]);
    }
    const char *topics_path[] = {"topics", NULL};
    yajl_val topics = brokers ? yajl_tree_get (root, topics_path, yajl_t_object) : NULL;
    for (size_t index = 0; topics && index < topics->u.object.len; index++)
        s_add_topic (self, topics->u.object.values[index]);
    yajl_tree_free (root);
    return brokers != NULL;
}
