//  The loop. One turn answers queries first, then takes in messages, then runs the saver. Each step
//  takes some milliseconds at most, so a burst of messages, a query batch or a list delays the
//  other steps only briefly.
//  SPDX-License-Identifier: Apache-2.0
#include "processor/processor.h"

#include <errno.h>
#include <glib.h>
#include <sys/random.h>

#include "common/network/address.h"
#include "common/process/advice.h"
#include "common/process/clock.h"
#include "common/process/descriptors.h"
#include "common/process/log.h"
#include "common/process/notify.h"
#include "common/process/state_signal.h"
#include "common/process/stop_signals.h"
#include "common/process/watchdog.h"
#include "curve/curve.h"
#include "processor/admin.h"
#include "processor/answer/query_server.h"
#include "processor/choose_source.h"
#include "processor/choose_store.h"
#include "processor/keeper.h"
#include "processor/own/own_endpoint.h"
#include "processor/processor_phase.h"
#include "processor/save/check_traits.h"
#include "processor/save/shard_saver.h"
#include "processor/tell/send_announcement.h"

#define TAKE_US 8000           //  for messages, in a turn
#define DRAIN_MS 8000          //  longest drain, even if the disk is slow
#define DRAIN_FAILING_MS 1000  //  longest drain while saves fail: the gateways keep the frames

struct processor {
    service_signals_t signals;
    curve_t *curve;       //  NULL: links have no keys
    peer_view_t welcome;  //  the list of keys that the connections follow
    processor_sockets_t sockets;
    shards_t shards;
    text_pool_t *pool;  //  the texts that lists hold
    source_t *source;
    update_sender_t *updates;
    shard_saver_t *saver;
    keeper_t *keeper;
    retention_t retention;
    query_server_t *queries;
    admin_t *admin;  //  NULL: there is none
    int64_t announce_at_ms;
    processor_phase_t phase;
};

static socket_t *
s_bind (
    const processor_config_t *config, socket_kind_t kind, address_port_t offset, const char *what)
{
    uint16_t port = (uint16_t) (config->port + (uint16_t) offset);
    socket_t *socket = socket_bind (kind, config->bind, port);
    if (!socket)
        log_event (LOG_ERROR, "cannot listen", "what=%s address=%s port=%u reason=%s advice=%s",
            what, config->bind, (unsigned) port, g_strerror (errno), advice_listen (errno));
    return socket;
}

//  Use the keys of links, before any socket exists.
static bool
s_open_curve (processor_t *self, const processor_config_t *config)
{
    if (config->curve_directory)
        self->curve = curve_open (config->curve_directory, "processor", true);
    peer_view_init (&self->welcome, curve_peers (self->curve));
    return self->curve || !config->curve_directory;
}

//  Bind the sockets, and see that the keys keep strangers out.
static bool
s_bind_all (processor_t *self, const processor_config_t *config)
{
    self->admin = config->admin ? admin_new (config->admin, &self->shards) : NULL;
    if (config->admin && !self->admin)
        return false;
    //  Its endpoint identifies this processor, even if a broker brings the messages.
    bool has_broker = bus_needed_setting (config->bus.bus) != NULL;
    self->sockets.frames =
        s_bind (config, has_broker ? SOCKET_SHUT : SOCKET_PULL, PORT_FRAMES, "frames");
    self->sockets.queries = s_bind (config, SOCKET_ROUTER, PORT_QUERIES, "queries");
    self->sockets.events = s_bind (config, SOCKET_PUB, PORT_EVENTS, "events");
    return self->sockets.frames && self->sockets.queries && self->sockets.events &&
           curve_check (self->curve, self->sockets.frames, SOCKET_PULL) &&
           curve_check (self->curve, self->sockets.queries, SOCKET_ROUTER) &&
           curve_check (self->curve, self->sockets.events, SOCKET_PUB);
}

//  Answer at the admin port while the store or the bus is away.
static void
s_run_admin (void *context)
{
    admin_run (((processor_t *) context)->admin);
}

//  Set the conditions that the admin port shows before the store and the bus have answered.
static void
s_expect_nothing (processor_t *self, const processor_config_t *config)
{
    self->shards.store =
        (store_health_t){.kind = "unknown", .saved_on = "unknown", .is_away = true};
    self->shards.bus = (bus_health_t){.kind = bus_name (config->bus.bus), .is_away = true};
}

