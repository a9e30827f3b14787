//  SPDX-License-Identifier: Apache-2.0
#include "query/find_processors.h"

#include <string.h>

#include "common/domain/state_id.h"
#include "query/map_print.h"

#define ROUNDS_MAX 3
#define ID_DIGITS (2 * PROCESSOR_ID_SIZE)

uint64_t
stats_number (text_t stats, const char *member)
{
    msgpack_reader_t reader;
    uint64_t number = 0;
    return map_find (stats, member, &reader) && msgpack_read_uint (&reader, &number) ? number : 0;
}

char *
stats_processor (text_t stats)
{
    msgpack_reader_t reader;
    text_t id;
    bool good = map_find (stats, "processor", &reader) && msgpack_read_str (&reader, &id) &&
                id.size == ID_DIGITS;
    return good ? g_strndup (id.data, id.size) : NULL;
}

char *
stats_state (text_t stats)
{
    msgpack_reader_t reader;
    text_t state;
    state_id_t id;
    bool good = map_find (stats, "state", &reader) && msgpack_read_str (&reader, &state) &&
                state_id_parse (&id, state);
    return good ? g_strndup (state.data, state.size) : NULL;
}

bool
find_two_states (
    const GPtrArray *found, const processor_answer_t **first, const processor_answer_t **second)
{
    char *known = NULL;
    *first = *second = NULL;
    for (guint index = 0; index < found->len && !*second; index++) {
        const processor_answer_t *answer = found->pdata[index];
        char *state = answer->bytes ? stats_state (answer->reply.stats) : NULL;
        if (state && !known) {
            known = g_steal_pointer (&state);
            *first = answer;
        }
        else if (state && strcmp (state, known) != 0)
            *second = answer;
        g_free (state);
    }
    g_free (known);
    return *second != NULL;
}

//  Read "tcp://address:port".
static bool
s_read_endpoint (text_t endpoint, address_t *address)
{
    char *text = g_strndup (endpoint.data, endpoint.size);
    GArray *names = g_str_has_prefix (text, "tcp://") ? addresses_parse (text + 6) : NULL;
    bool good = names && names->len == 1;
    if (good) {
        const address_name_t *name = &g_array_index (names, address_name_t, 0);
        address->port = name->port;
        g_snprintf (address->host, sizeof address->host, strchr (name->host, ':') ? "[%s]" : "%s",
            name->host);
    }
    g_clear_pointer (&names, g_array_unref);
    g_free (text);
    return good;
}

size_t
stats_members (text_t stats, GHashTable *known, GArray *addresses)
{
    msgpack_reader_t ids;
    msgpack_reader_t endpoints;
    uint32_t count = 0;
    uint32_t endpoints_count = 0;
    size_t lost = 0;
    if (!map_find (stats, "members", &ids) || !msgpack_read_array (&ids, &count))
        return 0;
    if (!map_find (stats, "endpoints", &endpoints) ||
        !msgpack_read_array (&endpoints, &endpoints_count))
        endpoints_count = 0;
    for (uint32_t index = 0; index < count; index++) {
        text_t id;
        text_t endpoint = {0};
        address_t address;
        if (!msgpack_read_str (&ids, &id))
            break;
        if (index < endpoints_count && !msgpack_read_str (&endpoints, &endpoint))
            endpoints_count = 0;
        char *digits = g_strndup (id.data, id.size);
        if (g_hash_table_contains (known, digits))
            ;
        else if (endpoint.size > 0 && s_read_endpoint (endpoint, &address))
            addresses_add (addresses, &address);
        else
            lost++;
        g_free (digits);
    }
    return lost;
}

//  Remove repeated answers of a processor, and note the ids of the others.
static void
s_note_ids (GPtrArray *answers, GHashTable *known)
{
    g_hash_table_remove_all (known);
    for (guint index = 0; index < answers->len;) {
        const processor_answer_t *answer = answers->pdata[index];
        char *id = answer->bytes ? stats_processor (answer->reply.stats) : NULL;
        if (id && g_hash_table_contains (known, id)) {
            g_ptr_array_remove_index (answers, index);
            g_free (id);
            continue;
        }
        if (id)
            g_hash_table_add (known, id);
        index++;
    }
}

