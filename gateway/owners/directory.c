//  SPDX-License-Identifier: Apache-2.0
#include "gateway/owners/directory.h"

#include "common/process/clock.h"
#include "common/process/log.h"
#include "gateway/owners/claims.h"
#include "gateway/owners/owners.h"
#include "gateway/owners/peer_links.h"
#include "gateway/owners/unlisted.h"

#define SILENCE_MS 2000
#define ANNOUNCEMENTS_PER_RUN 1000
#define ADD_AGAIN_MS 1000      //  after links to a processor could not be made
#define LINK_LOOK_MS 20        //  how often links are looked at
#define JUDGE_MS 500           //  how often claims are, when no announcement brings news
#define REFUSAL_LOG_MS 5000    //  how often a refusal that stays is logged
#define UNDECIDED_LOG_MS 5000  //  how long a processor may wait for a verdict without a log line
#define RANK_OF_MOVE (CLAIM_EPOCH_MAX << 1)

struct directory {
    discovery_t *discovery;
    served_state_t *state;
    peer_links_t links;
    uint64_t addresses_generation;
    GArray *addresses;
    GPtrArray *peers;   //  of peer_t *
    int64_t add_at_ms;  //  when an address without a peer gets another try; 0: there is none
    char ack_topic[ANNOUNCEMENT_ACK_TOPIC_SIZE];
    directory_ack_fn *ack;
    void *ack_context;
    layout_t layout;
    state_id_t followed;  //  the state of this layout
    uint64_t moves;       //  the number of times that it was moved
    owners_t *owners;
    unlisted_t *unlisted;
    uint64_t sessions;  //  the last session number
    bool is_changed;    //  the owners must be chosen again
    int64_t judge_at_ms;
    int64_t look_at_ms;
    int64_t mismatch_logged_ms;
};

directory_t *
directory_new (discovery_t *discovery, served_state_t *state, peer_keeper_t *keys)
{
    directory_t *self = g_new0 (directory_t, 1);
    self->discovery = discovery;
    self->state = state;
    self->addresses = g_array_new (FALSE, TRUE, sizeof (address_t));
    self->peers = g_ptr_array_new_with_free_func (peer_links_free);
    peer_links_init (&self->links, keys, self->ack_topic);
    self->owners = owners_new ();
    self->unlisted = unlisted_new ();
    return self;
}

void
directory_hear_acks (directory_t *self, const uint8_t source[FRAME_SOURCE_SIZE],
    directory_ack_fn *ack, void *context)
{
    self->ack = ack;
    self->ack_context = context;
    ack_topic (source, self->ack_topic);
}

void
directory_destroy (directory_t **self_p)
{
    directory_t *self = *self_p;
    if (!self)
        return;
    owners_destroy (&self->owners);
    unlisted_destroy (&self->unlisted);
    g_ptr_array_unref (self->peers);
    peer_links_clear (&self->links);
    g_array_unref (self->addresses);
    g_free (self);
    *self_p = NULL;
}

static void
s_add_peer (directory_t *self, const address_t *address)
{
    peer_t *peer = peer_links_add (&self->links, address, clock_ms ());
    if (peer)
        g_ptr_array_add (self->peers, peer);
    else
        self->add_at_ms = clock_ms () + ADD_AGAIN_MS;
}

static bool
s_is_same (const address_t *a, const address_t *b)
{
    return a->port == b->port && strcmp (a->host, b->host) == 0;
}

static bool
s_has_address (const GArray *addresses, const address_t *wanted)
{
    for (guint index = 0; index < addresses->len; index++)
        if (s_is_same (&g_array_index (addresses, address_t, index), wanted))
            return true;
    return false;
}

//  Connect to new addresses. Keep an address to which no name resolves any more until it is silent:
//  its processor may still be saving.
static void
s_follow_addresses (directory_t *self)
{
    bool is_due = self->add_at_ms > 0 && clock_ms () >= self->add_at_ms;
    if (!discovery_changed (self->discovery, &self->addresses_generation, self->addresses) &&
        !is_due)
        return;
    self->add_at_ms = 0;
    for (guint index = 0; index < self->addresses->len; index++) {
        const address_t *address = &g_array_index (self->addresses, address_t, index);
        bool is_there = false;
        for (guint peer = 0; peer < self->peers->len; peer++)
            is_there =
                is_there || s_is_same (&((peer_t *) self->peers->pdata[peer])->address, address);
        if (!is_there)
            s_add_peer (self, address);
    }
}

