//  The counters of a processor. Its thread writes all of them except the latency of a save, which
//  the saver's thread writes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROCESSOR_METRICS_H
#define DOWNLINK_PROCESSOR_METRICS_H

#include <stdbool.h>

#include "common/process/metrics.h"

//  One list for all uses: field, name in the stats, name for Prometheus, help.
#define PROCESSOR_COUNTERS(X)                                                                      \
    X (frames, "frames", "frames_total", "Frames that were taken in.")                             \
    X (frames_foreign, "framesForeign", "foreign_frames_total",                                    \
        "Frames for a partition that is not owned here: ignored.")                                 \
    X (frames_refused, "framesRefused", "refused_frames_total",                                    \
        "Frames that were malformed or broke a rule: ignored.")                                    \
    X (frames_usurped, "framesUsurped", "usurped_frames_total",                                    \
        "Frames of a source that belongs to another key: ignored.")                                \
    X (revoked, "revoked", "revoked_messages_total",                                               \
        "Frames and queries of keys that may not send them any more: ignored.")                    \
    X (handshakes_unknown, "handshakesUnknown", "unknown_handshakes_total",                        \
        "Connections that were refused because their key is not in the list of keys.")             \
    X (handshakes_unlisted, "handshakesUnlisted", "unlisted_handshakes_total",                     \
        "Connections that were refused because their key lacks the right that the port needs.")    \
    X (handshakes_mismatched, "handshakesMismatched", "mismatched_handshakes_total",               \
        "Connections that ended before their key was judged: they had none, or expected another.") \
    X (records, "records", "records_total", "Records that were read from a bus that keeps them.")  \
    X (records_refused, "recordsRefused", "refused_records_total",                                 \
        "Records that were no messages, broke a rule or are in another partition: put aside.")     \
    X (dead_letters, "deadLetters", "dead_letters_total",                                          \
        "Refused records that were written to the topic of dead letters.")                         \
    X (feed_gaps, "feedGaps", "feed_gaps_total",                                                   \
        "How often the next record was not in the topic any more: deleted, or a topic made anew.") \
    X (applied, "messagesApplied", "applied_messages_total", "Messages that count.")               \
    X (duplicates, "duplicates", "duplicate_messages_total",                                       \
        "Messages whose number was counted before.")                                               \
    X (conflicts, "conflicts", "conflicting_messages_total",                                       \
        "Messages whose number was counted before with other content.")                            \
    X (late, "late", "late_messages_total",                                                        \
        "Messages not above the highest number: ignored (ordering latest).")                       \
    X (ignored, "ignored", "ignored_messages_total",                                               \
        "Messages of rockets that were forgotten: ignored.")                                       \
    X (forgotten, "rocketsForgotten", "forgotten_rockets_total",                                   \
        "Rockets that were forgotten: removed by a client, or by --forget-exploded.")              \
    X (gaps_closed, "gapsClosed", "closed_gaps_total",                                             \
        "Gaps that were given up because a rocket had too many.")                                  \
    X (queries, "queries", "queries_total", "Queries that were answered.")                         \
    X (queries_refused, "queriesRefused", "refused_queries_total",                                 \
        "Queries that got a 503 at once: too many lists or queries wait.")                         \
    X (queries_expired, "queriesExpired", "expired_queries_total",                                 \
        "Queries that were dropped because their deadline passed.")                                \
    X (answers_dropped, "answersDropped", "dropped_answers_total",                                 \
        "Replies that were not sent, as their client is gone or does not read.")                   \
    X (updates, "updates", "updates_total", "States of rockets that were sent to subscribers.")    \
    X (strangers_ended, "strangersEnded", "ended_strangers_total",                                 \
        "Silent connections to the three ports that were ended to make room.")                     \
    X (subscribers_ended, "subscribersEnded", "ended_subscribers_total",                           \
        "Connections to the events port that were ended: they held too many subscriptions.")       \
    X (saves_failed, "savesFailed", "failed_saves_total",                                          \
        "Saves of a partition that failed; they are tried again.")

//  The same for the latencies: field, name, help.
#define PROCESSOR_LATENCIES(X)                                                                     \
    X (apply, "apply_duration_seconds", "Folding the messages of one frame into their rockets.")   \
    X (save, "save_duration_seconds", "Saving the changes of one partition in one transaction.")   \
    X (query, "query_duration_seconds",                                                            \
        "From the receipt of a query, or of a query batch, to its reply.")

//  The condition of the store.
typedef struct {
    const char *kind;      //  as in --store: "sqlite"; a constant
    const char *saved_on;  //  the place where a saved rocket is safe: "disk"; a constant
    bool is_away;          //  the store does not answer at the moment, so nothing is saved
} store_health_t;

//  The condition of the bus.
typedef struct {
    const char *kind;               //  as in --bus: "zmq"; a constant
    const char *topic;              //  what is read; NULL: a bus without topics
    bool is_away;                   //  the bus does not answer at the moment, so nothing is read
    uint64_t dead_letters_waiting;  //  for their delivery
    uint64_t brokers_up;
    uint64_t received_bytes;
} bus_health_t;

typedef struct {
#define X(field, name, prometheus, help) uint64_t field;
    PROCESSOR_COUNTERS (X)
#undef X
} processor_counters_t;

typedef struct {
#define X(field, name, help) histogram_t field;
    PROCESSOR_LATENCIES (X)
#undef X
} processor_latencies_t;

#endif
