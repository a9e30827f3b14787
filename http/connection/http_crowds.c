//  SPDX-License-Identifier: Apache-2.0
#include "http/connection/http_crowds.h"

#include <glib.h>
#include <stdatomic.h>

#define ROWS 2
#define COUNTERS 16384  //  of a row; a power of two

struct http_crowds {
    uint64_t limit;
    uint64_t seeds[ROWS];
    networks_t exempt;
    atomic_uint counters[ROWS][COUNTERS];
};

http_crowds_t *
http_crowds_new (uint64_t limit, const networks_t *exempt)
{
    http_crowds_t *self = g_new0 (http_crowds_t, 1);
    self->limit = limit;
    self->exempt = *exempt;
    for (unsigned row = 0; row < ROWS; row++)
        self->seeds[row] = (uint64_t) g_random_int () << 32 | g_random_int ();
    return self;
}

void
http_crowds_destroy (http_crowds_t **self_p)
{
    g_free (*self_p);
    *self_p = NULL;
}

uint64_t
http_crowds_client (const http_crowds_t *self, const client_address_t *client)
{
    bool is_exempt =
        !self || client_address_is_loopback (client) || networks_have (&self->exempt, client);
    return is_exempt ? 0 : client_address_hash (client, self->seeds[0]) | 1;
}

static bool
s_is_counted (const http_crowds_t *self, const client_address_t *client)
{
    return self->limit > 0 && http_crowds_client (self, client) != 0;
}

static size_t
s_place (const http_crowds_t *self, unsigned row, const client_address_t *client)
{
    return client_address_hash (client, self->seeds[row]) % COUNTERS;
}

bool
http_crowds_allow (const http_crowds_t *self, const client_address_t *client)
{
    unsigned count = UINT_MAX;
    if (!self || !s_is_counted (self, client))
        return true;
    for (unsigned row = 0; row < ROWS; row++)
        count = MIN (count, atomic_load (&self->counters[row][s_place (self, row, client)]));
    return count < self->limit;
}

void
http_crowds_enter (http_crowds_t *self, const client_address_t *client)
{
    for (unsigned row = 0; self && row < ROWS && s_is_counted (self, client); row++)
        atomic_fetch_add (&self->counters[row][s_place (self, row, client)], 1);
}

void
http_crowds_leave (http_crowds_t *self, const client_address_t *client)
{
    for (unsigned row = 0; self && row < ROWS && s_is_counted (self, client); row++)
        atomic_fetch_sub (&self->counters[row][s_place (self, row, client)], 1);
}
