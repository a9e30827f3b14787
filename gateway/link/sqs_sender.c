//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/sqs_sender.h"

#include <glib.h>

#include "common/domain/partition.h"
#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "common/sqs/sqs_queue.h"
#include "gateway/link/sqs_parcels.h"

#define REST_MS 100  //  after the first failure; doubled by each further one
#define REST_DOUBLED_MAX 4
#define PROBE_MS 10000         //  without a reply: is the service still there?
#define PROBE_FAILING_MS 1000  //  the same after a failure
#define REFUSAL_LOG_MS 5000
#define GROUP_SIZE 16

//  A frame without a fate.
typedef struct {
    uint64_t sequence;
    size_t bytes;
    size_t left;  //  pieces without a result
    bool is_failed;
    bool is_refused;
    GList link;
} flight_t;

typedef struct request request_t;

//  The way to the queue of a partition.
typedef struct {
    sqs_queue_t queue;
    char group[GROUP_SIZE];  //  for FIFO
    GQueue flights;          //  of flight_t, in the order of sending
    GQueue pieces;           //  of sqs_piece_t: those that wait for their request
    request_t *request;      //  in progress; NULL: none
    unsigned failures;       //  in a row
    int64_t rest_until_ms;
} way_t;

struct request {
    sqs_sender_t *sender;
    way_t *way;
    sqs_parcel_t parcels[SQS_BATCH_MAX];
    size_t count;
};

struct sqs_sender {
    const link_ear_t *ear;
    worker_metrics_t *metrics;
    sqs_client_t *client;
    json_writer_t *json;
    way_t *ways[PARTITIONS_MAX];  //  NULL: nothing was sent yet
    uint32_t ways_end;            //  all behind are NULL
    size_t waiting;               //  pieces that wait, in all ways
    size_t flight_bytes;
    bool is_probing;
    int64_t probe_at_ms;
    int64_t refusal_logged_ms;
};

sqs_sender_t *
sqs_sender_new (const sqs_settings_t *settings, worker_metrics_t *metrics, const link_ear_t *ear)
{
    sqs_sender_t *self = g_new0 (sqs_sender_t, 1);
    self->ear = ear;
    self->metrics = metrics;
    self->client = sqs_client_new (settings);
    self->json = json_writer_new ();
    return self;
}

static void
s_free_pieces (GQueue *pieces)
{
    while (pieces->head)
        sqs_piece_free (g_queue_pop_head_link (pieces)->data);
}

static void
s_free_request (request_t *request)
{
    for (size_t index = 0; index < request->count; index++) {
        s_free_pieces (&request->parcels[index].pieces);
        sqs_parcel_clear (&request->parcels[index]);
    }
    g_free (request);
}

static void
s_forget_flight (sqs_sender_t *self, way_t *way, flight_t *flight)
{
    g_queue_unlink (&way->flights, &flight->link);
    self->flight_bytes -= flight->bytes;
    g_free (flight);
}

static void
s_free_way (sqs_sender_t *self, way_t *way)
{
    if (way->request)
        s_free_request (way->request);
    s_free_pieces (&way->pieces);
    while (way->flights.head)
        s_forget_flight (self, way, way->flights.head->data);
    sqs_queue_clear (&way->queue);
    g_free (way);
}

void
sqs_sender_destroy (sqs_sender_t **self_p)
{
    sqs_sender_t *self = *self_p;
    if (!self)
        return;
    sqs_client_destroy (&self->client);
    for (uint32_t partition = 0; partition < self->ways_end; partition++)
        if (self->ways[partition])
            s_free_way (self, self->ways[partition]);
    json_writer_destroy (&self->json);
    g_free (self);
    *self_p = NULL;
}

static way_t *
s_new_way (sqs_sender_t *self, uint32_t partition)
{
    way_t *way = g_new0 (way_t, 1);
    char *name = sqs_settings_queue (sqs_client_config (self->client), partition);
    sqs_queue_init (&way->queue, self->client, self->json, name, NULL);
    g_free (name);
    g_snprintf (way->group, sizeof way->group, "%u", partition);
    self->ways[partition] = way;
    self->ways_end = MAX (self->ways_end, partition + 1);
    return way;
}

