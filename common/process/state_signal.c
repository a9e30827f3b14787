//  SPDX-License-Identifier: Apache-2.0
#include "common/process/state_signal.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/process/log.h"

#define INTERVAL_MS 1000

int
state_signal_open (void)
{
    sigset_t signals;
    sigemptyset (&signals);
    sigaddset (&signals, SIGUSR1);
    //  Block it first: with its default action it would end the process. The kernel drops an
    //  ignored signal even while it is blocked.
    if (pthread_sigmask (SIG_BLOCK, &signals, NULL) != 0 || signal (SIGUSR1, SIG_DFL) == SIG_ERR)
        return -1;
    return signalfd (-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool
state_signal_take (int fd)
{
    static int64_t taken_ms;
    struct signalfd_siginfo signals[4];
    return read (fd, signals, sizeof signals) > 0 && log_is_due (&taken_ms, INTERVAL_MS);
}
