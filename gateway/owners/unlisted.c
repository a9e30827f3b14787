//  All processors of a state announce the same members, so each look compares the members of one
//  peer. A look costs at most MEMBERS_MAX times the number of peers.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/owners/unlisted.h"

#include "common/process/log.h"

#define UNLISTED_LOG_MS 5000  //  how often an alarm that stays is logged
#define SCHEME "tcp://"

typedef struct {
    uint8_t processor[PROCESSOR_ID_SIZE];
    char address[ENDPOINT_SIZE];  //  host:port, or a note that it is unknown
    int64_t first_ms;
    int64_t seen_ms;
    bool is_alarm;
} unlisted_processor_t;

struct unlisted {
    unlisted_processor_t entries[UNLISTED_MAX];
    size_t count;
    guint next_peer;  //  for the next look
    int64_t logged_ms;
};

unlisted_t *
unlisted_new (void)
{
    return g_new0 (unlisted_t, 1);
}

void
unlisted_destroy (unlisted_t **self_p)
{
    g_free (*self_p);
    *self_p = NULL;
}

//  Copy host:port from an endpoint.
static void
s_copy_address (const char *endpoint, char address[ENDPOINT_SIZE])
{
    bool is_known = g_str_has_prefix (endpoint, SCHEME);
    g_strlcpy (
        address, is_known ? endpoint + strlen (SCHEME) : "an unknown address", ENDPOINT_SIZE);
}

static bool
s_is_at (const peer_t *peer, const char *address)
{
    char its[ADDRESS_TEXT_SIZE];
    address_print (&peer->address, its);
    return strcmp (its, address) == 0;
}

//  Return true if a member is in --processors. A silent peer counts: it is listed, and down.
static bool
s_is_listed (const GPtrArray *peers, const announced_member_t *member)
{
    char address[ENDPOINT_SIZE];
    s_copy_address (member->frames, address);
    for (guint index = 0; index < peers->len; index++) {
        const peer_t *peer = peers->pdata[index];
        if (memcmp (peer->announcement.processor, member->processor, PROCESSOR_ID_SIZE) == 0 ||
            (!peer->is_known && s_is_at (peer, address)))
            return true;
    }
    return false;
}

static void
s_note (unlisted_t *self, const announced_member_t *member, int64_t now_ms)
{
    for (size_t index = 0; index < self->count; index++)
        if (memcmp (self->entries[index].processor, member->processor, PROCESSOR_ID_SIZE) == 0) {
            self->entries[index].seen_ms = now_ms;
            return;
        }
    if (self->count == UNLISTED_MAX)
        return;
    unlisted_processor_t *entry = &self->entries[self->count++];
    *entry = (unlisted_processor_t){.first_ms = now_ms, .seen_ms = now_ms};
    memcpy (entry->processor, member->processor, PROCESSOR_ID_SIZE);
    s_copy_address (member->frames, entry->address);
}

//  Return the next peer that announces members, or NULL.
static const peer_t *
s_next_peer (unlisted_t *self, const GPtrArray *peers)
{
    for (guint tries = 0; tries < peers->len; tries++) {
        const peer_t *peer = peers->pdata[self->next_peer++ % peers->len];
        if (peer->is_known && peer->verdict == STATE_SERVED && peer->announcement.member_count > 0)
            return peer;
    }
    return NULL;
}

//  Drop the entries that no peer names any more, and the ones that are listed by now.
static void
s_forget (unlisted_t *self, const GPtrArray *peers, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t index = 0; index < self->count; index++) {
        const unlisted_processor_t *entry = &self->entries[index];
        announced_member_t member = {.frames = ""};
        memcpy (member.processor, entry->processor, PROCESSOR_ID_SIZE);
        if (now_ms - entry->seen_ms < UNLISTED_FORGET_MS && !s_is_listed (peers, &member))
            self->entries[kept++] = *entry;
    }
    self->count = kept;
}

static void
s_log (const unlisted_processor_t *entry)
{
    char advice[ENDPOINT_SIZE + 192];
    g_snprintf (advice, sizeof advice,
        "add %s to --processors and restart this gateway, or stop that processor; if a name in "
        "--processors should lead there, check the addresses of that name",
        entry->address);
    log_event (LOG_ERROR,
        "ALARM: a processor shares the state but is not in --processors: messages for its "
        "partitions wait in the journal",
        "address=%s advice=%s", entry->address, advice);
}

static void
s_alarm (unlisted_t *self, int64_t now_ms)
{
    bool is_due = false;
    for (size_t index = 0; index < self->count; index++) {
        unlisted_processor_t *entry = &self->entries[index];
        entry->is_alarm = now_ms - entry->first_ms >= UNLISTED_GRACE_MS;
        is_due = is_due || (entry->is_alarm && log_is_due (&self->logged_ms, UNLISTED_LOG_MS));
        if (entry->is_alarm && is_due)
            s_log (entry);
    }
}

void
unlisted_look (unlisted_t *self, const GPtrArray *peers, int64_t now_ms)
{
    const peer_t *peer = s_next_peer (self, peers);
    for (uint32_t index = 0; peer && index < peer->announcement.member_count; index++) {
        const announced_member_t *member = &peer->announcement.members[index];
        if (!s_is_listed (peers, member))
            s_note (self, member, now_ms);
    }
    s_forget (self, peers, now_ms);
    s_alarm (self, now_ms);
}

uint32_t
unlisted_count (const unlisted_t *self)
{
    uint32_t count = 0;
    for (size_t index = 0; index < self->count; index++)
        count += self->entries[index].is_alarm;
    return count;
}

const char *
unlisted_address (const unlisted_t *self)
{
    for (size_t index = 0; index < self->count; index++)
        if (self->entries[index].is_alarm)
            return self->entries[index].address;
    return NULL;
}
