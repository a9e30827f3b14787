"""A RabbitMQ broker on a host, which fails and comes back, and a program of somebody else that publishes to it."""
import contextlib
import random
import threading
import time

from downlink import until
from history import ACCEPTED, UNKNOWN, Source
from partitioners import partition_of
from rabbitmq import RabbitMQ

PORT = 5672
TOPIC = "downlink"
PARTITIONS = 16
CHANNELS = 20


class Rabbits:
    """A broker on the only one of `hosts`. It keeps confirmed messages on its disk."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.broker = RabbitMQ(hosts[0].address, PORT, hosts[0].wrapper)
        try:
            self.broker.create()
        except BaseException:
            self.close()
            raise
        self.failures = 0

    def close(self):
        self.broker.close()

    def logs(self):
        """Return the log of each broker, and its host."""
        return [(self.hosts[0], self.broker.log)]

    def flags(self):
        return self.broker.flags(TOPIC)

    def foreign(self, history, seed):
        return Foreign(self.broker, history, seed)

    def check(self):
        assert self.broker.is_running(), f"the broker ended\n{self.broker.text()}"

    def await_in_sync(self, seconds=60):
        """Until it answers."""
        def answers():
            with contextlib.suppress(self.broker.pika.exceptions.AMQPError, OSError):
                return self.broker.depth(f"{TOPIC}.0") is not None
            return False
        until(answers, seconds, "an answer of the broker")

    #  The ways to fail. Each ends with the broker running.

    def lose_host(self, rng):
        """Its host dies, and comes back with its disk."""
        self.hosts[0].kill()
        self.broker.kill()  # its process is gone already
        time.sleep(rng.uniform(0.2, 4))
        self.hosts[0].boot()
        self.broker.start()

    def kill(self, rng):
        """Its process is killed."""
        self.broker.kill()
        time.sleep(rng.uniform(0, 2))
        self.broker.start()

    def stop(self, _):
        """It stops cleanly, and starts again."""
        self.broker.stop()
        self.broker.start()

    def pause(self, rng):
        """It stands still for longer than its clients wait for it."""
        self.hosts[0].pause()
        time.sleep(rng.uniform(1, 6))
        self.hosts[0].resume()

    WAYS = (lose_host, kill, stop, pause)

    def fail_over_somehow(self, rng):
        """Fail in one of the ways, by turns. Returns its name."""
        way = self.WAYS[self.failures % len(self.WAYS)]
        self.failures += 1
        way(self, rng)
        self.await_in_sync()
        return "broker " + way.__name__.replace("_", " ")


class Foreign(threading.Thread):
    """Publishes until its block is left, with confirms. It logs a message as accepted when the broker has it."""

    def __init__(self, broker, history, seed, pause=0.02):
        super().__init__(daemon=True)
        self.broker, self.history, self.pause = broker, history, pause
        self.rng = random.Random(f"{seed}/foreign")
        self.source = Source(history, f"{seed}/foreign", CHANNELS)
        self.ending = threading.Event()
        self.errors = (broker.pika.exceptions.AMQPError, OSError)

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
            time.sleep(self.pause * self.rng.random())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join(60)
        assert not self.is_alive(), "a foreign publisher did not end"
