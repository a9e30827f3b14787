//  SPDX-License-Identifier: Apache-2.0
#include "processor/choose_store.h"

#include <glib.h>

#define SQLITE_PREFIX "sqlite:"

static bool
s_is_postgres (const char *name)
{
    return g_str_has_prefix (name, "postgres://") || g_str_has_prefix (name, "postgresql://");
}

bool
store_is_known (const char *name)
{
    return g_str_equal (name, "sqlite") || g_str_equal (name, "memory") || s_is_postgres (name);
}

bool
store_choice_read (store_choice_t *choice, const char *text)
{
    bool is_sqlite = g_str_has_prefix (text, SQLITE_PREFIX) && text[strlen (SQLITE_PREFIX)];
    choice->name = is_sqlite ? "sqlite" : text;
    choice->directory = is_sqlite ? text + strlen (SQLITE_PREFIX) : NULL;
    return is_sqlite || s_is_postgres (text);
}

//  Write an address without its password and its parameters, which may hold one.
static void
s_write_address (const char *address, char place[STATE_PLACE_SIZE])
{
    const char *rest = strstr (address, "://") + 3;
    const char *end = rest + strcspn (rest, "/?");
    const char *at = g_strrstr_len (rest, end - rest, "@");
    const char *user_end = at ? rest + strcspn (rest, ":@") : rest;
    const char *host = at ? at : rest;
    g_snprintf (place, STATE_PLACE_SIZE, "%.*s%.*s", (int) (user_end - address), address,
        (int) strcspn (host, "?"), host);
}

void
store_choice_place (const store_choice_t *choice, char place[STATE_PLACE_SIZE])
{
    if (s_is_postgres (choice->name)) {
        s_write_address (choice->name, place);
        return;
    }
    char *directory = g_canonicalize_filename (choice->directory, NULL);
    g_snprintf (place, STATE_PLACE_SIZE, SQLITE_PREFIX "%s", g_strdelimit (directory, "\n", ' '));
    g_free (directory);
}

store_t *
choose_store (const store_choice_t *choice, state_traits_t *traits)
{
    if (s_is_postgres (choice->name))
        return store_postgres_new (choice->name, choice->processor, &choice->patience, traits);
    if (g_str_equal (choice->name, "memory"))
        return store_memory_new (traits);
    return store_sqlite_new (choice->directory, traits);
}

ownership_t *
choose_ownership (
    const store_choice_t *choice, uint32_t partitions, const member_endpoint_t *endpoint)
{
    if (s_is_postgres (choice->name))
        return own_by_leases_new (choice->name, partitions, choice->processor, endpoint);
    if (g_str_equal (choice->name, "memory"))
        return own_alone_new (choice->processor, endpoint);
    return own_by_files_new (choice->directory, partitions, choice->processor, endpoint);
}
