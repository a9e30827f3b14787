//  SPDX-License-Identifier: Apache-2.0
#include "gateway/gateway.h"

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"
#include "common/stop_signals.h"

#define DESCRIPTORS_KEPT 256  //  for sockets to processors, the journal, the log
#define CONNECTIONS_MAX 65536
#define UNREADY_US (200 * 1000)  //  /readyz says 503 for so long before the port is closed

static void *
s_work (void *data)
{
    worker_run (data);
    return NULL;
}

//  As many descriptors as the system allows. Returns how many connections fit in.
static unsigned
s_raise_descriptors (void)
{
    struct rlimit limit;
    if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
        return 1024 - DESCRIPTORS_KEPT;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
        getrlimit (RLIMIT_NOFILE, &limit);
    rlim_t connections = limit.rlim_cur > 2 * DESCRIPTORS_KEPT ? limit.rlim_cur - DESCRIPTORS_KEPT
                                                               : limit.rlim_cur / 2;
    return (unsigned) MIN (connections, CONNECTIONS_MAX);
}

static worker_config_t
s_share (const gateway_config_t *config)
{
    worker_config_t share = config->worker;
    share.buffer = MAX (1, share.buffer / config->workers);
    share.idle_connections /= config->workers;
    share.max_connections = s_raise_descriptors () / config->workers;
    return share;
}

static void
s_wait_for_stop (int stop_fd)
{
    struct pollfd item = {stop_fd, POLLIN, 0};
    while (poll (&item, 1, -1) != 1)
        ;
}

int
gateway_run (const gateway_config_t *config, int stop_fd)
{
    int result = -1;
    atomic_int phase = 0;
    worker_config_t share = s_share (config);
    discovery_t *discovery = discovery_new (config->processors);
    worker_t **workers = g_new0 (worker_t *, config->workers);
    pthread_t *threads = g_new0 (pthread_t, config->workers);
    unsigned started = 0;
    for (unsigned index = 0; index < config->workers; index++) {
        workers[index] = worker_new (&share, discovery, &phase);
        if (!workers[index])
            goto out;
    }
    for (; started < config->workers; started++) {
        int error = pthread_create (&threads[started], NULL, s_work, workers[started]);
        g_assert (error == 0);
    }
    log_event (LOG_INFO, "listening", "address=%s port=%u workers=%u", config->worker.address,
        (unsigned) config->worker.port, config->workers);
    s_wait_for_stop (stop_fd);
    log_event (LOG_INFO, "stopping", "");
    stop_signals_release ();
    atomic_store (&phase, 1);
    g_usleep (UNREADY_US);
    atomic_store (&phase, 2);
    result = 0;
out:
    for (unsigned index = 0; index < config->workers; index++) {
        if (index < started)
            pthread_join (threads[index], NULL);
        worker_destroy (&workers[index]);
    }
    g_free (threads);
    g_free (workers);
    discovery_destroy (&discovery);
    return result;
}
