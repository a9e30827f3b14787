//  GET /stats: the counters of this gateway and this worker's view of the processors, as JSON.
//  SPDX-License-Identifier: Apache-2.0
#include "common/process/clock.h"
#include "common/text/digits.h"
#include "gateway/delivery/publisher.h"
#include "gateway/link/link.h"
#include "gateway/owners/directory.h"
#include "gateway/state/handle_state.h"
#include "http/answers.h"

#define DECIMALS 3  //  of milliseconds and of seconds
#define ID_TEXT_SIZE (2 * PROCESSOR_ID_SIZE + 1)

static void
s_write_number (json_writer_t *json, const char *key, uint64_t number)
{
    json_key (json, key);
    json_uint (json, number);
}

static void
s_write_text (json_writer_t *json, const char *key, const char *text)
{
    json_key (json, key);
    json_string (json, text);
}

//  Write a state's UUID, or null.
static void
s_write_state (json_writer_t *json, const state_id_t *state)
{
    char text[STATE_ID_TEXT_SIZE];
    bool is_known = state && state_id_is_known (state);
    if (is_known)
        state_id_text (state, text);
    s_write_text (json, "state", is_known ? text : NULL);
}

static void
s_write_alarms (json_writer_t *json, const directory_t *directory)
{
    alarms_t alarms = directory_alarms (directory);
    state_id_t served = directory_state (directory);
    s_write_state (json, &served);
    json_key (json, "alarms");
    json_begin_object (json);
    s_write_number (json, "refusedProcessors", alarms.refused_processors);
    s_write_number (json, "contestedPartitions", alarms.contested_partitions);
    s_write_number (json, "implausibleClaims", alarms.implausible_claims);
    s_write_number (json, "unlistedProcessors", alarms.unlisted_processors);
    s_write_number (json, "awayStores", alarms.away_stores);
    s_write_number (json, "fullProcessors", alarms.full_processors);
    json_end_object (json);
}

static void
s_write_layout (json_writer_t *json, layout_t layout)
{
    s_write_number (json, "partitions", layout.partitions);
    json_key (json, "partitioner");
    json_text (json, layout.partitions ? text_from (partitioner_name (layout.partitioner))
                                       : (text_t){0});  //  null
}

static void
s_write_gateway (json_writer_t *json, const parts_t *parts, const gateway_totals_t *totals)
{
    s_write_text (json, "version", DOWNLINK_VERSION);
    s_write_number (json, "uptimeMs", totals->uptime_ms);
    s_write_number (json, "workers", totals->workers);
    s_write_layout (json, parts->publisher->layout (parts->publisher));
    s_write_number (json, "buffered", totals->buffered);
    s_write_number (json, "bufferLimit", totals->buffer_limit);
    s_write_number (json, "journalBytes", totals->journal_bytes);
    s_write_number (json, "journalLimit", totals->journal_limit);
    json_key (json, "isJournalDiskFull");
    json_bool (json, totals->disk_full > 0);
    s_write_number (json, "accepted", totals->accepted);
    s_write_number (json, "saved", totals->saved);
    s_write_number (json, "refused", totals->refused);
    s_write_number (json, "dropped", totals->dropped);
    s_write_number (json, "resent", totals->resent);
    s_write_number (json, "foreignAcks", totals->foreign_acks);
    s_write_number (json, "setAsideFrames", totals->set_aside);
    s_write_number (json, "waiting", totals->waiting);
    s_write_number (json, "connections", totals->connections);
    s_write_number (json, "closedConnections", totals->crowded);
    s_write_number (json, "eventStreams", totals->streams);
}

//  Write how messages get to the processors.
static void
s_write_bus (json_writer_t *json, const link_t *link, const gateway_totals_t *totals)
{
    link_condition_t condition = link->condition (link);
    json_key (json, "bus");
    json_begin_object (json);
    s_write_text (json, "kind", condition.bus);
    json_key (json, "isAway");
    json_bool (json, totals->bus_away > 0);
    s_write_text (json, "reason", condition.reason);
    s_write_text (json, "fault", condition.fault);
    s_write_number (json, "records", totals->bus_records);
    s_write_number (json, "bytes", totals->bus_bytes);
    s_write_number (json, "failedRecords", totals->bus_failed);
    json_key (json, "roundTripMs");
    json_decimal (json, (double) totals->bus_trip_us / 1e3, DECIMALS);
    json_end_object (json);
}

//  Write the statuses of one route that are not 0.
static void
s_write_statuses (json_writer_t *json, const uint64_t *answers, size_t count)
{
    json_begin_object (json);
    for (size_t place = 0; place < count; place++) {
        char status[8];
        g_snprintf (status, sizeof status, "%zu", STATUSES_MIN + place);
        if (answers[place] > 0)
            s_write_number (json, status, answers[place]);
    }
    json_end_object (json);
}

static void
s_write_requests (json_writer_t *json, const gateway_totals_t *totals)
{
    json_key (json, "requests");
    json_begin_object (json);
    for (unsigned route = 0; route < ROUTES_COUNT; route++) {
        json_key (json, route_name ((route_t) route));
        s_write_statuses (json, totals->answers[route], G_N_ELEMENTS (totals->answers[route]));
    }
    json_end_object (json);
    json_key (json, "refusals");
    json_begin_object (json);
    for (size_t index = 0; index < REASONS_MAX && totals->reasons[index].name; index++)
        s_write_number (json, totals->reasons[index].name, totals->reasons[index].count);
    json_end_object (json);
}

//  Write milliseconds, or null without samples.
static void
s_write_quantile (
    json_writer_t *json, const char *key, const durations_t *durations, double fraction)
{
    double quantile_ms = durations_quantile_ms (durations, fraction);
    json_key (json, key);
    if (quantile_ms < 0)
        json_null (json);
    else
        json_decimal (json, quantile_ms, DECIMALS);
}

