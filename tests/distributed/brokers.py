"""Three Kafka brokers, each on a host, one of which at a time fails."""
import time

from downlink import until
from foreign import TOPIC, Foreign
from kafka import Kafka

PORT = 9092
GROUP = "downlink-downlink"


class Brokers:
    """`hosts` are theirs, in order. With one broker away messages still have two replicas."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.cluster = Kafka(len(hosts), [host.address for host in hosts], [PORT] * len(hosts),
                             [host.wrapper for host in hosts])
        try:
            self.cluster.create()
        except BaseException:
            self.close()
            raise
        self.failures = 0

    def close(self):
        self.cluster.close()

    def flags(self):
        return self.cluster.flags(TOPIC)

    def logs(self):
        """Return the log of each broker, and its host."""
        return [(host, broker.log) for host, broker in zip(self.hosts, self.cluster.brokers)]

    def foreign(self, history, seed):
        return Foreign(self.cluster, history, seed)

    def check(self):
        """All brokers must be running."""
        for one in self.cluster.brokers:
            assert one.is_running(), f"{one.name} ended\n{one.text()}"

    def await_in_sync(self, seconds=60):
        """Wait until every partition has all its replicas again, before the next broker fails."""
        until(lambda: self.cluster.is_in_sync(TOPIC), seconds, "replicas in sync")

    #  The ways to fail. Each ends with all brokers running and in sync.

    def _pick(self, rng):
        index = rng.randrange(len(self.hosts))
        return self.hosts[index], self.cluster.brokers[index]

    def lose_host(self, rng):
        """A broker's host dies, and comes back with its disk."""
        host, broker = self._pick(rng)
        host.kill()
        broker.kill()  # its process is gone already
        time.sleep(rng.uniform(0.5, 6))
        host.boot()
        broker.start()

    def stop(self, rng):
        """A broker stops cleanly, and starts again."""
        _, broker = self._pick(rng)
        broker.stop()
        broker.start()

    def cut(self, rng):
        """A broker is cut off, and still believes to lead its partitions when it is connected again."""
        host, _ = self._pick(rng)
        host.cut(is_unplugged=rng.random() < 0.5)
        time.sleep(rng.uniform(1, 6))
        host.mend()

    def pause(self, rng):
        """A broker stands still for longer than its peers wait for it."""
        host, _ = self._pick(rng)
        host.pause()
        time.sleep(rng.uniform(1, 5))
        host.resume()

    WAYS = (lose_host, stop, cut, pause)

    def fail_over_somehow(self, rng):
        """Fail in the next one of the ways. Return its name."""
        way = self.WAYS[self.failures % len(self.WAYS)]
        self.failures += 1
        way(self, rng)
        self.await_in_sync()
        return "broker " + way.__name__.replace("_", " ")
