//  Shared by both peers on libmicrohttpd: their answer, and the longest wait of their loops.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BENCH_PEER_H
#define DOWNLINK_BENCH_PEER_H

#include <microhttpd.h>
#include <string.h>

#define PEER_CONNECTIONS 20000u
#define PEER_WAIT_MS 1000

//  Return the answer to every request.
static inline struct MHD_Response *
peer_answer (void)
{
    static char body[] = "{\"status\":\"accepted\"}";
    struct MHD_Response *answer =
        MHD_create_response_from_buffer (strlen (body), body, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header (answer, "Content-Type", "application/json");
    return answer;
}

//  Return how long a loop may wait for the daemon's descriptor.
static inline int
peer_timeout_ms (struct MHD_Daemon *http)
{
    MHD_UNSIGNED_LONG_LONG due = 0;
    return MHD_get_timeout (http, &due) == MHD_YES && due < PEER_WAIT_MS ? (int) due : PEER_WAIT_MS;
}

#endif
