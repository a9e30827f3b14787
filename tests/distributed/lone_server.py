"""A bus with one server, on a host of its own, which fails and comes back."""
import contextlib
import time

from downlink import until
from foreign import TOPIC


class LoneServer:
    """The server runs on the only one of `hosts`. The class that extends it names its ways to fail."""
    WAYS = ()
    errors = (OSError,)  # of a call that finds no server

    def __init__(self, hosts, server):
        self.hosts, self.server = hosts, server
        try:
            self.server.create()
        except BaseException:
            self.close()
            raise
        self.failures = 0

    def close(self):
        self.server.close()

    def logs(self):
        """Return the log of each server, and its host."""
        return [(self.hosts[0], self.server.log)]

    def flags(self):
        return self.server.flags(TOPIC)

    def check(self):
        assert self.server.is_running(), f"{self.server.name} ended\n{self.server.text()}"

    def answers(self):
        """Return true if it has the first queue. Raise one of `errors` if it does not answer."""
        raise NotImplementedError

    def await_in_sync(self, seconds=60):
        """Wait until it answers."""
        def has_answered():
            with contextlib.suppress(*self.errors):
                return self.answers()
            return False
        until(has_answered, seconds, f"an answer of {self.server.name}")

    def pause(self, rng):
        """It stands still for longer than its clients wait for it."""
        self.hosts[0].pause()
        time.sleep(rng.uniform(1, 6))
        self.hosts[0].resume()

    def fail_over_somehow(self, rng):
        """Fail in the next one of the ways. Return its name."""
        way = self.WAYS[self.failures % len(self.WAYS)]
        self.failures += 1
        way(self, rng)
        self.await_in_sync()
        return "server " + way.__name__.replace("_", " ")
