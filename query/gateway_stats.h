//  Ask gateways for GET /stats, and read the numbers that show whether all is well.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_GATEWAY_STATS_H
#define DOWNLINK_GATEWAY_STATS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

//  The alarms of a gateway: the name in /stats, and the sentence that follows the count, in the
//  singular and in the plural.
#define GATEWAY_ALARMS(X)                                                                          \
    X (refusedProcessors, "processor is refused, as it keeps another state",                       \
        "processors are refused, as they keep another state")                                      \
    X (contestedPartitions, "partition is claimed by two processors",                              \
        "partitions are claimed by two processors each")                                           \
    X (implausibleClaims, "claim of a partition is ignored, for an impossible epoch",              \
        "claims of partitions are ignored, for an impossible epoch")                               \
    X (unlistedProcessors, "processor is not in --processors: messages for its partitions wait",   \
        "processors are not in --processors: messages for their partitions wait")                  \
    X (awayStores, "processor has a store that does not answer: messages for it wait",             \
        "processors have a store that does not answer: messages for them wait")                    \
    X (fullProcessors, "processor holds as many rockets as it may: new ones are refused",          \
        "processors hold as many rockets as they may: new ones are refused")

typedef enum {
#define X(name, one, many) ALARM_##name,
    GATEWAY_ALARMS (X)
#undef X
        ALARMS_COUNT
} gateway_alarm_t;

typedef struct {
    char *place;  //  host:port, as it was given
    char *fault;  //  the reason for missing stats, as the end of a sentence; NULL: all below is set
    uint64_t uptime_ms;
    uint64_t buffered, buffer_limit;        //  messages
    uint64_t journal_bytes, journal_limit;  //  limit 0: there is no journal
    bool is_disk_full;
    uint64_t set_aside_frames;
    uint64_t partitions, unowned;
    double oldest_s;  //  the age of the oldest message that waits
    uint64_t alarms[ALARMS_COUNT];
    GPtrArray *processors;  //  host:port of each processor that it hears
    GPtrArray *silent;      //  host:port of each processor that it does not hear
} gateway_stats_t;

//  Make empty stats.
gateway_stats_t *gateway_stats_new (void);

void gateway_stats_free (gateway_stats_t *self);

//  Read the body of an answer, which is terminated. Return false if it is not the stats of a
//  gateway.
bool gateway_stats_read (gateway_stats_t *self, const char *json)
    __attribute__ ((warn_unused_result));

//  Return true if the text is a list of HOST:PORT, separated by commas (host_port.h); https:// may
//  be before each.
bool gateway_list_check (const char *list);

//  The gateways to ask.
typedef struct {
    const char *list;   //  a list that gateway_list_check accepts; NULL: none
    const char *token;  //  to send; NULL: none
    const char *ca;     //  file of the authorities of their certificates; NULL: the system's
} gateways_t;

//  Ask each gateway for timeout_ms at most. Return an array of gateway_stats_t *, which the caller
//  frees with g_ptr_array_unref.
GPtrArray *ask_gateways (const gateways_t *gateways, int64_t timeout_ms);

#endif
