//  The tables of a state in a PostgreSQL database (schema.sql).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_POSTGRES_SCHEMA_H
#define DOWNLINK_POSTGRES_SCHEMA_H

#include "common/domain/state_traits.h"
#include "processor/postgres/postgres_link.h"

//  Read the traits of the state. If the database has no state, make one with *traits, unless their
//  number of partitions is 0. On POSTGRES_DONE set *traits to those of the state. POSTGRES_BROKEN:
//  the state cannot be used; the log says why. Otherwise try again later.
postgres_result_t postgres_schema_open (postgres_link_t *link, state_traits_t *traits)
    __attribute__ ((warn_unused_result));

//  Replace the mark of the state.
postgres_result_t postgres_schema_mark (postgres_link_t *link, const state_mark_t *mark)
    __attribute__ ((warn_unused_result));

#endif
