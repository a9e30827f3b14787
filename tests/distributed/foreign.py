"""Another program that writes messages to the topic, without a gateway."""
import random
import threading
import time

from history import ACCEPTED, UNKNOWN, Source

TOPIC = "downlink"
PARTITIONS = 16
CHANNELS = 20
FLUSH_SECONDS = 60


class ForeignWriter(threading.Thread):
    """Writes until its block is left. It logs a message as accepted when the bus has it. The class that extends it
    writes, in `run`, until `ending` is set."""

    def __init__(self, history, seed, pause=0.02):
        super().__init__(daemon=True)
        self.history, self.pause = history, pause
        self.rng = random.Random(f"{seed}/foreign")
        self.source = Source(history, f"{seed}/foreign", CHANNELS)
        self.ending = threading.Event()

    def rest(self):
        time.sleep(self.pause * self.rng.random())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join(FLUSH_SECONDS)
        assert not self.is_alive(), "a foreign writer did not end"


class Foreign(ForeignWriter):
    """Writes to Kafka as Java's producer would: acks=all, murmur2."""

    def __init__(self, cluster, history, seed):
        super().__init__(history, seed)
        self.producer = cluster.client.Producer({
            "bootstrap.servers": cluster.bootstrap, "log_level": 0, "acks": "all", "enable.idempotence": True,
            "partitioner": "murmur2_random", "linger.ms": 5, "message.timeout.ms": 30000})

    def run(self):
        while not self.ending.is_set():
            for one in self.source.take(self.rng.randint(1, 20)):
                self._write(one)
            self.producer.poll(0)
            self.rest()

    def _write(self, one):
        channel, number = one

        def note(error, _):
            if error is None:
                self.history.log([one], ACCEPTED, "written")
            else:
                self.history.log([one], UNKNOWN, f"not written: {error.name()}")
        self.producer.produce(TOPIC, channel.text(number), channel.name, on_delivery=note)

    def __exit__(self, *_):
        super().__exit__()
        assert self.producer.flush(FLUSH_SECONDS) == 0, "a foreign producer did not end"