//  A run starts the request, so that all frames of this turn share it.
bool
sqs_sender_send (
    sqs_sender_t *self, uint32_t partition, uint64_t sequence, const frame_records_t *records)
{
    size_t bytes = frame_records_bytes (records);
    if (self->flight_bytes > 0 && self->flight_bytes + bytes > SQS_FLIGHT_BYTES)
        return false;
    way_t *way = self->ways[partition] ? self->ways[partition] : s_new_way (self, partition);
    flight_t *flight = g_new0 (flight_t, 1);
    *flight = (flight_t){.sequence = sequence, .bytes = bytes, .link.data = flight};
    flight->left = sqs_pieces_make (records, flight, &way->pieces);
    g_queue_push_tail_link (&way->flights, &flight->link);
    self->flight_bytes += bytes;
    self->waiting += flight->left;
    sqs_client_wake_at (self->client, 0);
    return true;
}

void
sqs_sender_forget (sqs_sender_t *self)
{
    for (uint32_t partition = 0; partition < self->ways_end; partition++) {
        way_t *way = self->ways[partition];
        for (GList *link = way ? way->pieces.head : NULL; link; link = link->next) {
            flight_t *flight = ((sqs_piece_t *) link->data)->frame;
            flight->is_failed = true;
            flight->left--;
        }
        self->waiting -= way ? way->pieces.length : 0;
        if (!way)
            continue;
        s_free_pieces (&way->pieces);
        way->failures = 0;  //  perhaps nothing is sent this way again
    }
}

//  Report the fates of the first frames, up to one without a fate.
static void
s_tell (sqs_sender_t *self, way_t *way)
{
    while (way->flights.head && ((flight_t *) way->flights.head->data)->left == 0) {
        flight_t flight = *(flight_t *) way->flights.head->data;
        s_forget_flight (self, way, way->flights.head->data);
        if (flight.is_failed)
            self->ear->returned (self->ear->context, flight.sequence, flight.is_refused);
        else
            self->ear->carried (self->ear->context, flight.sequence);
    }
}

static void
s_decide (const sqs_parcel_t *parcel, const sqs_result_t *result)
{
    for (GList *link = parcel->pieces.head; link; link = link->next) {
        flight_t *flight = ((sqs_piece_t *) link->data)->frame;
        flight->left--;
        flight->is_failed = flight->is_failed || !result->is_done;
        flight->is_refused = flight->is_refused || result->is_refused;
    }
}

static void
s_log_refusal (sqs_sender_t *self, const way_t *way, const char *reason)
{
    if (log_is_due (&self->refusal_logged_ms, REFUSAL_LOG_MS))
        log_event (LOG_ERROR, "SQS refuses a message: its frames are sent again",
            "queue=%s reason=%s", way->queue.name, reason);
}

//  Take the result of a parcel. Return true if it failed and may be sent again.
static bool
s_take_result (sqs_sender_t *self, way_t *way, const sqs_parcel_t *parcel, sqs_result_t result)
{
    s_decide (parcel, &result);
    if (result.is_done) {
        counter_add (&self->metrics->bus_records, 1);
        counter_add (&self->metrics->bus_bytes, parcel->lines->len);
        return false;
    }
    counter_add (&self->metrics->bus_failed, 1);
    if (result.is_refused)
        s_log_refusal (self, way, result.reason);
    return !result.is_refused;
}

static void
s_rest (sqs_sender_t *self, way_t *way)
{
    int64_t rest_ms = REST_MS << MIN (way->failures, REST_DOUBLED_MAX);
    way->failures++;
    way->rest_until_ms = clock_ms () + rest_ms / 2 + g_random_int_range (0, (int) rest_ms);
    sqs_client_wake_at (self->client, way->rest_until_ms);
}

