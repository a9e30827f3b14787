//  An inquiry asks for one rocket or one list. It becomes one query to one owner, or, for a list,
//  one query to every owner.
//
//    phase   the inquiry                                   next phase
//    UNSENT  waits for its turn, or for an owner           ASKED
//    ASKED   is with the owners                            the end; READY for a list with all its
//                                                          parts; UNSENT if a part failed
//    READY   a list: waits to be merged                    the end
//
//  A part fails if its owner is gone, has lost the partition (421), or replies under an old epoch.
//  Then the asker repeats the whole inquiry after all other parts have come, so a live owner never
//  has the same query twice. A part that an owner refuses (503) ends the inquiry at once.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/queries/asker.h"

#include "common/memory/queue.h"
#include "common/memory/spares.h"
#include "common/process/clock.h"
#include "common/process/watchdog.h"
#include "gateway/queries/exchanges.h"
#include "query/protocol/list_copy.h"
#include "query/protocol/list_merge.h"
#include "query/protocol/reply.h"

#define OWNER_MS 1000  //  the longest wait of an inquiry for an owner
#define RETRY_MS 20
#define LOOK_MS 100             //  a list that waited longer is sent only if it is still wanted
#define LISTS_WAITING_MAX 1024  //  of a worker, in any phase
#define PARTS_ASKED_MAX 64      //  parts of lists with the owners: each has 1 MiB at most
#define LISTS_ASKED_MIN 4
#define MERGE_US 4000  //  a run merges lists for this time, and at least one

typedef enum { INQUIRY_UNSENT, INQUIRY_ASKED, INQUIRY_READY, INQUIRY_PHASES } inquiry_phase_t;
typedef enum { INQUIRY_ROCKET, INQUIRY_LIST, INQUIRY_KINDS } inquiry_kind_t;

//  The members that only a list needs.
typedef struct {
    list_query_t query;  //  a copy
    wanted_fn *wanted;
    GPtrArray *replies;  //  GBytes, which hold the bytes of `parts`
    GArray *parts;       //  reply_t
} listing_t;

struct inquiry {
    unsigned references;  //  queries in progress, and the asker until the end
    inquiry_phase_t phase;
    listing_t *list;  //  NULL: a single rocket
    outcome_fn *function;
    void *context;
    int64_t asked_ms;
    int64_t deadline_ms;
    int64_t retry_at_ms;
    unsigned outstanding;  //  parts that are with owners
    bool is_failed;        //  a part has failed: ask again
    bool is_removal;       //  of a single rocket
    bool is_over;
    GList all_link;
    GList phase_link;
    size_t id_size;                      //  of a single rocket
    char id[MESSAGE_CHANNEL_MAX_BYTES];  //  not terminated
};

struct asker {
    directory_t *directory;
    exchanges_t *exchanges;
    GQueue all[INQUIRY_KINDS];  //  of inquiry_t *, the oldest first
    GQueue phases[INQUIRY_KINDS][INQUIRY_PHASES];
    spares_t inquiries;  //  inquiry_t, for later ones
    bool has_new;        //  inquiries came since the last run
};

static inquiry_kind_t
s_kind (const inquiry_t *inquiry)
{
    return inquiry->list ? INQUIRY_LIST : INQUIRY_ROCKET;
}

static exchange_fn s_got_reply;

asker_t *
asker_new (directory_t *directory)
{
    asker_t *self = g_new0 (asker_t, 1);
    self->directory = directory;
    self->exchanges = exchanges_new (directory, s_got_reply, self);
    return self;
}

static void
s_forget_parts (listing_t *list)
{
    g_ptr_array_set_size (list->replies, 0);
    g_array_set_size (list->parts, 0);
}

static void
s_free_listing (listing_t *list)
{
    g_ptr_array_unref (list->replies);
    g_array_unref (list->parts);
    list_copy_clear (&list->query);
    g_free (list);
}

static void
s_release (asker_t *self, inquiry_t *inquiry)
{
    if (--inquiry->references > 0)
        return;
    if (inquiry->list)
        s_free_listing (inquiry->list);
    spares_give (&self->inquiries, inquiry);
}

//  Change the phase of an inquiry. Only this function does.
static void
s_enter (asker_t *self, inquiry_t *inquiry, inquiry_phase_t phase)
{
    GQueue *phases = self->phases[s_kind (inquiry)];
    queue_remove (&phases[inquiry->phase], &inquiry->phase_link);
    inquiry->phase = phase;
    queue_append (&phases[phase], &inquiry->phase_link);
}

