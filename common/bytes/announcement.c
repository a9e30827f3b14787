//  Announcements are packed with msgpack-c and read with msgpack_reader.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/announcement.h"

#include <glib.h>
#include <msgpack/pack.h>
#include <msgpack/sbuffer.h>

#include "common/text/digits.h"

static void
s_pack_string (msgpack_packer *packer, const char *string)
{
    msgpack_pack_str (packer, strlen (string));
    msgpack_pack_str_body (packer, string, strlen (string));
}

static void
s_pack_id (msgpack_packer *packer, const char *key, const uint8_t *id, size_t size)
{
    s_pack_string (packer, key);
    msgpack_pack_bin (packer, size);
    msgpack_pack_bin_body (packer, id, size);
}

static void
s_pack_pair (msgpack_packer *packer, uint64_t one, uint64_t two)
{
    msgpack_pack_array (packer, 2);
    msgpack_pack_uint64 (packer, one);
    msgpack_pack_uint64 (packer, two);
}

void
ack_topic (const uint8_t source[FRAME_SOURCE_SIZE], char topic[ANNOUNCEMENT_ACK_TOPIC_SIZE])
{
    digits_of_bytes (source, FRAME_SOURCE_SIZE, g_stpcpy (topic, "ack/"));
}

static void
s_pack_members (msgpack_packer *packer, const owner_announcement_t *self)
{
    s_pack_string (packer, "members");
    msgpack_pack_array (packer, self->member_count);
    for (uint32_t index = 0; index < self->member_count; index++) {
        const announced_member_t *member = &self->members[index];
        msgpack_pack_array (packer, 2);
        msgpack_pack_bin (packer, PROCESSOR_ID_SIZE);
        msgpack_pack_bin_body (packer, member->processor, PROCESSOR_ID_SIZE);
        s_pack_string (packer, member->frames);
    }
}

//  Pack the condition of the store or the bus: its kind, a detail, and whether it is away.
static void
s_pack_condition (
    msgpack_packer *packer, const char *key, const char *kind, const char *detail, bool is_away)
{
    s_pack_string (packer, key);
    msgpack_pack_array (packer, 3);
    s_pack_string (packer, kind);
    s_pack_string (packer, detail);
    if (is_away)
        msgpack_pack_true (packer);
    else
        msgpack_pack_false (packer);
}

static void
s_pack_rockets (msgpack_packer *packer, const uint64_t rockets[ROCKET_STATUSES])
{
    s_pack_string (packer, "rockets");
    msgpack_pack_array (packer, ROCKET_STATUSES);
    for (size_t status = 0; status < ROCKET_STATUSES; status++)
        msgpack_pack_uint64 (packer, rockets[status]);
}

static void
s_pack_ancestors (msgpack_packer *packer, const state_ancestors_t *ancestors)
{
    s_pack_string (packer, "ancestors");
    msgpack_pack_array (packer, ancestors->count);
    for (uint32_t index = 0; index < ancestors->count; index++) {
        msgpack_pack_bin (packer, STATE_ID_SIZE);
        msgpack_pack_bin_body (packer, ancestors->ids[index].bytes, STATE_ID_SIZE);
    }
}

void *
owner_announcement_write (const owner_announcement_t *self, size_t *size)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init (&buffer);
    msgpack_packer_init (&packer, &buffer, msgpack_sbuffer_write);
    bool has_state = state_id_is_known (&self->state);
    bool has_store = self->store.kind[0] != '\0';
    bool has_bus = self->bus.kind[0] != '\0';
    msgpack_pack_map (&packer, 5U + has_state + (self->ancestors.count > 0) +
                                   (self->member_count > 0) + has_store + has_bus +
                                   self->has_rockets + self->is_full);
    s_pack_id (&packer, "processor", self->processor, PROCESSOR_ID_SIZE);
    s_pack_string (&packer, "endpoints");
    msgpack_pack_map (&packer, 3);
    s_pack_string (&packer, "frames");
    s_pack_string (&packer, self->frames);
    s_pack_string (&packer, "queries");
    s_pack_string (&packer, self->queries);
    s_pack_string (&packer, "events");
    s_pack_string (&packer, self->events);
    s_pack_string (&packer, "partitions");
    msgpack_pack_uint32 (&packer, self->partitions);
    s_pack_string (&packer, "partitioner");
    s_pack_string (&packer, partitioner_name (self->partitioner));
    s_pack_string (&packer, "owned");
    msgpack_pack_array (&packer, self->owned_count);
    for (uint32_t index = 0; index < self->owned_count; index++)
        s_pack_pair (&packer, self->owned[index].partition, self->owned[index].epoch);
    if (has_state)
        s_pack_id (&packer, "state", self->state.bytes, STATE_ID_SIZE);
    if (self->ancestors.count > 0)
        s_pack_ancestors (&packer, &self->ancestors);
    if (self->member_count > 0)
        s_pack_members (&packer, self);
    if (has_store)
        s_pack_condition (
            &packer, "store", self->store.kind, self->store.saved_on, self->store.is_away);
    if (has_bus)
        s_pack_condition (&packer, "bus", self->bus.kind, self->bus.topic, self->bus.is_away);
    if (self->has_rockets)
        s_pack_rockets (&packer, self->rockets);
    if (self->is_full) {
        s_pack_string (&packer, "isFull");
        msgpack_pack_true (&packer);
    }
    *size = buffer.size;
    return msgpack_sbuffer_release (&buffer);
}

