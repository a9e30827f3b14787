//  SPDX-License-Identifier: Apache-2.0
#include "common/service/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/network/socket.h"
#include "common/process/descriptors.h"
#include "common/process/log.h"
#include "common/process/state_signal.h"
#include "common/process/stop_signals.h"
#include "common/process/watchdog.h"

void
service_read_options (const service_t *self, int argc, char **argv)
{
    options_read (self->usage, argc, argv);
    if (self->watchdog_ms > 0 && self->watchdog_ms < WATCHDOG_MIN_MS)
        options_refuse (self->usage, "--watchdog: must be 0, or at least %d ms", WATCHDOG_MIN_MS);
}

static bool
s_open_signals (const service_t *self, service_signals_t *signals)
{
    signals->reload = self->is_reloading ? stop_signals_open_reload () : -1;
    signals->stop = stop_signals_open ();
    signals->state = state_signal_open ();
    return signals->stop >= 0 && signals->state >= 0 &&
           (signals->reload >= 0 || !self->is_reloading);
}

//  The libraries end the process by an assertion if they get no descriptor.
static bool
s_has_descriptors (void)
{
    uint64_t limit = descriptors_raise ();
    if (limit < DESCRIPTORS_MIN)
        log_event (LOG_ERROR, "too few files and sockets are allowed",
            "limit=%llu needed=%d advice=%s", (unsigned long long) limit, DESCRIPTORS_MIN,
            "raise the hard limit of open files: ulimit -Hn, LimitNOFILE= of systemd, or --ulimit "
            "nofile of docker");
    return limit >= DESCRIPTORS_MIN;
}

//  Hide the memory of this process if it holds secrets. Libraries copy keys, so any part of it may
//  hold one.
static bool
s_guard_memory (const service_t *self)
{
    bool is_free = self->core_dumps == CORE_DUMPS_YES ||
                   (self->core_dumps == CORE_DUMPS_AUTO && !self->has_secrets);
    return is_free || prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

bool
service_start (const service_t *self, service_signals_t *signals)
{
    log_setup (
        self->usage->program, (log_level_t) self->log_level, (log_format_t) self->log_format);
    umask (S_IRWXG | S_IRWXO);
    if (!s_guard_memory (self)) {
        log_event (LOG_ERROR, "cannot keep secrets out of core dumps", "reason=%s advice=%s",
            strerror (errno), "--core-dumps yes does without");
        return false;
    }
    if (!s_has_descriptors ())
        return false;
    if (!s_open_signals (self, signals)) {
        log_event (LOG_ERROR, "cannot wait for signals", "reason=%s", strerror (errno));
        return false;
    }
    log_start ();
    options_log (self->usage);
    return socket_setup () && watchdog_start (self->watchdog_ms);
}

int
service_end (const service_signals_t *signals, bool is_good)
{
    watchdog_stop ();
    close (signals->stop);
    close (signals->state);
    if (signals->reload >= 0)
        close (signals->reload);
    if (is_good)
        log_event (LOG_INFO, "stopped", "");
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