//  End an inquiry. Queries in progress may still hold a reference to it.
static void
s_leave (asker_t *self, inquiry_t *inquiry)
{
    queue_remove (&self->phases[s_kind (inquiry)][inquiry->phase], &inquiry->phase_link);
    queue_remove (&self->all[s_kind (inquiry)], &inquiry->all_link);
    inquiry->is_over = true;
    if (inquiry->list)
        s_forget_parts (inquiry->list);
    s_release (self, inquiry);
}

static void
s_finish (asker_t *self, inquiry_t *inquiry, const outcome_t *outcome)
{
    inquiry->function (inquiry->context, outcome);
    s_leave (self, inquiry);
}

static void
s_refuse (asker_t *self, inquiry_t *inquiry, bool is_busy)
{
    s_finish (self, inquiry, &(outcome_t){.status = 503, .is_busy = is_busy});
}

void
asker_cancel (asker_t *self, inquiry_t *inquiry)
{
    s_leave (self, inquiry);
}

void
asker_destroy (asker_t **self_p)
{
    asker_t *self = *self_p;
    if (!self)
        return;
    for (int kind = 0; kind < INQUIRY_KINDS; kind++)
        while (self->all[kind].head)
            s_refuse (self, self->all[kind].head->data, false);
    exchanges_destroy (&self->exchanges);
    spares_clear (&self->inquiries);
    g_free (self);
    *self_p = NULL;
}

//  Make an inquiry with the id of a rocket, or with a list.
static inquiry_t *
s_new_inquiry (asker_t *self, text_t id, listing_t *list, outcome_fn *function, void *context)
{
    inquiry_t *inquiry = spares_take (&self->inquiries, sizeof *inquiry);
    int64_t now_ms = clock_ms ();
    g_assert (id.size <= sizeof inquiry->id);
    memset (inquiry, 0, offsetof (inquiry_t, id));
    inquiry->references = 1;
    inquiry->list = list;
    inquiry->function = function;
    inquiry->context = context;
    inquiry->asked_ms = now_ms;
    inquiry->deadline_ms = now_ms + (list ? ASKER_LIST_MS : ASKER_ROCKET_MS);
    inquiry->all_link.data = inquiry;
    inquiry->phase_link.data = inquiry;
    inquiry->id_size = id.size;
    if (id.size)
        memcpy (inquiry->id, id.data, id.size);
    queue_append (&self->all[s_kind (inquiry)], &inquiry->all_link);
    queue_append (&self->phases[s_kind (inquiry)][INQUIRY_UNSENT], &inquiry->phase_link);
    self->has_new = true;
    return inquiry;
}

inquiry_t *
asker_rocket (asker_t *self, text_t id, outcome_fn *function, void *context)
{
    return s_new_inquiry (self, id, NULL, function, context);
}

inquiry_t *
asker_forget (asker_t *self, text_t id, outcome_fn *function, void *context)
{
    inquiry_t *inquiry = s_new_inquiry (self, id, NULL, function, context);
    inquiry->is_removal = true;
    inquiry->deadline_ms = inquiry->asked_ms + ASKER_FORGET_MS;
    return inquiry;
}

inquiry_t *
asker_list (
    asker_t *self, const list_query_t *list, outcome_fn *function, wanted_fn *wanted, void *context)
{
    if (self->all[INQUIRY_LIST].length >= LISTS_WAITING_MAX)
        return NULL;
    listing_t *listing = g_new0 (listing_t, 1);
    list_copy (&listing->query, list);
    listing->wanted = wanted;
    listing->replies = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
    listing->parts = g_array_new (FALSE, TRUE, sizeof (reply_t));
    return s_new_inquiry (self, (text_t){0}, listing, function, context);
}

static void
s_count_part (inquiry_t *inquiry)
{
    inquiry->references++;
    inquiry->outstanding++;
}

//  Return false if the rocket's partition has no owner.
static bool
s_send_rocket (asker_t *self, inquiry_t *inquiry, uint32_t deadline_ms)
{
    layout_t layout = directory_layout (self->directory);
    query_t query = {.op = inquiry->is_removal ? QUERY_FORGET : QUERY_GET,
        .deadline_ms = deadline_ms,
        .id = text_of (inquiry->id, inquiry->id_size)};
    uint32_t partition = layout.partitions ? partition_of (query.id, layout) : 0;
    peer_t *owner = layout.partitions ? directory_owner (self->directory, partition) : NULL;
    if (!owner)
        return false;
    s_count_part (inquiry);
    exchanges_ask_rocket (self->exchanges, owner, partition, &query, inquiry);
    return true;
}