//  Return the end of the range of frames that begins here.
static size_t
s_range_end (const saved_frame_t *frames, size_t first, size_t count)
{
    size_t end = first + 1;
    while (end < count && frames[end].sequence == frames[end - 1].sequence + 1)
        end++;
    return end;
}

static void
s_pack_ranges (msgpack_packer *packer, const saved_frame_t *frames, size_t count)
{
    size_t ranges = 0;
    for (size_t first = 0; first < count; first = s_range_end (frames, first, count))
        ranges++;
    s_pack_string (packer, "ranges");
    msgpack_pack_array (packer, ranges);
    for (size_t first = 0, end = 0; first < count; first = end) {
        end = s_range_end (frames, first, count);
        s_pack_pair (packer, frames[first].sequence, frames[end - 1].sequence);
    }
}

static void
s_pack_digests (msgpack_packer *packer, const saved_frame_t *frames, size_t count)
{
    s_pack_string (packer, "digests");
    msgpack_pack_bin (packer, count * sizeof (uint64_t));
    for (size_t index = 0; index < count; index++) {
        uint64_t digest = GUINT64_TO_BE (frames[index].digest);
        msgpack_pack_bin_body (packer, &digest, sizeof digest);
    }
}

void *
ack_write (const uint8_t processor[PROCESSOR_ID_SIZE], const saved_frame_t *frames, size_t count,
    size_t *size)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init (&buffer);
    msgpack_packer_init (&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_map (&packer, 3);
    s_pack_id (&packer, "processor", processor, PROCESSOR_ID_SIZE);
    s_pack_ranges (&packer, frames, count);
    s_pack_digests (&packer, frames, count);
    *size = buffer.size;
    return msgpack_sbuffer_release (&buffer);
}

static bool
s_read_id (msgpack_reader_t *reader, uint8_t *bytes, size_t size)
{
    text_t id;
    if (!msgpack_read_bin (reader, &id) || id.size != size)
        return false;
    memcpy (bytes, id.data, size);
    return true;
}

static bool
s_read_text (msgpack_reader_t *reader, char *copy, size_t size)
{
    text_t text;
    if (!msgpack_read_str (reader, &text) || text.size >= size)
        return false;
    memcpy (copy, text.data, text.size);
    copy[text.size] = 0;
    return true;
}

static bool
s_read_endpoints (msgpack_reader_t *reader, owner_announcement_t *self)
{
    uint32_t pairs = 0;
    if (!msgpack_read_map (reader, &pairs))
        return false;
    for (; pairs > 0; pairs--) {
        text_t key;
        bool good = msgpack_read_str (reader, &key);
        if (good && text_equal (key, text_from ("frames")))
            good = s_read_text (reader, self->frames, sizeof self->frames);
        else if (good && text_equal (key, text_from ("queries")))
            good = s_read_text (reader, self->queries, sizeof self->queries);
        else if (good && text_equal (key, text_from ("events")))
            good = s_read_text (reader, self->events, sizeof self->events);
        else
            good = good && msgpack_skip (reader);
        if (!good)
            return false;
    }
    return true;
}

static bool
s_read_pair (msgpack_reader_t *reader, uint64_t *one, uint64_t *two)
{
    uint32_t count = 0;
    return msgpack_read_array (reader, &count) && count == 2 && msgpack_read_uint (reader, one) &&
           msgpack_read_uint (reader, two);
}

