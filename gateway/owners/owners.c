//  SPDX-License-Identifier: Apache-2.0
#include "gateway/owners/owners.h"

#include "common/process/log.h"
#include "gateway/owners/claims.h"

#define ALARM_LOG_MS 5000  //  how often an alarm that stays is logged

//  The last owner, and the parts of its session.
typedef struct {
    uint64_t peer_session;
    uint64_t epoch;
    uint64_t session;
} last_owner_t;

struct owners {
    owner_t owners[PARTITIONS_MAX];
    last_owner_t last[PARTITIONS_MAX];
    claims_t claims[PARTITIONS_MAX];
    alarms_t alarms;
    uint64_t generation;
    uint64_t sessions;  //  the last session number
    int64_t contest_logged_ms;
    int64_t implausible_logged_ms;
};

owners_t *
owners_new (void)
{
    owners_t *self = g_new0 (owners_t, 1);
    self->generation = 1;
    return self;
}

void
owners_destroy (owners_t **self_p)
{
    g_free (*self_p);
    *self_p = NULL;
}

void
owners_forget (owners_t *self)
{
    memset (self->owners, 0, sizeof self->owners);
    memset (self->last, 0, sizeof self->last);
    memset (self->claims, 0, sizeof self->claims);
    self->generation++;
}

//  A peer's claim of a partition.
typedef struct {
    uint32_t partition;
    guint place;  //  of the peer
    claim_t claim;
} peer_claim_t;

static gint
s_compare_claims (gconstpointer a, gconstpointer b)
{
    const peer_claim_t *one = a;
    const peer_claim_t *other = b;
    if (one->partition != other->partition)
        return one->partition < other->partition ? -1 : 1;
    return one->place < other->place ? -1 : one->place > other->place;
}

//  All current claims, by partition.
static GArray *
s_collect_claims (const GPtrArray *peers)
{
    GArray *entries = g_array_new (FALSE, FALSE, sizeof (peer_claim_t));
    for (guint place = 0; place < peers->len; place++) {
        const peer_t *peer = peers->pdata[place];
        bool is_served = peer->is_known && peer->verdict == STATE_SERVED;
        for (uint32_t index = 0; is_served && index < peer->announcement.owned_count; index++) {
            owned_t owned = peer->announcement.owned[index];
            peer_claim_t entry = {owned.partition, place,
                {peer->announcement.processor, owned.epoch, peer->heard_ms}};
            g_array_append_val (entries, entry);
        }
    }
    g_array_sort (entries, s_compare_claims);
    return entries;
}

//  Log an alarm about the claims of a partition.
static void
s_alarm (owners_t *self, const GPtrArray *peers, const peer_claim_t *entries, size_t count,
    const claims_verdict_t *verdict)
{
    bool is_due = false;
    self->alarms.contested_partitions += verdict->is_contested;
    self->alarms.implausible_claims += (uint32_t) verdict->implausible;
    if (verdict->implausible > 0)
        is_due = log_is_due (&self->implausible_logged_ms, ALARM_LOG_MS);
    else if (verdict->is_contested)
        is_due = log_is_due (&self->contest_logged_ms, ALARM_LOG_MS);
    for (size_t index = 0; is_due && index < count; index++) {
        const peer_t *peer = peers->pdata[entries[index].place];
        log_event (LOG_ERROR,
            verdict->implausible > 0 ? "ALARM: a processor claims a partition under an epoch that "
                                       "is impossibly high: the claim is ignored"
                                     : "ALARM: two processors claim the same partition",
            "partition=%u address=%s port=%u epoch=%llu believed=%s advice=%s",
            entries[index].partition, peer->address.host, (unsigned) peer->address.port,
            (unsigned long long) entries[index].claim.epoch,
            index == verdict->winner ? "yes" : "no",
            "see whether a copy of the state directory is in use, and whether each of these "
            "addresses is one of your processors");
    }
}

static owner_t
s_make_owner (owners_t *self, const GPtrArray *peers, const peer_claim_t *entry)
{
    peer_t *peer = peers->pdata[entry->place];
    last_owner_t *last = &self->last[entry->partition];
    if (last->peer_session != peer->session || last->epoch != entry->claim.epoch)
        *last = (last_owner_t){peer->session, entry->claim.epoch, ++self->sessions};
    return (owner_t){peer, entry->claim.epoch, last->session};
}

//  Judge the claims of one partition.
static void
s_judge (owners_t *self, const GPtrArray *peers, const peer_claim_t *entries, size_t count,
    owner_t *owners, int64_t now_ms)
{
    uint32_t partition = entries[0].partition;
    claim_t *claims = g_newa (claim_t, count);
    for (size_t index = 0; index < count; index++)
        claims[index] = entries[index].claim;
    claims_verdict_t verdict = claims_judge (&self->claims[partition], claims, count, now_ms);
    if (verdict.is_contested || verdict.implausible > 0)
        s_alarm (self, peers, entries, count, &verdict);
    if (verdict.winner < count)
        owners[partition] = s_make_owner (self, peers, &entries[verdict.winner]);
}

void
owners_work_out (owners_t *self, const GPtrArray *peers, int64_t now_ms)
{
    static _Thread_local owner_t owners[PARTITIONS_MAX];
    GArray *entries = s_collect_claims (peers);
    const peer_claim_t *all = (const peer_claim_t *) (gpointer) entries->data;
    memset (owners, 0, sizeof owners);
    self->alarms = (alarms_t){0};
    for (guint index = 0; index < peers->len; index++) {
        const peer_t *peer = peers->pdata[index];
        self->alarms.refused_processors += peer->is_known && peer->verdict == STATE_REFUSED;
        self->alarms.away_stores += peer->is_known && peer->announcement.store.is_away;
        self->alarms.full_processors += peer->is_known && peer->announcement.is_full;
    }
    for (guint first = 0, end = 0; first < entries->len; first = end) {
        while (end < entries->len && all[end].partition == all[first].partition)
            end++;
        s_judge (self, peers, all + first, end - first, owners, now_ms);
    }
    g_array_unref (entries);
    if (memcmp (self->owners, owners, sizeof owners) != 0)
        self->generation++;
    memcpy (self->owners, owners, sizeof owners);
}

const owner_t *
owners_of (const owners_t *self, uint32_t partition)
{
    return &self->owners[partition];
}

uint64_t
owners_generation (const owners_t *self)
{
    return self->generation;
}

alarms_t
owners_alarms (const owners_t *self)
{
    return self->alarms;
}
