//  SPDX-License-Identifier: Apache-2.0
#include "common/process/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

//  Signals that would end the process and have no meaning for it. SIGXFSZ: a write
//  past the limit of a file's size returns an error instead. SIGTTOU: a log line written to the
//  terminal from the background does not stop the process.
static const int s_ignored[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
    SIGPWR, SIGSTKFLT, SIGXFSZ, SIGTTOU};

static bool s_is_hangup_kept;  //  stop_signals_open_reload has it

static sigset_t
s_signals (void)
{
    struct sigaction hangup;
    sigset_t signals;
    sigemptyset (&signals);
    sigaddset (&signals, SIGTERM);
    sigaddset (&signals, SIGINT);
    //  nohup ignores SIGHUP: keep that.
    if (!s_is_hangup_kept && sigaction (SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaddset (&signals, SIGHUP);
    return signals;
}

static bool
s_ignore (int number)
{
    return signal (number, SIG_IGN) != SIG_ERR;
}

int
stop_signals_open (void)
{
    sigset_t signals = s_signals ();
    bool good = true;
    for (size_t index = 0; index < sizeof s_ignored / sizeof *s_ignored; index++)
        good = good && s_ignore (s_ignored[index]);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        good = good && s_ignore (number);
    if (!good || pthread_sigmask (SIG_BLOCK, &signals, NULL) != 0)
        return -1;
    return signalfd (-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
stop_signals_open_reload (void)
{
    sigset_t signals;
    sigemptyset (&signals);
    sigaddset (&signals, SIGHUP);
    s_is_hangup_kept = true;
    //  Under nohup the signal is ignored, and would never arrive.
    if (pthread_sigmask (SIG_BLOCK, &signals, NULL) != 0 || signal (SIGHUP, SIG_DFL) == SIG_ERR)
        return -1;
    return signalfd (-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool
stop_signals_take_reload (int fd)
{
    struct signalfd_siginfo signals[4];
    return read (fd, signals, sizeof signals) > 0;
}

void
stop_signals_release (void)
{
    //  The stopping signal is still pending: take it before unblocking.
    sigset_t signals = s_signals ();
    static const struct timespec now = {0, 0};
    sigtimedwait (&signals, NULL, &now);
    //  A closing terminal may send SIGHUP twice: the kernel and the shell do.
    s_ignore (SIGHUP);
    pthread_sigmask (SIG_UNBLOCK, &signals, NULL);
}
