"""A server that speaks SQS on a host, which fails and is back, and a program of somebody else that writes to it."""
import contextlib
import os
import random
import threading
import time

from downlink import until
from history import ACCEPTED, UNKNOWN, Source
from partitioners import partition_of
from sqs import KEY, Failed, Sqs

PORT = 9324
TOPIC = "downlink"
PARTITIONS = 16
CHANNELS = 20
CALL_SECONDS = 5


class Queues:
    """A server on the only one of `hosts`, which keeps its messages in memory."""

    def __init__(self, hosts):
        self.hosts = hosts
        os.environ.update(KEY)  # gateways and processors inherit it
        self.server = Sqs(hosts[0].address, PORT, hosts[0].wrapper)
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

    def foreign(self, history, seed):
        return Foreign(self.server, history, seed)

    def check(self):
        assert self.server.is_running(), f"the server ended\n{self.server.text()}"

    def await_in_sync(self, seconds=60):
        """Until it answers."""
        def answers():
            with contextlib.suppress(Failed, OSError):
                return self.server.waiting(f"{TOPIC}-0") is not None
            return False
        until(answers, seconds, "an answer of the server")

    #  The ways to fail. The server may lose what it acknowledged when it ends, as SQS does not: so it never ends.

    def cut(self, rng):
        """Nobody reaches it."""
        self.hosts[0].cut(is_unplugged=rng.random() < 0.5)
        time.sleep(rng.uniform(1, 6))
        self.hosts[0].mend()

    def pause(self, rng):
        """It stands still for longer than its clients wait for it."""
        self.hosts[0].pause()
        time.sleep(rng.uniform(1, 6))
        self.hosts[0].resume()

    WAYS = (cut, pause)

    def fail_over_somehow(self, rng):
        """Fail in one of the ways, by turns. Returns its name."""
        way = self.WAYS[self.failures % len(self.WAYS)]
        self.failures += 1
        way(self, rng)
        self.await_in_sync()
        return "server " + way.__name__.replace("_", " ")


class Foreign(threading.Thread):
    """Writes until its block is left. It logs a message as accepted when the server has it."""

    def __init__(self, server, history, seed, pause=0.02):
        super().__init__(daemon=True)
        self.server, self.history, self.pause = server, history, pause
        self.rng = random.Random(f"{seed}/foreign")
        self.source = Source(history, f"{seed}/foreign", CHANNELS)
        self.ending = threading.Event()
        self.urls = {}

    def url(self, number):
        if number not in self.urls:
            self.urls[number] = self.server.url(f"{TOPIC}-{number}")
        return self.urls[number]

    def run(self):
        while not self.ending.is_set():
            for one in self.source.take(self.rng.randint(1, 5)):
                of, number = one
                try:
                    self.server.call("SendMessage", CALL_SECONDS, MessageBody=of.text(number),
                                     QueueUrl=self.url(partition_of(of.name, PARTITIONS)))
                    self.history.log([one], ACCEPTED, "sent")
                except (Failed, OSError) as why:
                    self.history.log([one], UNKNOWN, f"not sent: {type(why).__name__}")
            time.sleep(self.pause * self.rng.random())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join(60)
        assert not self.is_alive(), "a foreign writer did not end"