static void
s_take_reply (void *context, const sqs_reply_t *reply)
{
    request_t *request = context;
    sqs_sender_t *self = request->sender;
    way_t *way = request->way;
    bool must_rest = false;
    FAILPOINT ("push-after");
    for (size_t index = 0; index < request->count; index++)
        must_rest |=
            s_take_result (self, way, &request->parcels[index], sqs_result_of (reply, index));
    if (reply->outcome == SQS_MISSING)
        sqs_queue_lose (&way->queue);
    if (must_rest)
        s_rest (self, way);
    else
        way->failures = 0;
    way->request = NULL;
    s_free_request (request);
    s_tell (self, way);
    sqs_client_wake_at (self->client, 0);
}

static void
s_start (sqs_sender_t *self, way_t *way)
{
    sqs_entry_t entries[SQS_BATCH_MAX];
    request_t *request = g_new0 (request_t, 1);
    size_t before = way->pieces.length;
    request->sender = self;
    request->way = way;
    request->count = sqs_parcels_pack (&way->pieces, request->parcels);
    self->waiting -= before - way->pieces.length;
    const char *group = sqs_client_config (self->client)->is_fifo ? way->group : NULL;
    for (size_t index = 0; index < request->count; index++)
        sqs_parcel_describe (&request->parcels[index], group, &entries[index]);
    way->request = request;
    FAILPOINT ("push-before");
    sqs_client_call (self->client, "SendMessageBatch",
        sqs_body_send (self->json, way->queue.url, entries, request->count), 0, s_take_reply,
        request);
}

static void
s_run_way (sqs_sender_t *self, way_t *way)
{
    s_tell (self, way);
    if (!way->pieces.head || way->request)
        return;
    if (way->queue.state != SQS_QUEUE_READY)
        sqs_queue_run (&way->queue);
    else if (clock_ms () < way->rest_until_ms)
        sqs_client_wake_at (self->client, way->rest_until_ms);
    else if (sqs_client_can_call (self->client))
        s_start (self, way);
}

static void
s_take_probe (void *context, const sqs_reply_t *reply)
{
    sqs_sender_t *self = context;
    (void) reply;
    self->is_probing = false;
}

//  Make a small call after a while without other calls, to see whether SQS answers. Make none while
//  frames are being sent again: its answer would hide that SQS takes none of them.
static void
s_probe (sqs_sender_t *self)
{
    const char *reason = "";
    (void) sqs_client_is_away (self->client, &reason);
    int64_t interval_ms = *reason ? PROBE_FAILING_MS : PROBE_MS;
    int64_t heard_ms = sqs_client_heard_ms (self->client);
    int64_t at_ms = MAX (self->probe_at_ms, heard_ms ? heard_ms + interval_ms : 0);
    if (self->is_probing || self->waiting > 0 || !sqs_client_can_call (self->client))
        return;
    if (clock_ms () < at_ms) {
        sqs_client_wake_at (self->client, at_ms);
        return;
    }
    self->is_probing = true;
    self->probe_at_ms = clock_ms () + PROBE_FAILING_MS;
    char *name = sqs_settings_queue (sqs_client_config (self->client), 0);
    sqs_client_call (
        self->client, "GetQueueUrl", sqs_body_get_url (self->json, name), 0, s_take_probe, self);
    g_free (name);
}

void
sqs_sender_run (sqs_sender_t *self)
{
    sqs_client_run (self->client);
    counter_set (&self->metrics->bus_trip_us, (uint64_t) sqs_client_trip_us (self->client));
    bool is_failing = false;
    for (uint32_t partition = 0; partition < self->ways_end; partition++) {
        way_t *way = self->ways[partition];
        if (way && way->flights.head)
            s_run_way (self, way);
        is_failing = is_failing || (way && way->failures > 0);
    }
    if (!is_failing)
        s_probe (self);
}

int
sqs_sender_fd (const sqs_sender_t *self)
{
    return sqs_client_fd (self->client);
}

bool
sqs_sender_is_away (const sqs_sender_t *self, const char **reason)
{
    return sqs_client_is_away (self->client, reason);
}

const char *
sqs_sender_fault (const sqs_sender_t *self)
{
    for (uint32_t partition = 0; partition < self->ways_end; partition++)
        if (self->ways[partition] && self->ways[partition]->queue.state == SQS_QUEUE_FAULTY)
            return self->ways[partition]->queue.fault;
    return NULL;
}