static bool
s_read_owned (msgpack_reader_t *reader, owner_announcement_t *self)
{
    uint32_t count = 0;
    if (!msgpack_read_array (reader, &count) || count > PARTITIONS_MAX)
        return false;
    for (uint32_t index = 0; index < count; index++) {
        uint64_t partition = 0;
        uint64_t epoch = 0;
        if (!s_read_pair (reader, &partition, &epoch) || partition >= PARTITIONS_MAX)
            return false;
        self->owned[index].partition = (uint32_t) partition;
        self->owned[index].epoch = epoch;
    }
    self->owned_count = count;
    return true;
}

static bool
s_read_ancestors (msgpack_reader_t *reader, state_ancestors_t *ancestors)
{
    uint32_t count = 0;
    if (!msgpack_read_array (reader, &count) || count > STATE_ANCESTORS_MAX)
        return false;
    for (uint32_t index = 0; index < count; index++)
        if (!s_read_id (reader, ancestors->ids[index].bytes, STATE_ID_SIZE))
            return false;
    ancestors->count = count;
    return true;
}

static bool
s_read_members (msgpack_reader_t *reader, owner_announcement_t *self)
{
    uint32_t count = 0;
    if (!msgpack_read_array (reader, &count) || count > MEMBERS_MAX)
        return false;
    for (uint32_t index = 0; index < count; index++) {
        announced_member_t *member = &self->members[index];
        uint32_t parts = 0;
        if (!msgpack_read_array (reader, &parts) || parts != 2 ||
            !s_read_id (reader, member->processor, PROCESSOR_ID_SIZE) ||
            !s_read_text (reader, member->frames, sizeof member->frames))
            return false;
    }
    self->member_count = count;
    return true;
}

//  Read the array of s_pack_condition. The sizes are those of the texts.
static bool
s_read_condition (msgpack_reader_t *reader, char *kind, size_t kind_size, char *detail,
    size_t detail_size, bool *is_away)
{
    uint32_t count = 0;
    return msgpack_read_array (reader, &count) && count == 3 &&
           s_read_text (reader, kind, kind_size) && s_read_text (reader, detail, detail_size) &&
           msgpack_read_bool (reader, is_away);
}

static bool
s_read_rockets (msgpack_reader_t *reader, owner_announcement_t *self)
{
    uint32_t count = 0;
    if (!msgpack_read_array (reader, &count) || count != ROCKET_STATUSES)
        return false;
    for (uint32_t status = 0; status < count; status++)
        if (!msgpack_read_uint (reader, &self->rockets[status]))
            return false;
    return self->has_rockets = true;
}

static bool
s_read_partitions (msgpack_reader_t *reader, owner_announcement_t *self)
{
    uint64_t partitions = 0;
    if (!msgpack_read_uint (reader, &partitions) || partitions < 1 || partitions > PARTITIONS_MAX)
        return false;
    self->partitions = (uint32_t) partitions;
    return true;
}

//  An announcement without a partition function means xxh3.
static bool
s_read_partitioner (msgpack_reader_t *reader, owner_announcement_t *self)
{
    text_t name;
    return msgpack_read_str (reader, &name) && partitioner_of (name, &self->partitioner);
}

static bool
s_read_member (msgpack_reader_t *reader, owner_announcement_t *self, bool *has_processor)
{
    text_t key;
    if (!msgpack_read_str (reader, &key))
        return false;
    if (text_equal (key, text_from ("processor")))
        return *has_processor = s_read_id (reader, self->processor, PROCESSOR_ID_SIZE);
    if (text_equal (key, text_from ("endpoints")))
        return s_read_endpoints (reader, self);
    if (text_equal (key, text_from ("partitions")))
        return s_read_partitions (reader, self);
    if (text_equal (key, text_from ("partitioner")))
        return s_read_partitioner (reader, self);
    if (text_equal (key, text_from ("owned")))
        return s_read_owned (reader, self);
    if (text_equal (key, text_from ("state")))
        return s_read_id (reader, self->state.bytes, STATE_ID_SIZE);
    if (text_equal (key, text_from ("ancestors")))
        return s_read_ancestors (reader, &self->ancestors);
    if (text_equal (key, text_from ("members")))
        return s_read_members (reader, self);
    if (text_equal (key, text_from ("store")))
        return s_read_condition (reader, self->store.kind, sizeof self->store.kind,
            self->store.saved_on, sizeof self->store.saved_on, &self->store.is_away);
    if (text_equal (key, text_from ("bus")))
        return s_read_condition (reader, self->bus.kind, sizeof self->bus.kind, self->bus.topic,
            sizeof self->bus.topic, &self->bus.is_away);
    if (text_equal (key, text_from ("rockets")))
        return s_read_rockets (reader, self);
    if (text_equal (key, text_from ("isFull")))
        return msgpack_read_bool (reader, &self->is_full);
    return msgpack_skip (reader);
}

