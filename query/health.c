//  SPDX-License-Identifier: Apache-2.0
#include "query/health.h"

#include "common/process/clock.h"
#include "query/faults.h"
#include "query/map_print.h"

#define FULL_PERCENT 80  //  of a buffer or a journal: little room is left
#define LATE_S 5         //  an older message is behind
#define AGAIN_US (100 * 1000)

//  Read {"kind": "sqlite", "isAway": false, ...}.
static void
s_read_store (processor_health_t *processor, text_t stats)
{
    msgpack_reader_t reader;
    uint32_t pairs = 0;
    bool good = map_find (stats, "store", &reader) && msgpack_read_map (&reader, &pairs);
    for (; good && pairs > 0; pairs--) {
        text_t key;
        text_t kind;
        good = msgpack_read_str (&reader, &key);
        if (good && text_equal (key, text_from ("isAway")))
            good = msgpack_read_bool (&reader, &processor->is_store_away);
        else if (good && text_equal (key, text_from ("kind"))) {
            good = msgpack_read_str (&reader, &kind);
            if (good)
                g_snprintf (processor->store, STORE_KIND_SIZE, "%.*s", (int) kind.size, kind.data);
        }
        else
            good = good && msgpack_skip (&reader);
    }
}

//  Add up [[partition, epoch, rockets, unsaved messages], ...].
static void
s_read_owned (processor_health_t *processor, text_t stats)
{
    msgpack_reader_t reader;
    uint32_t count = 0;
    bool good = map_find (stats, "owned", &reader) && msgpack_read_array (&reader, &count);
    for (; good && count > 0; count--) {
        uint32_t members = 0;
        uint64_t values[4] = {0};
        good = msgpack_read_array (&reader, &members) && members == G_N_ELEMENTS (values);
        for (uint32_t index = 0; good && index < members; index++)
            good = msgpack_read_uint (&reader, &values[index]);
        processor->partitions += good;
        processor->unsaved += values[3];
    }
}

static void
s_read_processor (health_t *self, const processor_answer_t *answer)
{
    processor_health_t processor = {.place = answer->processor, .is_up = answer->bytes != NULL};
    if (processor.is_up) {
        text_t stats = answer->reply.stats;
        processor.uptime_ms = stats_number (stats, "uptimeMs");
        processor.rockets = stats_number (stats, "rockets");
        s_read_owned (&processor, stats);
        s_read_store (&processor, stats);
        if (!self->state)
            self->state = stats_state (stats);
    }
    g_array_append_val (self->processors, processor);
}

//  Return the list of processors to ask; the caller frees it.
static char *
s_choose_processors (const health_t *self, const char *given)
{
    GString *list = g_string_new (given);
    for (guint index = 0; !given && index < self->gateways->len; index++) {
        const gateway_stats_t *gateway = self->gateways->pdata[index];
        for (guint heard = 0; heard < gateway->processors->len; heard++)
            g_string_append_printf (list, "%s%s", list->len ? "," : "",
                (const char *) gateway->processors->pdata[heard]);
    }
    if (list->len == 0)
        g_string_append (list, "localhost:5561");
    return g_string_free (list, FALSE);
}

static bool
s_is_nearly_full (uint64_t level, uint64_t limit)
{
    return limit > 0 && (double) level >= (double) limit * FULL_PERCENT / 100;
}

static void
s_judge_alarms (GPtrArray *faults, const gateway_stats_t *gateway)
{
    static const char *const sentences[][2] = {
#define X(name, one, many) {one, many},
        GATEWAY_ALARMS (X)
#undef X
    };
    for (size_t alarm = 0; alarm < ALARMS_COUNT; alarm++)
        if (gateway->alarms[alarm] > 0)
            faults_add (faults, "the gateway %s: %" G_GUINT64_FORMAT " %s", gateway->place,
                gateway->alarms[alarm], sentences[alarm][gateway->alarms[alarm] > 1]);
    if (gateway->set_aside_frames > 0)
        faults_add (faults,
            "the gateway %s: %" G_GUINT64_FORMAT
            " %s set aside: a processor refuses what is in there, and its log says why",
            gateway->place, gateway->set_aside_frames,
            gateway->set_aside_frames == 1 ? "frame is" : "frames are");
}