//  Open the source. The processor joins the members only afterwards, so it owns no partition while
//  it waits.
static bool
s_open_source (processor_t *self, const processor_config_t *config)
{
    patience_t patience = {self->signals.stop, s_run_admin, self};
    source_setup_t setup = {
        &config->bus, &patience, self->sockets.frames, &self->shards, curve_peers (self->curve)};
    self->source = choose_source (&setup);
    return self->source != NULL;
}

//  Open the store, the source and the ownership, which other processors may share.
static bool
s_open_store (processor_t *self, const processor_config_t *config)
{
    state_traits_t traits = {.partitions = config->partitions,
        .partitioner = config->partitioner,
        .ordering = config->ordering};
    store_choice_t choice = {.name = config->store,
        .directory = config->state_directory,
        .patience = {self->signals.stop, s_run_admin, self}};
    memcpy (choice.processor, self->shards.processor, PROCESSOR_ID_SIZE);
    store_t *store = choose_store (&choice, &traits);
    if (!store)
        return false;
    if (config->is_partitioner_given)
        check_partitioner (traits.partitioner, config->partitioner);
    self->shards.store = store->health (store);
    self->shards.state = traits.id;
    self->shards.ancestors = traits.ancestors;
    self->shards.partitions = traits.partitions;
    self->shards.partitioner = traits.partitioner;
    member_endpoint_t endpoint;
    own_endpoint (socket_endpoint (self->sockets.frames), &endpoint);
    ownership_t *ownership = NULL;
    if (s_open_source (self, config))
        ownership = choose_ownership (&choice, traits.partitions, &endpoint);
    if (!ownership) {
        store->destroy (&store);
        return false;
    }
    self->queries = query_server_new (
        self->sockets.queries, &self->shards, self->pool, curve_peers (self->curve));
    self->updates = update_sender_new (&self->shards, self->sockets.events);
    self->saver =
        shard_saver_new (&self->shards, store, self->source, self->sockets.events, self->updates);
    self->keeper = keeper_new (&self->shards, config->ordering, self->source, &store, &ownership);
    return self->saver != NULL;
}

processor_t *
processor_new (const processor_config_t *config, const service_signals_t *signals)
{
    processor_t *self = g_new0 (processor_t, 1);
    self->signals = *signals;
    self->shards.started_ms = clock_ms ();
    self->shards.rockets_limit = config->rockets;
    self->retention.config = config->retention;
    self->pool = text_pool_new ();
    s_expect_nothing (self, config);
    descriptors_raise ();  //  each partition has three files open
    if (getrandom (self->shards.processor, PROCESSOR_ID_SIZE, 0) != PROCESSOR_ID_SIZE ||
        !s_open_curve (self, config) || !s_bind_all (self, config) ||
        !s_open_store (self, config)) {
        processor_destroy (&self);
        return NULL;
    }
    return self;
}

void
processor_destroy (processor_t **self_p)
{
    processor_t *self = *self_p;
    if (!self)
        return;
    admin_destroy (&self->admin);
    query_server_destroy (&self->queries);
    if (self->source)
        self->source->destroy (&self->source);
    shard_saver_destroy (&self->saver);
    update_sender_destroy (&self->updates);
    keeper_destroy (&self->keeper);
    text_pool_destroy (&self->pool);
    socket_destroy (&self->sockets.frames);
    socket_destroy (&self->sockets.queries);
    socket_destroy (&self->sockets.events);
    peer_view_clear (&self->welcome);
    curve_close (&self->curve);
    g_free (self);
    *self_p = NULL;
}

static void
s_count_strangers (processor_t *self)
{
    processor_counters_t *counters = &self->shards.counters;
    const processor_sockets_t *sockets = &self->sockets;
    counters->strangers_ended = socket_ended (sockets->frames) + socket_ended (sockets->queries) +
                                socket_ended (sockets->events);
    counters->handshakes_mismatched = socket_mismatched (sockets->frames) +
                                      socket_mismatched (sockets->queries) +
                                      socket_mismatched (sockets->events);
    if (self->curve) {
        refusals_t refusals = authenticator_refusals (self->curve->authenticator);
        counters->handshakes_unknown = refusals.unknown;
        counters->handshakes_unlisted = refusals.unlisted;
    }
}

//  Two lists, the earlier one first.
typedef struct {
    const peer_list_t *before;
    const peer_list_t *after;
} lists_t;

static bool
s_is_welcome (void *context, const char *user)
{
    const lists_t *lists = context;
    return peer_list_keeps (lists->before, user, lists->after);
}