bool
owner_announcement_read (owner_announcement_t *self, const void *bytes, size_t size)
{
    memset (self, 0, sizeof *self);
    msgpack_reader_t reader;
    uint32_t pairs = 0;
    bool has_processor = false;
    msgpack_reader_init (&reader, bytes, size);
    if (!msgpack_read_map (&reader, &pairs))
        return false;
    for (; pairs > 0; pairs--)
        if (!s_read_member (&reader, self, &has_processor))
            return false;
    for (uint32_t index = 0; index < self->owned_count; index++)
        if (self->owned[index].partition >= self->partitions)
            return false;
    return has_processor && self->partitions > 0 && msgpack_is_done (&reader);
}

//  Read the next range of an ack and its number of sequences; 2^64 count as 2^64 - 1.
static bool
s_read_range (msgpack_reader_t *reader, number_range_t *range, uint64_t *count)
{
    if (!s_read_pair (reader, &range->first, &range->last) || range->first > range->last)
        return false;
    uint64_t further = range->last - range->first;
    *count = further == UINT64_MAX ? further : further + 1;
    return true;
}

//  Read the ranges of an ack, and count their sequences.
static bool
s_read_ranges (msgpack_reader_t *reader, uint64_t *sum)
{
    uint32_t ranges = 0;
    *sum = 0;
    if (!msgpack_read_array (reader, &ranges))
        return false;
    for (; ranges > 0; ranges--) {
        number_range_t range;
        uint64_t count = 0;
        if (!s_read_range (reader, &range, &count))
            return false;
        *sum = count > UINT64_MAX - *sum ? UINT64_MAX : *sum + count;
    }
    return true;
}

static bool
s_read_ack_member (ack_t *self, msgpack_reader_t *reader, uint64_t *sum)
{
    text_t key;
    if (!msgpack_read_str (reader, &key))
        return false;
    if (text_equal (key, text_from ("ranges"))) {
        self->ranges = *reader;
        return s_read_ranges (reader, sum);
    }
    if (text_equal (key, text_from ("processor")))
        return self->has_processor = s_read_id (reader, self->processor, PROCESSOR_ID_SIZE);
    if (text_equal (key, text_from ("digests")))
        return msgpack_read_bin (reader, &self->digests);
    return msgpack_skip (reader);
}

bool
ack_read (ack_t *self, const void *bytes, size_t size)
{
    msgpack_reader_t reader;
    uint32_t pairs = 0;
    uint64_t sum = 0;
    *self = (ack_t){0};
    msgpack_reader_init (&reader, bytes, size);
    if (!msgpack_read_map (&reader, &pairs))
        return false;
    for (; pairs > 0; pairs--)
        if (!s_read_ack_member (self, &reader, &sum))
            return false;
    bool fits = !self->digests.data || (self->digests.size % sizeof (uint64_t) == 0 &&
                                           self->digests.size / sizeof (uint64_t) == sum);
    return self->ranges.at && fits && msgpack_is_done (&reader);
}

void
ack_tell (const ack_t *self, ack_range_fn *range_fn, void *context)
{
    msgpack_reader_t reader = self->ranges;
    uint32_t ranges = 0;
    const char *digests = self->digests.data;
    if (!msgpack_read_array (&reader, &ranges))
        return;
    for (; ranges > 0; ranges--) {
        number_range_t range;
        uint64_t count = 0;
        if (!s_read_range (&reader, &range, &count))
            return;
        range_fn (context, range.first, range.last, digests);
        if (digests)
            digests += count * sizeof (uint64_t);
    }
}

uint64_t
ack_digest (const void *digests, uint64_t index)
{
    uint64_t digest;
    memcpy (&digest, (const char *) digests + index * sizeof digest, sizeof digest);
    return GUINT64_FROM_BE (digest);
}