//  Return false if a partition of the list has no owner.
static bool
s_has_owners (const asker_t *self, const list_query_t *list)
{
    uint32_t partitions = directory_partitions (self->directory);
    bool has_owners = partitions > 0;
    for (uint32_t partition = 0; has_owners && partition < partitions; partition++)
        has_owners =
            !list_query_wants (list, partition) || directory_owner (self->directory, partition);
    return has_owners;
}

//  Send a list to every owner, with the partitions that it owns.
static bool
s_send_list (asker_t *self, inquiry_t *inquiry, uint32_t deadline_ms)
{
    if (!s_has_owners (self, &inquiry->list->query))
        return false;
    size_t count = 0;
    uint32_t partitions = directory_partitions (self->directory);
    peer_t *const *peers = directory_peers (self->directory, &count);
    for (size_t index = 0; index < count; index++) {
        query_t query = {
            .op = QUERY_LIST, .deadline_ms = deadline_ms, .list = inquiry->list->query};
        query.list.has_partitions = false;
        memset (query.list.partitions, 0, sizeof query.list.partitions);
        for (uint32_t partition = 0; partition < partitions; partition++)
            if (list_query_wants (&inquiry->list->query, partition) &&
                directory_owner (self->directory, partition) == peers[index])
                list_query_want (&query.list, partition);
        if (!query.list.has_partitions)
            continue;
        if (exchanges_ask_list (self->exchanges, peers[index], &query, inquiry))
            s_count_part (inquiry);
        else
            inquiry->is_failed = true;
    }
    return inquiry->outstanding > 0;
}

static bool
s_is_wanted (const inquiry_t *inquiry, int64_t now_ms)
{
    return !inquiry->list || !inquiry->list->wanted || now_ms < inquiry->asked_ms + LOOK_MS ||
           inquiry->list->wanted (inquiry->context);
}

static void
s_send_one (asker_t *self, inquiry_t *inquiry, int64_t now_ms)
{
    if (!s_is_wanted (inquiry, now_ms)) {
        s_refuse (self, inquiry, true);
        return;
    }
    uint32_t deadline_ms = (uint32_t) MAX (1, inquiry->deadline_ms - now_ms);
    inquiry->is_failed = false;
    if (inquiry->list ? s_send_list (self, inquiry, deadline_ms)
                      : s_send_rocket (self, inquiry, deadline_ms))
        s_enter (self, inquiry, INQUIRY_ASKED);
    else if (now_ms >= inquiry->asked_ms + OWNER_MS)
        s_refuse (self, inquiry, false);
    else
        inquiry->retry_at_ms = now_ms + RETRY_MS;
}

//  Return the number of lists that may be with the owners, so that the memory of their replies is
//  bounded.
static guint
s_lists_asked_max (const asker_t *self)
{
    size_t peers = 0;
    directory_peers (self->directory, &peers);
    return (guint) MAX (LISTS_ASKED_MIN, PARTS_ASKED_MAX / MAX (peers, 1));
}

static void
s_send_unsent (asker_t *self)
{
    self->has_new = false;
    for (int kind = 0; kind < INQUIRY_KINDS; kind++) {
        GQueue *phases = self->phases[kind];
        guint most = kind == INQUIRY_LIST ? s_lists_asked_max (self) : G_MAXUINT;
        int64_t now_ms = phases[INQUIRY_UNSENT].head ? clock_ms () : 0;
        for (GList *link = phases[INQUIRY_UNSENT].head; link;) {
            inquiry_t *inquiry = link->data;
            link = link->next;
            if (phases[INQUIRY_ASKED].length + phases[INQUIRY_READY].length >= most)
                break;
            if (inquiry->retry_at_ms <= now_ms)
                s_send_one (self, inquiry, now_ms);
        }
    }
    exchanges_send (self->exchanges);
}

//  Merge the lists of all owners.
static void
s_finish_list (asker_t *self, inquiry_t *inquiry)
{
    const listing_t *list = inquiry->list;
    list_merge_t merge;
    outcome_t outcome = {.status = 200};
    list_merge_begin (&merge, &list->query);
    for (guint index = 0; index < list->parts->len; index++)
        if (!list_merge_add (&merge, &g_array_index (list->parts, reply_t, index)))
            outcome.status = 503;
    list_merge_end (&merge);
    outcome.has_next = merge.more;
    outcome.count = merge.entries->len;
    outcome.entries = (const reply_entry_t *) (const void *) merge.entries->data;
    s_finish (self, inquiry, &outcome);
    list_merge_free (&merge);
}

