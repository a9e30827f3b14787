//  Detect a connection pooler in transaction mode, which gives each statement another session. The
//  settings of a session and its prepared statements need session mode.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_POSTGRES_POOLER_H
#define DOWNLINK_POSTGRES_POOLER_H

#include "processor/postgres/postgres_link.h"

//  Check that two links to one address have separate sessions. POSTGRES_BROKEN: they do not; the
//  log says how to mend that.
postgres_result_t postgres_pooler_check (postgres_link_t *one, postgres_link_t *other)
    __attribute__ ((warn_unused_result));

#endif
