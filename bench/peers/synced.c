//  The limit of a durable service: libmicrohttpd answers 202 after one fdatasync for all requests
//  of a turn, and does nothing else. No program with one thread and this library that syncs before
//  it answers can be faster on the same disk. Usage: bench-synced PORT FILE
//
//  The file has its blocks from the start and is written around, since a sync of a file that grows
//  takes twice as long. A request that waits is looked at again in the next run, which costs less
//  than to suspend it.
//  SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/peers/peer.h"

#define BLOCK_BYTES 8192  //  written for each turn, which has some 30 messages of 250 bytes
#define FILE_BYTES (16l * 1024 * 1024)

//  A request that is complete waits for the next sync.
typedef struct {
    unsigned long sync;  //  the number of the sync that it waits for; 0: it is not complete
} request_t;

static struct MHD_Response *s_response;
static unsigned long s_syncs;  //  so far
static unsigned s_waiting;     //  requests

static enum MHD_Result
s_handle (void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **request_p)
{
    (void) context;
    (void) url;
    (void) method;
    (void) version;
    (void) data;
    request_t *request = *request_p;
    if (!request) {
        *request_p = calloc (1, sizeof *request);
        return *request_p ? MHD_YES : MHD_NO;
    }
    if (*size) {
        *size = 0;
        return MHD_YES;
    }
    if (request->sync == 0) {
        request->sync = s_syncs + 1;
        s_waiting++;
    }
    if (request->sync > s_syncs)
        return MHD_YES;
    return MHD_queue_response (connection, MHD_HTTP_ACCEPTED, s_response);
}

static void
s_completed (void *context, struct MHD_Connection *connection, void **request_p,
    enum MHD_RequestTerminationCode code)
{
    (void) context;
    (void) connection;
    (void) code;
    free (*request_p);
    *request_p = NULL;
}

//  Write and sync for all requests that wait. Return false on failure.
static bool
s_sync (int file)
{
    static const char block[BLOCK_BYTES] = "messages";
    static off_t place;
    if (pwrite (file, block, sizeof block, place) != (ssize_t) sizeof block ||
        fdatasync (file) != 0)
        return false;
    place = (place + BLOCK_BYTES) % FILE_BYTES;
    s_syncs++;
    s_waiting = 0;
    return true;
}

static int
s_open (const char *path)
{
    static const char block[BLOCK_BYTES];
    int file = open (path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (off_t place = 0; file >= 0 && place < FILE_BYTES; place += BLOCK_BYTES)
        if (pwrite (file, block, sizeof block, place) != (ssize_t) sizeof block)
            return -1;
    return file >= 0 && fsync (file) == 0 ? file : -1;
}

int
main (int argc, char **argv)
{
    long port = argc > 2 ? strtol (argv[1], NULL, 10) : 0;
    int file = argc > 2 ? s_open (argv[2]) : -1;
    if (port < 1 || port > 65535 || file < 0) {
        fputs ("usage: bench-synced PORT FILE\n", stderr);
        return 2;
    }
    s_response = peer_answer ();
    struct MHD_Daemon *http = MHD_start_daemon (MHD_USE_EPOLL, (uint16_t) port, NULL, NULL,
        s_handle, NULL, MHD_OPTION_CONNECTION_LIMIT, PEER_CONNECTIONS, MHD_OPTION_NOTIFY_COMPLETED,
        s_completed, NULL, MHD_OPTION_END);
    if (!http) {
        fprintf (stderr, "bench-synced: cannot listen on port %ld\n", port);
        return 1;
    }
    int epoll = MHD_get_daemon_info (http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd item = {.fd = epoll, .events = POLLIN};
    bool is_synced = true;
    while (is_synced && poll (&item, 1, s_waiting ? 0 : peer_timeout_ms (http)) >= 0) {
        unsigned before = s_waiting;
        MHD_run (http);
        //  The more requests share a sync, the better: take all that are there.
        if (s_waiting > 0 && s_waiting == before)
            is_synced = s_sync (file);
    }
    return 1;
}