static void
s_write_latencies (json_writer_t *json, const gateway_totals_t *totals)
{
    static const char *const names[] = {
#define X(field, name, help) #field,
        GATEWAY_LATENCIES (X)
#undef X
    };
    json_key (json, "latencyMs");
    json_begin_object (json);
    for (unsigned latency = 0; latency < LATENCIES_COUNT; latency++) {
        const durations_t *recent = &totals->recent[latency];
        json_key (json, names[latency]);
        json_begin_object (json);
        s_write_quantile (json, "p50", recent, 0.5);
        s_write_quantile (json, "p99", recent, 0.99);
        s_write_number (json, "count", durations_count (recent));
        json_end_object (json);
    }
    json_end_object (json);
}

//  Write the store of a processor, or null.
static void
s_write_store (json_writer_t *json, const announced_store_t *store)
{
    json_key (json, "store");
    if (store->kind[0] == '\0') {
        json_null (json);
        return;
    }
    json_begin_object (json);
    s_write_text (json, "kind", store->kind);
    s_write_text (json, "savedOn", store->saved_on);
    json_key (json, "isAway");
    json_bool (json, store->is_away);
    json_end_object (json);
}

static void
s_write_processor (json_writer_t *json, const peer_t *peer)
{
    bool was_heard = peer->heard_ms > 0;
    char id[ID_TEXT_SIZE];
    char address[ADDRESS_TEXT_SIZE];
    digits_of_bytes (peer->announcement.processor, PROCESSOR_ID_SIZE, id);
    address_print (&peer->address, address);
    json_begin_object (json);
    s_write_text (json, "id", was_heard ? id : NULL);
    s_write_text (json, "address", address);
    s_write_state (json, was_heard ? &peer->announcement.state : NULL);
    json_key (json, "isRefused");
    json_bool (json, peer->is_known && peer->verdict == STATE_REFUSED);
    json_key (json, "isUp");
    json_bool (json, peer->is_known);
    json_key (json, "heardMsAgo");
    if (was_heard)
        json_int (json, clock_ms () - peer->heard_ms);
    else
        json_null (json);
    s_write_number (json, "owned", peer->is_known ? peer->announcement.owned_count : 0);
    s_write_text (json, "frames", was_heard ? peer->announcement.frames : NULL);
    s_write_text (json, "queries", was_heard ? peer->announcement.queries : NULL);
    s_write_text (json, "events", was_heard ? peer->announcement.events : NULL);
    s_write_store (json, &peer->announcement.store);
    json_end_object (json);
}

//  Write the number of rockets of each status, as the live processors announce them; null if one
//  does not.
static void
s_write_rockets (json_writer_t *json, const directory_t *directory)
{
    uint64_t rockets[ROCKET_STATUSES] = {0};
    bool is_told = true;
    size_t live = 0;
    size_t count = 0;
    peer_t *const *peers = directory_peers (directory, &count);
    for (size_t index = 0; index < count; index++) {
        const peer_t *peer = peers[index];
        if (!peer->is_known || peer->verdict == STATE_REFUSED)
            continue;
        live++;
        is_told &= peer->announcement.has_rockets;
        for (size_t status = 0; status < ROCKET_STATUSES; status++)
            rockets[status] += peer->announcement.rockets[status];
    }
    json_key (json, "rockets");
    if (live == 0 || !is_told) {
        json_null (json);
        return;
    }
    json_begin_object (json);
    for (size_t status = 0; status < ROCKET_STATUSES; status++)
        s_write_number (json, rocket_status_name ((rocket_status_t) status), rockets[status]);
    json_end_object (json);
}

static void
s_write_processors (json_writer_t *json, const directory_t *directory)
{
    size_t count = 0;
    peer_t *const *peers = directory_peers (directory, &count);
    json_key (json, "processors");
    json_begin_array (json);
    for (size_t index = 0; index < count; index++)
        s_write_processor (json, peers[index]);
    json_end_array (json);
}

static void
s_write_routing (json_writer_t *json, const directory_t *directory, const gateway_totals_t *totals)
{
    json_key (json, "routing");
    json_begin_array (json);
    for (uint32_t partition = 0; partition < directory_partitions (directory); partition++) {
        const peer_t *owner = directory_owner (directory, partition);
        char id[ID_TEXT_SIZE];
        if (owner)
            digits_of_bytes (owner->announcement.processor, PROCESSOR_ID_SIZE, id);
        json_begin_object (json);
        s_write_number (json, "partition", partition);
        s_write_text (json, "owner", owner ? id : NULL);
        s_write_number (json, "epoch", directory_epoch (directory, partition));
        s_write_number (json, "lagMessages", totals->lag_messages[partition]);
        json_key (json, "lagSeconds");
        json_decimal (json, totals->lag_seconds[partition], DECIMALS);
        json_end_object (json);
    }
    json_end_array (json);
}

void
handle_stats (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) target;
    gateway_totals_t *totals = gateway_metrics_sum (parts->gateway_metrics);
    json_writer_t *json = parts->json;
    json_writer_reset (json);
    json_begin_object (json);
    s_write_gateway (json, parts, totals);
    s_write_bus (json, parts->link, totals);
    s_write_alarms (json, parts->directory);
    s_write_requests (json, totals);
    s_write_latencies (json, totals);
    s_write_rockets (json, parts->directory);
    s_write_processors (json, parts->directory);
    s_write_routing (json, parts->directory, totals);
    json_end_object (json);
    answer_json (request, 200, json_writer_line (json));
    g_free (totals);
}