//  Judge how far a gateway's processors are behind.
static void
s_judge_room (GPtrArray *faults, const gateway_stats_t *gateway)
{
    if (gateway->is_disk_full)
        faults_add (faults,
            "the gateway %s accepts nothing: the disk of its journal is full, make room on it",
            gateway->place);
    if (s_is_nearly_full (gateway->buffered, gateway->buffer_limit))
        faults_add (faults,
            "the buffer of the gateway %s is nearly full: %" G_GUINT64_FORMAT
            " of %" G_GUINT64_FORMAT " messages wait to be saved",
            gateway->place, gateway->buffered, gateway->buffer_limit);
    if (s_is_nearly_full (gateway->journal_bytes, gateway->journal_limit))
        faults_add (faults,
            "the journal of the gateway %s is nearly full: %" G_GUINT64_FORMAT
            " of %" G_GUINT64_FORMAT " bytes",
            gateway->place, gateway->journal_bytes, gateway->journal_limit);
    if (gateway->oldest_s >= LATE_S)
        faults_add (faults,
            "the processors are behind: a message that the gateway %s has accepted waits for "
            "%.0f seconds to be saved",
            gateway->place, gateway->oldest_s);
}

static void
s_judge_gateway (GPtrArray *faults, const gateway_stats_t *gateway)
{
    if (gateway->fault) {
        faults_add (faults, "the gateway %s %s", gateway->place, gateway->fault);
        return;
    }
    if (gateway->partitions == 0)
        faults_add (faults, "the gateway %s has heard no processor yet", gateway->place);
    if (gateway->unowned > 0)
        faults_add (faults,
            "the gateway %s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
            " partitions have no owner: messages for them wait",
            gateway->place, gateway->unowned, gateway->partitions);
    for (guint index = 0; index < gateway->silent->len; index++)
        faults_add (faults,
            "the gateway %s hears nothing from the processor %s: start it, or take it out of "
            "--processors",
            gateway->place, (const char *) gateway->silent->pdata[index]);
    s_judge_alarms (faults, gateway);
    s_judge_room (faults, gateway);
}

static void
s_judge (health_t *self)
{
    faults_of_answers (self->faults, self->found);
    faults_of_states (self->faults, self->found);
    faults_of_lost (self->faults, self->found);
    faults_of_coverage (self->faults, &self->coverage);
    for (guint index = 0; index < self->processors->len; index++) {
        const processor_health_t *processor =
            &g_array_index (self->processors, processor_health_t, index);
        if (processor->is_store_away)
            faults_add (
                self->faults, "the store of the processor %s does not answer", processor->place);
    }
    for (guint index = 0; index < self->gateways->len; index++)
        s_judge_gateway (self->faults, self->gateways->pdata[index]);
}

//  Return true if all have answered and only owners are missing.
static bool
s_is_early (const health_t *self)
{
    uint64_t unowned = coverage_missing (&self->coverage);
    for (guint index = 0; index < self->processors->len; index++)
        if (!g_array_index (self->processors, processor_health_t, index).is_up)
            return false;
    for (guint index = 0; index < self->gateways->len; index++) {
        const gateway_stats_t *gateway = self->gateways->pdata[index];
        if (gateway->fault)
            return false;
        unowned += gateway->unowned;
    }
    return unowned > 0;
}

static void
s_ask (health_t *self, const char *processors, const gateways_t *gateways, int64_t timeout_ms)
{
    *self = (health_t){.gateways = ask_gateways (gateways, timeout_ms),
        .processors = g_array_new (FALSE, TRUE, sizeof (processor_health_t)),
        .faults = faults_new ()};
    char *list = s_choose_processors (self, processors);
    self->found = find_processors (list, timeout_ms);
    for (guint index = 0; index < self->found->len; index++)
        s_read_processor (self, self->found->pdata[index]);
    coverage_of_stats (&self->coverage, self->found);
    s_judge (self);
    g_free (list);
}

void
health_ask (health_t *self, const char *processors, const gateways_t *gateways, int64_t timeout_ms)
{
    int64_t until_ms = clock_ms () + timeout_ms;
    for (s_ask (self, processors, gateways, timeout_ms);
         s_is_early (self) && clock_ms () < until_ms;
         s_ask (self, processors, gateways, timeout_ms)) {
        health_free (self);
        g_usleep (AGAIN_US);
    }
}

void
health_free (health_t *self)
{
    g_ptr_array_unref (self->gateways);
    g_ptr_array_unref (self->found);
    g_array_unref (self->processors);
    g_ptr_array_unref (self->faults);
    g_free (self->state);
}