static void
s_drop_gone_peers (directory_t *self)
{
    for (guint index = self->peers->len; index > 0; index--) {
        peer_t *peer = self->peers->pdata[index - 1];
        if (!peer->is_known && !s_has_address (self->addresses, &peer->address)) {
            g_ptr_array_remove_index (self->peers, index - 1);
            self->is_changed = true;
        }
    }
}

static void
s_log_move (const directory_t *self, const owner_announcement_t *announcement)
{
    char from[STATE_ID_TEXT_SIZE];
    char to[STATE_ID_TEXT_SIZE];
    state_id_text (&self->followed, from);
    state_id_text (&announcement->state, to);
    log_event (LOG_INFO, "the state was moved: this gateway follows",
        "from=%s to=%s partitions_before=%u partitions=%u partitioner=%s", from, to,
        self->layout.partitions, announcement->partitions,
        partitioner_name (announcement->partitioner));
}

//  Follow the served state if it was moved: forget its old owners and the old layout.
static void
s_follow_state (directory_t *self, const peer_t *speaker, const owner_announcement_t *announcement)
{
    if (state_id_equal (&self->followed, &announcement->state))
        return;
    if (state_id_is_known (&self->followed)) {
        s_log_move (self, announcement);
        self->moves++;
        self->layout = (layout_t){announcement->partitions, announcement->partitioner};
        owners_forget (self->owners);
        for (guint index = 0; index < self->peers->len; index++) {
            peer_t *peer = self->peers->pdata[index];
            if (peer != speaker &&
                !state_id_equal (&peer->announcement.state, &announcement->state))
                peer->verdict = STATE_REFUSED;
        }
    }
    self->followed = announcement->state;
    self->is_changed = true;
}

static bool
s_learn_layout (directory_t *self, const peer_t *speaker, const owner_announcement_t *announcement)
{
    layout_t its = {announcement->partitions, announcement->partitioner};
    s_follow_state (self, speaker, announcement);
    if (self->layout.partitions == 0)
        self->layout = its;
    if (layout_equal (self->layout, its))
        return true;
    if (log_is_due (&self->mismatch_logged_ms, SILENCE_MS))
        log_event (LOG_ERROR,
            "a processor has another number of partitions or partition function: it is ignored",
            "endpoint=%s its=%u ours=%u its_function=%s our_function=%s", announcement->frames,
            its.partitions, self->layout.partitions, partitioner_name (its.partitioner),
            partitioner_name (self->layout.partitioner));
    return false;
}

static bool
s_owns_the_same (const owner_announcement_t *a, const owner_announcement_t *b)
{
    bool is_same = a->owned_count == b->owned_count;
    for (uint32_t index = 0; is_same && index < a->owned_count; index++)
        is_same = a->owned[index].partition == b->owned[index].partition &&
                  a->owned[index].epoch == b->owned[index].epoch;
    return is_same;
}

//  Return true if every other processor has announced itself.
static bool
s_is_last (const directory_t *self, const peer_t *peer)
{
    for (guint index = 0; index < self->peers->len; index++) {
        const peer_t *other = self->peers->pdata[index];
        if (other != peer && !other->is_known)
            return false;
    }
    return true;
}

static void
s_log_refusal (directory_t *self, peer_t *peer, const state_id_t *its)
{
    char its_text[STATE_ID_TEXT_SIZE];
    char served_text[STATE_ID_TEXT_SIZE];
    state_id_t served = served_state_get (self->state);
    if (!log_is_due (&peer->refusal_logged_ms, REFUSAL_LOG_MS))
        return;
    state_id_text (its, its_text);
    state_id_text (&served, served_text);
    const char *event = "a processor of another state is refused: this gateway serves the state it "
                        "heard first";
    const char *advice =
        "start this processor with the --state-dir of the others; or, to serve its "
        "state instead, stop the others and restart this gateway";
    if (!state_id_is_known (&served)) {
        event =
            "processors of two states are there: this gateway serves neither until one state is "
            "left";
        advice =
            "the processors use different state directories: stop those that use the wrong one";
    }
    else if (peer->verdict == STATE_UNDECIDED) {
        event = "a processor has the state that the served one was moved to, and waits: processors "
                "of the served state are still there";
        advice = "stop the processors of the old state: this gateway follows then";
    }
    log_event (LOG_ERROR, event, "address=%s port=%u its_state=%s served_state=%s advice=%s",
        peer->address.host, (unsigned) peer->address.port, its_text, served_text, advice);
}