//  End the connections of keys that have lost a right.
static void
s_follow_keys (processor_t *self)
{
    if (!self->curve || peer_keeper_version (self->curve->peers) == self->welcome.version)
        return;
    peer_list_t *before = peer_list_ref (self->welcome.list);
    (void) peer_view_refresh (&self->welcome);
    lists_t lists = {before, self->welcome.list};
    if (!peer_list_keeps_all (before, self->welcome.list)) {
        socket_end_unwelcome (self->sockets.frames, s_is_welcome, &lists);
        socket_end_unwelcome (self->sockets.queries, s_is_welcome, &lists);
        socket_end_unwelcome (self->sockets.events, s_is_welcome, &lists);
    }
    peer_list_unref (&before);
}

static void
s_announce (processor_t *self)
{
    s_count_strangers (self);
    self->shards.store = keeper_health (self->keeper);
    self->shards.bus = self->source->health (self->source);
    send_announcement (&self->sockets, &self->shards);
    self->announce_at_ms = clock_ms () + ANNOUNCEMENT_INTERVAL_MS;
}

//  Enter a later phase; an earlier one is a bug, and aborts.
static void
s_enter (processor_t *self, processor_phase_t phase)
{
    g_assert (phase > self->phase);
    self->phase = phase;
    admin_set_phase (self->admin, phase);
}

//  Find out whether there is room for more rockets, and log a change.
static bool
s_look_full (shards_t *shards)
{
    if (!shards_look_full (shards))
        return false;
    if (shards->is_full)
        log_event (LOG_WARN, "there is no room for more rockets: gateways refuse new ones",
            "rockets=%zu limit=%llu advice=%s", shards_rockets (shards),
            (unsigned long long) shards->rockets_limit,
            "raise --rockets if memory allows, start another processor, or remove rockets");
    else
        log_event (LOG_INFO, "there is room for more rockets again", "rockets=%zu limit=%llu",
            shards_rockets (shards), (unsigned long long) shards->rockets_limit);
    return true;
}

//  Take and release partitions. Return false if the processor must stop.
static bool
s_keep (processor_t *self)
{
    keeper_result_t result = keeper_run (self->keeper, self->saver);
    bool is_news = s_look_full (&self->shards) || result == KEEPER_CHANGED;
    if (is_news || clock_ms () >= self->announce_at_ms)
        s_announce (self);
    if (self->phase == PROCESSOR_LOADING && keeper_is_ready (self->keeper)) {
        char state[STATE_ID_TEXT_SIZE];
        state_id_text (&self->shards.state, state);
        log_event (LOG_INFO, "ready", "frames=%s partitions=%u state=%s",
            socket_endpoint (self->sockets.frames), self->shards.partitions, state);
        s_enter (self, PROCESSOR_READY);
        notify_ready ();
    }
    return result != KEEPER_FAILED;
}

//  Return the time for a drain, which is short while saves fail.
static int64_t
s_drain_ms (const processor_t *self, uint64_t failed_before)
{
    return self->shards.counters.saves_failed > failed_before ? DRAIN_FAILING_MS : DRAIN_MS;
}

//  Take no more frames, save the ones that came, and release partition after partition. Return
//  false if the store broke.
static bool
s_drain (processor_t *self)
{
    int64_t start_ms = clock_ms ();
    uint64_t failed = self->shards.counters.saves_failed;
    keeper_leave (self->keeper);
    bool good = s_keep (self);
    while (good && !keeper_is_gone (self->keeper) &&
           clock_ms () - start_ms < s_drain_ms (self, failed)) {
        socket_item_t items[] = {{.fd = shard_saver_fd (self->saver)},
            {.socket = self->sockets.queries}, {.fd = admin_fd (self->admin)}};
        watchdog_feed ("processor");
        good = shard_saver_run (self->saver);
        socket_poll (items, G_N_ELEMENTS (items),
            query_server_is_busy (self->queries) ? 0 : keeper_timeout_ms (self->keeper));
        query_server_run (self->queries);
        admin_run (self->admin);
        update_sender_run (self->updates);
        good = good && shard_saver_run (self->saver) && s_keep (self);
    }
    if (good && !keeper_is_gone (self->keeper))
        log_event (LOG_WARN, "stopping with frames that are not saved", "advice=%s",
            "none is lost: the gateways keep them and send them to the next owner");
    return good;
}

