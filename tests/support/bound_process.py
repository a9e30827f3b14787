"""A process that does not outlive the tests that started it, however these end: by a failure, a signal or a kill."""
# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
import threading

#  The watcher reads the numbers of processes from a pipe. Only the tests have its other end, so at the end of the pipe
#  the tests have ended. The watcher holds a descriptor of each process: a number may be that of another one by then.
WATCHER = """
import os, select, signal, sys
watched = []
for line in sys.stdin:
    try:
        watched.append(os.pidfd_open(int(line)))
    except OSError:
        continue
    poll = select.poll()
    for one in watched:
        poll.register(one, select.POLLIN)
    for ended, _ in poll.poll(0):
        watched.remove(ended)
        os.close(ended)
for one in watched:
    try:
        signal.pidfd_send_signal(one, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


class Watcher:
    """The watcher of this process. It has a session of its own, so that no signal from a terminal ends it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.process, self.owner = None, None

    def watch(self, number):
        with self.lock:
            if self.owner != os.getpid():  # a fork must not hold the pipe of its parent open
                self.owner = os.getpid()
                self.process = subprocess.Popen([sys.executable, "-I", "-S", "-c", WATCHER], text=True, cwd="/",
                                                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
            self.process.stdin.write(f"{number}\n")
            self.process.stdin.flush()


WATCHER_OF_TESTS = Watcher()


class BoundProcess(subprocess.Popen):
    """A process that is killed when the tests have ended and it has not."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        WATCHER_OF_TESTS.watch(self.pid)