//  Return true if a processor waits for its verdict for so long that the log should say so.
static bool
s_waits_long (directory_t *self, peer_t *peer, int64_t now_ms)
{
    state_id_t doubt[2];
    if (peer->verdict != STATE_UNDECIDED)
        peer->undecided_ms = 0;
    else if (peer->undecided_ms == 0)
        peer->undecided_ms = now_ms;
    return peer->verdict == STATE_UNDECIDED && (now_ms - peer->undecided_ms >= UNDECIDED_LOG_MS ||
                                                   served_state_doubt (self->state, doubt, now_ms));
}

//  Judge the announced state of a processor.
static void
s_judge_state (directory_t *self, peer_t *peer, const owner_announcement_t *announcement)
{
    int64_t now_ms = clock_ms ();
    state_verdict_t verdict = served_state_judge (self->state, &announcement->state,
        &announcement->ancestors, s_is_last (self, peer), now_ms);
    self->is_changed = self->is_changed || verdict != peer->verdict;
    peer->verdict = verdict;
    if (s_waits_long (self, peer, now_ms) || verdict == STATE_REFUSED)
        s_log_refusal (self, peer, &announcement->state);
}

static void
s_take_announcement (directory_t *self, peer_t *peer, text_t payload)
{
    static _Thread_local owner_announcement_t announcement;
    if (!owner_announcement_read (&announcement, payload.data, payload.size))
        return;
    s_judge_state (self, peer, &announcement);
    if (peer->verdict == STATE_SERVED && !s_learn_layout (self, peer, &announcement))
        return;
    bool is_other =
        memcmp (announcement.processor, peer->announcement.processor, PROCESSOR_ID_SIZE) != 0;
    if (is_other || peer->incarnation == 0)
        peer->incarnation = peer->session = ++self->sessions;
    if (!peer->is_known || is_other) {
        char state[STATE_ID_TEXT_SIZE];
        state_id_text (&announcement.state, state);
        log_event (LOG_INFO, "processor is up", "address=%s port=%u owned=%u state=%s",
            peer->address.host, (unsigned) peer->address.port, announcement.owned_count, state);
    }
    if (!peer->is_known || is_other || !s_owns_the_same (&announcement, &peer->announcement))
        self->is_changed = true;
    if (!peer->is_known)
        peer_links_heard (peer);
    peer->is_known = true;
    peer->heard_ms = clock_ms ();
    peer->announcement = announcement;
}

typedef struct {
    directory_t *self;
    const peer_t *peer;
} heard_ack_t;

static void
s_tell_ack (void *context, uint64_t first, uint64_t last, const void *digests)
{
    const heard_ack_t *heard = context;
    heard->self->ack (heard->self->ack_context, heard->peer, first, last, digests);
}

//  Ignore an ack that names another process: it is from the previous process at this address.
//  Ignore acks of a key that may not acknowledge.
static void
s_take_ack (directory_t *self, peer_t *peer, text_t payload)
{
    ack_t ack;
    heard_ack_t heard = {self, peer};
    if (!peer->may_acknowledge)
        return;
    if (!ack_read (&ack, payload.data, payload.size))
        log_event (LOG_WARN, "ack is not readable", "address=%s", peer->address.host);
    else if (!ack.has_processor ||
             memcmp (ack.processor, peer->announcement.processor, PROCESSOR_ID_SIZE) == 0)
        ack_tell (&ack, s_tell_ack, &heard);
}

static void
s_hear (directory_t *self, peer_t *peer)
{
    text_t part;
    bool more = false;
    for (int count = 0; count < ANNOUNCEMENTS_PER_RUN; count++) {
        if (!socket_receive (peer->events, &part, &more))
            return;
        bool is_owner = text_equal (part, text_from (ANNOUNCEMENT_OWNER_TOPIC));
        if (!more || !socket_receive (peer->events, &part, &more))
            continue;
        if (is_owner)
            s_take_announcement (self, peer, part);
        else
            s_take_ack (self, peer, part);
    }
}