static void
s_finish_ready (asker_t *self)
{
    GQueue *ready = &self->phases[INQUIRY_LIST][INQUIRY_READY];
    int64_t until_us = ready->head ? clock_us () + MERGE_US : 0;
    while (ready->head) {
        watchdog_feed ("worker");
        s_finish_list (self, ready->head->data);
        if (clock_us () >= until_us)
            return;
    }
}

//  Return true if, by the directory, the sender of a reply owns the partitions that the reply
//  covers.
static bool
s_is_current (const asker_t *self, const reply_t *reply)
{
    if (reply->owned.epoch)
        return reply->owned.partition < PARTITIONS_MAX &&
               reply->owned.epoch >= directory_epoch (self->directory, reply->owned.partition);
    msgpack_reader_t reader = reply->owned_list;
    for (uint32_t index = 0; index < reply->owned_count; index++) {
        uint32_t count = 0;
        uint64_t partition = 0;
        uint64_t epoch = 0;
        if (!msgpack_read_array (&reader, &count) || !msgpack_read_uint (&reader, &partition) ||
            !msgpack_read_uint (&reader, &epoch) || partition >= PARTITIONS_MAX ||
            epoch < directory_epoch (self->directory, (uint32_t) partition))
            return false;
    }
    return true;
}

//  Go on when every part has come or failed.
static void
s_end_attempt (asker_t *self, inquiry_t *inquiry)
{
    if (!inquiry->is_failed) {
        s_enter (self, inquiry, INQUIRY_READY);
        return;
    }
    if (inquiry->list)
        s_forget_parts (inquiry->list);
    inquiry->retry_at_ms = clock_ms () + RETRY_MS;
    s_enter (self, inquiry, INQUIRY_UNSENT);
    if (!inquiry->is_removal && clock_ms () >= inquiry->asked_ms + OWNER_MS)
        s_refuse (self, inquiry, false);
}

static void
s_take_reply (asker_t *self, inquiry_t *inquiry, const reply_t *reply, GBytes *bytes)
{
    bool is_good = reply && (reply->status == 200 || (reply->status == 404 && !inquiry->list));
    if (reply && reply->status == 503) {
        s_refuse (self, inquiry, true);
        return;
    }
    inquiry->outstanding--;
    inquiry->is_failed |= !is_good || !s_is_current (self, reply);
    if (!inquiry->is_failed && !inquiry->list) {
        s_finish (self, inquiry,
            &(outcome_t){.status = reply->status,
                .rocket = reply->rocket,
                .partition = reply->owned.partition});
        return;
    }
    if (!inquiry->is_failed) {
        g_array_append_vals (inquiry->list->parts, reply, 1);
        g_ptr_array_add (inquiry->list->replies, g_bytes_ref (bytes));
    }
    if (inquiry->outstanding == 0)
        s_end_attempt (self, inquiry);
}

static void
s_got_reply (void *context, void *asked, const reply_t *reply, GBytes *bytes)
{
    inquiry_t *inquiry = asked;
    if (inquiry->is_over) {
        s_release (context, inquiry);
        return;
    }
    //  An inquiry holds itself until its end; release the query's reference first.
    g_assert (inquiry->references > 1);
    s_release (context, inquiry);
    s_take_reply (context, inquiry, reply, bytes);
}

//  End the inquiries whose time is over. The answer to a list says that the owners are busy; the
//  answer about a rocket says that an owner is missing.
static void
s_expire (asker_t *self)
{
    for (int kind = 0; kind < INQUIRY_KINDS; kind++) {
        GQueue *all = &self->all[kind];
        int64_t now_ms = all->head ? clock_ms () : 0;
        while (all->head && ((inquiry_t *) all->head->data)->deadline_ms <= now_ms)
            s_refuse (self, all->head->data, kind == INQUIRY_LIST);
    }
}

void
asker_run (asker_t *self)
{
    exchanges_run (self->exchanges);
    s_finish_ready (self);
    s_expire (self);
    s_send_unsent (self);
}

bool
asker_is_due (const asker_t *self)
{
    return self->has_new || exchanges_is_due (self->exchanges) ||
           self->phases[INQUIRY_LIST][INQUIRY_READY].head;
}
