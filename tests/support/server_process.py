"""The base of the brokers and databases of tests: a process with a log, and a command that runs beside it."""
# SPDX-License-Identifier: Apache-2.0
import os
import signal
import subprocess
import sys
import unittest

from downlink import until
from kernel import is_stopped

SKIPPED = 77
START_SECONDS = 120


class Missing(unittest.SkipTest):
    """This machine or this build lacks something that a server needs. The text says how to get it. pytest skips
    the test that raises it."""


class Failed(AssertionError):
    """A server or one of its tools failed; the text has its output."""


class ServerProcess:
    """A process with a log. The class that extends it starts the process."""
    name = "the server"
    process = None
    log = None  # its path

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds=START_SECONDS):
        """Stop it cleanly."""
        if self.is_running():
            self.resume()
            self.process.terminate()
            self.process.wait(seconds)

    def kill(self):
        if self.is_running():
            self.process.kill()
        if self.process:
            self.process.wait()

    def pause(self):
        """Pause it (SIGSTOP). When this returns, the process does nothing."""
        self.process.send_signal(signal.SIGSTOP)
        until(lambda: is_stopped(self.process.pid), what=f"{self.name}, stopped")

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def text(self):
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-60:])

    def wait_until_started(self, has_started, seconds=START_SECONDS):
        """Wait for this sign that it takes requests."""
        def is_there():
            if not self.is_running():
                raise Failed(f"{self.name} ended\n{self.text()}")
            return has_started()
        until(is_there, seconds, f"the start of {self.name}")


def run_beside(make, environment, command, usage):
    """Run a command beside a server that is new, and exit with its status. make: returns the server, which a `with`
    closes; environment: returns what the command needs in its environment."""
    if not command:
        sys.exit(usage)
    try:
        server = make()
    except Missing as why:
        print(f"SKIPPED: {why}")
        sys.exit(SKIPPED)
    with server:
        server.create()
        status = subprocess.run(command, env={**os.environ, **environment(server)}, check=False).returncode
    sys.exit(status)
