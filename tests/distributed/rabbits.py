"""A RabbitMQ broker on a host, which fails and comes back, and another program that publishes to it."""
import contextlib
import time

from foreign import PARTITIONS, TOPIC, ForeignWriter
from history import ACCEPTED, UNKNOWN
from lone_server import LoneServer
from partitioners import partition_of
from rabbitmq import RabbitMQ

PORT = 5672


class Rabbits(LoneServer):
    """The broker keeps confirmed messages on its disk."""

    def __init__(self, hosts):
        broker = RabbitMQ(hosts[0].address, PORT, hosts[0].wrapper)
        self.errors = (broker.pika.exceptions.AMQPError, OSError)
        super().__init__(hosts, broker)

    def foreign(self, history, seed):
        return Foreign(self.server, self.errors, history, seed)

    def answers(self):
        return self.server.depth(f"{TOPIC}.0") is not None

    #  The ways to fail. Each ends with the broker running.

    def lose_host(self, rng):
        """Its host dies, and comes back with its disk."""
        self.hosts[0].kill()
        self.server.kill()  # its process is gone already
        time.sleep(rng.uniform(0.2, 4))
        self.hosts[0].boot()
        self.server.start()

    def kill(self, rng):
        """Its process is killed."""
        self.server.kill()
        time.sleep(rng.uniform(0, 2))
        self.server.start()

    def stop(self, _):
        """It stops cleanly, and starts again."""
        self.server.stop()
        self.server.start()

    WAYS = (lose_host, kill, stop, LoneServer.pause)


class Foreign(ForeignWriter):
    """Publishes with confirms."""

    def __init__(self, broker, errors, history, seed):
        super().__init__(history, seed)
        self.broker, self.errors = broker, errors

    def run(self):
        while not self.ending.is_set():
            with contextlib.suppress(*self.errors), self.broker.channel() as channel:
                channel.confirm_delivery()
                self._publish_to(channel)

    def _publish_to(self, channel):
        """Publish until the connection breaks: then it is not known if the broker has the last message."""
        kept = self.broker.pika.BasicProperties(delivery_mode=2)
        while not self.ending.is_set():
            for one in self.source.take(self.rng.randint(1, 5)):
                of, number = one
                try:
                    channel.basic_publish("", f"{TOPIC}.{partition_of(of.name, PARTITIONS)}", of.text(number), kept,
                                          mandatory=True)
                except self.errors as why:
                    self.history.log([one], UNKNOWN, f"not confirmed: {type(why).__name__}")
                    raise
                self.history.log([one], ACCEPTED, "confirmed")
            self.rest()