//  Log one line about all work that waits in this processor.
static void
s_log_state (const processor_t *self)
{
    const shards_t *shards = &self->shards;
    uint32_t held = 0;
    uint32_t unsaved = 0;
    for (uint32_t partition = 0; partition < shards->partitions; partition++) {
        held += shards->shards[partition] != NULL;
        unsaved += shards->shards[partition] &&
                   !changes_are_none (shard_changes (shards->shards[partition]));
    }
    log_event (LOG_INFO, "state",
        "ready=%s store=%s store_away=%s bus=%s bus_away=%s partitions_held=%u partitions=%u "
        "partitions_unsaved=%u saving=%s saves_failed=%llu processors=%zu rockets=%zu frames=%llu "
        "applied=%llu queries=%llu "
        "queries_left=%s queries_refused=%llu answers_dropped=%llu",
        self->phase == PROCESSOR_READY ? "yes" : "no", shards->store.kind,
        shards->store.is_away ? "yes" : "no", shards->bus.kind, shards->bus.is_away ? "yes" : "no",
        held, shards->partitions, unsaved, shard_saver_is_saving (self->saver) ? "yes" : "no",
        (unsigned long long) shards->counters.saves_failed, shards->members_count,
        shards_rockets (shards), (unsigned long long) shards->counters.frames,
        (unsigned long long) shards->counters.applied,
        (unsigned long long) shards->counters.queries,
        query_server_is_busy (self->queries) ? "yes" : "no",
        (unsigned long long) shards->counters.queries_refused,
        (unsigned long long) shards->counters.answers_dropped);
}

//  The items that the loop waits for.
enum {
    ITEM_STOP,
    ITEM_STATE,
    ITEM_RELOAD,
    ITEM_SAVER,
    ITEM_QUERIES,
    ITEM_EVENTS,
    ITEM_SOURCE,
    ITEM_ADMIN
};

//  Work until the stop signal. Return false if the store broke or could not be read.
static bool
s_work (processor_t *self)
{
    socket_item_t items[] = {[ITEM_STOP] = {.fd = self->signals.stop},
        [ITEM_STATE] = {.fd = self->signals.state},
        [ITEM_RELOAD] = {.fd = self->signals.reload},
        [ITEM_SAVER] = {.fd = shard_saver_fd (self->saver)},
        [ITEM_QUERIES] = {.socket = self->sockets.queries},
        [ITEM_EVENTS] = {.socket = self->sockets.events},
        [ITEM_SOURCE] = self->source->item (self->source),
        [ITEM_ADMIN] = {.fd = admin_fd (self->admin)}};
    bool is_more_left = false;
    bool good = s_keep (self);
    while (good && !items[ITEM_STOP].ready) {
        watchdog_feed ("processor");
        int64_t wait_ms = MAX (0, self->announce_at_ms - clock_ms ());
        wait_ms = MIN (wait_ms, shard_saver_timeout_ms (self->saver));
        wait_ms = MIN (wait_ms, keeper_timeout_ms (self->keeper));
        wait_ms = MIN (wait_ms, update_sender_timeout_ms (self->updates));
        wait_ms = MIN (wait_ms, admin_timeout_ms (self->admin));
        wait_ms = MIN (wait_ms, retention_timeout_ms (&self->retention, clock_ms ()));
        bool is_busy = is_more_left || query_server_is_busy (self->queries);
        socket_poll (items, G_N_ELEMENTS (items), is_busy ? 0 : wait_ms);
        query_server_run (self->queries);
        is_more_left = self->source->take (self->source, TAKE_US);
        retention_run (&self->retention, &self->shards, clock_ms (), g_get_real_time ());
        good = shard_saver_run (self->saver) && s_keep (self);
        admin_run (self->admin);
        update_sender_run (self->updates);
        if (items[ITEM_STATE].ready && state_signal_take (self->signals.state))
            s_log_state (self);
        if (items[ITEM_RELOAD].ready && stop_signals_take_reload (self->signals.reload) &&
            self->curve)
            authenticator_ask (self->curve->authenticator);
        s_follow_keys (self);
    }
    return good;
}

bool
processor_run (processor_t *self)
{
    bool good = s_work (self);
    if (good) {
        log_event (LOG_INFO, "stopping", "rockets=%zu applied=%llu", shards_rockets (&self->shards),
            (unsigned long long) self->shards.counters.applied);
        stop_signals_release ();
        notify_stopping ();
        s_enter (self, PROCESSOR_STOPPING);
        good = s_drain (self);
    }
    if (!good)
        log_event (LOG_ERROR, "stopping after an error: a new start finds what is kept", "");
    watchdog_rest ();
    return good;
}
