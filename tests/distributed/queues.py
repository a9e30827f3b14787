"""A server that speaks SQS on a host, which fails and is back, and another program that writes to it."""
import os
import time

from foreign import PARTITIONS, TOPIC, ForeignWriter
from history import ACCEPTED, UNKNOWN
from lone_server import LoneServer
from partitioners import partition_of
from sqs import KEY, Failed, Sqs

PORT = 9324
CALL_SECONDS = 5


class Queues(LoneServer):
    """The server keeps its messages in memory."""
    errors = (Failed, OSError)

    def __init__(self, hosts):
        os.environ.update(KEY)  # gateways and processors inherit it
        super().__init__(hosts, Sqs(hosts[0].address, PORT, hosts[0].wrapper))

    def foreign(self, history, seed):
        return Foreign(self.server, history, seed)

    def answers(self):
        return self.server.waiting(f"{TOPIC}-0") is not None

    #  The ways to fail. The server may lose what it acknowledged when it ends, as SQS does not: so it never ends.

    def cut(self, rng):
        """Nobody reaches it."""
        self.hosts[0].cut(is_unplugged=rng.random() < 0.5)
        time.sleep(rng.uniform(1, 6))
        self.hosts[0].mend()

    WAYS = (cut, LoneServer.pause)


class Foreign(ForeignWriter):
    """Sends one message a call."""

    def __init__(self, server, history, seed):
        super().__init__(history, seed)
        self.server, self.urls = server, {}

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
            self.rest()
