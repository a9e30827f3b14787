//  SPDX-License-Identifier: Apache-2.0
#include "processor/choose_store.h"

#include <glib.h>

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

store_t *
choose_store (const store_choice_t *choice, state_traits_t *traits)
{
    if (s_is_postgres (choice->name))
        return store_postgres_new (choice->name, choice->processor, choice->stop_fd, traits);
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
