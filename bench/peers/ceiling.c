//  The ceiling: libmicrohttpd answers 202 to every request and does nothing else. No program on
//  this library can be faster on the same machine. Usage: bench-ceiling PORT WORKERS
//
//  The daemon has no thread of its own; each worker waits on the daemon's epoll descriptor and runs
//  it, because 0.9.75's own epoll thread stalls when a multiple of 128 connections is ready at
//  once.
//  SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/peers/peer.h"

static struct MHD_Response *s_response;
static int s_was_seen;

static enum MHD_Result
s_handle (void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **request)
{
    (void) context;
    (void) url;
    (void) method;
    (void) version;
    (void) data;
    if (!*request) {
        *request = &s_was_seen;
        return MHD_YES;
    }
    if (*size) {
        *size = 0;
        return MHD_YES;
    }
    return MHD_queue_response (connection, MHD_HTTP_ACCEPTED, s_response);
}

static void *
s_work (void *argument)
{
    struct MHD_Daemon *http = argument;
    int epoll = MHD_get_daemon_info (http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd item = {.fd = epoll, .events = POLLIN};
    while (poll (&item, 1, peer_timeout_ms (http)) >= 0)
        MHD_run (http);
    return NULL;
}

int
main (int argc, char **argv)
{
    long port = argc > 1 ? strtol (argv[1], NULL, 10) : 0;
    long workers = argc > 2 ? strtol (argv[2], NULL, 10) : 1;
    if (port < 1 || port > 65535 || workers < 1) {
        fputs ("usage: bench-ceiling PORT WORKERS\n", stderr);
        return 2;
    }
    s_response = peer_answer ();
    for (long worker = 0; worker < workers; worker++) {
        pthread_t thread;
        struct MHD_Daemon *http = MHD_start_daemon (MHD_USE_EPOLL, (uint16_t) port, NULL, NULL,
            s_handle, NULL, MHD_OPTION_CONNECTION_LIMIT, PEER_CONNECTIONS,
            MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
        if (!http || pthread_create (&thread, NULL, s_work, http) != 0) {
            fprintf (stderr, "bench-ceiling: cannot listen on port %ld\n", port);
            return 1;
        }
    }
    pause ();
    return 0;
}
