//  SPDX-License-Identifier: Apache-2.0
#include "common/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static sigset_t
s_signals (void)
{
    sigset_t signals;
    sigemptyset (&signals);
    sigaddset (&signals, SIGTERM);
    sigaddset (&signals, SIGINT);
    return signals;
}

int
stop_signals_open (void)
{
    sigset_t signals = s_signals ();
    if (signal (SIGPIPE, SIG_IGN) == SIG_ERR || pthread_sigmask (SIG_BLOCK, &signals, NULL) != 0)
        return -1;
    return signalfd (-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
stop_signals_release (void)
{
    //  The one that was waited for is still pending: take it before the mask is lifted.
    sigset_t signals = s_signals ();
    static const struct timespec now = {0, 0};
    sigtimedwait (&signals, NULL, &now);
    pthread_sigmask (SIG_UNBLOCK, &signals, NULL);
}