static bool
s_was_asked (const GPtrArray *answers, const address_t *address)
{
    for (guint index = 0; index < answers->len; index++)
        if (addresses_compare (
                &((const processor_answer_t *) answers->pdata[index])->address, address) == 0)
            return true;
    return false;
}

//  Return the addresses of the members that were not asked yet.
static GArray *
s_new_addresses (const GPtrArray *answers, GHashTable *known)
{
    GArray *named = g_array_new (FALSE, TRUE, sizeof (address_t));
    for (guint index = 0; index < answers->len; index++) {
        const processor_answer_t *answer = answers->pdata[index];
        if (answer->bytes)
            stats_members (answer->reply.stats, known, named);
    }
    for (guint index = named->len; index > 0; index--)
        if (s_was_asked (answers, &g_array_index (named, address_t, index - 1)))
            g_array_remove_index (named, index - 1);
    return named;
}

GPtrArray *
find_processors (const char *processors, int64_t timeout_ms)
{
    query_t query = {.op = QUERY_STATS};
    GHashTable *known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *answers = ask_processors (processors, &query, timeout_ms);
    for (int round = 1; round < ROUNDS_MAX; round++) {
        s_note_ids (answers, known);
        GArray *addresses = s_new_addresses (answers, known);
        if (addresses->len > 0) {
            GPtrArray *further = ask_addresses (addresses, &query, timeout_ms);
            g_ptr_array_extend_and_steal (answers, further);
        }
        g_array_unref (addresses);
    }
    s_note_ids (answers, known);
    g_hash_table_unref (known);
    return answers;
}

void
coverage_of_stats (coverage_t *self, const GPtrArray *found)
{
    *self = (coverage_t){0};
    for (guint index = 0; index < found->len; index++) {
        const processor_answer_t *answer = found->pdata[index];
        msgpack_reader_t reader;
        uint32_t count = 0;
        if (!answer->bytes)
            continue;
        self->partitions = (uint32_t) MIN (PARTITIONS_MAX,
            MAX (self->partitions, stats_number (answer->reply.stats, "partitions")));
        bool good = map_find (answer->reply.stats, "owned", &reader) &&
                    msgpack_read_array (&reader, &count);
        for (; good && count > 0; count--) {
            uint32_t members = 0;
            uint64_t partition = 0;
            good = msgpack_read_array (&reader, &members) && members > 0 &&
                   msgpack_read_uint (&reader, &partition);
            if (good && partition < PARTITIONS_MAX)
                self->is_owned[partition] = true;
            for (uint32_t rest = 1; good && rest < members; rest++)
                good = msgpack_skip (&reader);
        }
    }
}

void
coverage_of_lists (coverage_t *self, const GPtrArray *found, const GPtrArray *lists)
{
    coverage_of_stats (self, found);
    memset (self->is_owned, 0, sizeof self->is_owned);
    for (guint index = 0; index < lists->len; index++) {
        const processor_answer_t *answer = lists->pdata[index];
        if (!answer->bytes || answer->reply.status != 200)
            continue;
        msgpack_reader_t reader = answer->reply.owned_list;
        for (uint32_t count = answer->reply.owned_count; count > 0; count--) {
            uint32_t members = 0;
            uint64_t partition = 0;
            if (!msgpack_read_array (&reader, &members) || members != 2 ||
                !msgpack_read_uint (&reader, &partition) || !msgpack_skip (&reader))
                break;
            if (partition < PARTITIONS_MAX)
                self->is_owned[partition] = true;
        }
    }
}

uint32_t
coverage_missing (const coverage_t *self)
{
    uint32_t missing = 0;
    for (uint32_t partition = 0; partition < self->partitions; partition++)
        missing += !self->is_owned[partition];
    return missing;
}