static void
s_notice_silence (directory_t *self, peer_t *peer, int64_t now_ms)
{
    if (!peer->is_known || now_ms - peer->heard_ms < SILENCE_MS)
        return;
    peer->is_known = false;
    self->is_changed = true;
    //  A processor that stops gives its partitions back before it falls silent.
    bool has_left = peer->announcement.owned_count == 0;
    log_event (has_left ? LOG_INFO : LOG_WARN,
        has_left ? "processor has left" : "processor is silent",
        "address=%s port=%u silent_ms=%lld", peer->address.host, (unsigned) peer->address.port,
        (long long) (now_ms - peer->heard_ms));
}

//  A broken link has lost the frames on their way.
static void
s_look_at_links (directory_t *self, int64_t now_ms)
{
    if (now_ms < self->look_at_ms)
        return;
    self->look_at_ms = now_ms + LINK_LOOK_MS;
    for (guint index = 0; index < self->peers->len; index++) {
        peer_t *peer = self->peers->pdata[index];
        if (peer_links_look (&self->links, peer, now_ms)) {
            peer->is_known = false;
            peer->session = ++self->sessions;
            self->is_changed = true;
            continue;
        }
        uint64_t changes = socket_link_changes (peer->frames, &peer->is_link_broken);
        if (changes == peer->link_changes)
            continue;
        peer->link_changes = changes;
        peer->session = ++self->sessions;
        self->is_changed = true;
    }
}

void
directory_run (directory_t *self)
{
    int64_t now_ms = clock_ms ();
    s_follow_addresses (self);
    s_look_at_links (self, now_ms);
    for (guint index = 0; index < self->peers->len; index++) {
        s_hear (self, self->peers->pdata[index]);
        s_notice_silence (self, self->peers->pdata[index], now_ms);
    }
    s_drop_gone_peers (self);
    if (self->is_changed || now_ms >= self->judge_at_ms) {
        owners_work_out (self->owners, self->peers, now_ms);
        unlisted_look (self->unlisted, self->peers, now_ms);
        self->is_changed = false;
        self->judge_at_ms = now_ms + JUDGE_MS;
    }
}

uint32_t
directory_partitions (const directory_t *self)
{
    return self->layout.partitions;
}

layout_t
directory_layout (const directory_t *self)
{
    return self->layout;
}

peer_t *
directory_owner (const directory_t *self, uint32_t partition)
{
    return owners_of (self->owners, partition)->peer;
}

uint64_t
directory_epoch (const directory_t *self, uint32_t partition)
{
    return owners_of (self->owners, partition)->epoch;
}

uint64_t
directory_rank (const directory_t *self, uint64_t epoch)
{
    return epoch ? self->moves * RANK_OF_MOVE + epoch : 0;
}

uint64_t
directory_session (const directory_t *self, uint32_t partition)
{
    const owner_t *owner = owners_of (self->owners, partition);
    return owner->peer && owner->peer->is_link_broken ? 0 : owner->session;
}

uint32_t
directory_unowned (const directory_t *self)
{
    uint32_t unowned = self->layout.partitions == 0;
    for (uint32_t partition = 0; partition < self->layout.partitions; partition++)
        unowned += owners_of (self->owners, partition)->peer == NULL;
    return unowned;
}

uint64_t
directory_generation (const directory_t *self)
{
    return owners_generation (self->owners);
}

peer_t *const *
directory_peers (const directory_t *self, size_t *count)
{
    *count = self->peers->len;
    return (peer_t *const *) self->peers->pdata;
}

alarms_t
directory_alarms (const directory_t *self)
{
    alarms_t alarms = owners_alarms (self->owners);
    alarms.unlisted_processors = unlisted_count (self->unlisted);
    return alarms;
}

const char *
directory_unlisted (const directory_t *self)
{
    return unlisted_address (self->unlisted);
}

state_id_t
directory_state (const directory_t *self)
{
    return served_state_get (self->state);
}

bool
directory_doubt (const directory_t *self, state_id_t doubt[2])
{
    return served_state_doubt (self->state, doubt, clock_ms ());
}
