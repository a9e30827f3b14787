"""Let many processors join, leave and die under load (G3, G5, G6); every write is accepted.

A processor that joins others waits two seconds before it becomes a member, so a join takes that long.
"""
import random
import time

from campaign import Campaign, show
from cluster import Cluster
from history import ACCEPTED
from load import Load
from nemesis import PROCESSES
from scenario import Fault

MOST = 4  # processors, one of which always stays
TAKEOVER_SECONDS = 2  # G5, at the 99th percentile
TAKEOVERS_JUDGED = 50  # fewer kills have no such percentile
ROUND_SECONDS = 45


def moves(before, after):
    return sum(old != new for old, new in zip(before, after))


class Scaling:
    """Joins and leaves, and how many partitions each has moved."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.moved = {}  # "1 to 2": [how many, ...]
        self.owners = cluster.await_shared()

    def _count(self, before, after):
        owners = self.cluster.await_shared()
        self.moved.setdefault(f"{before} to {after}", []).append(moves(self.owners, owners))
        self.owners = owners

    def up_and_down(self, rng):
        """1 to MOST to 1: those that leave are asked to, in any order."""
        for count, processor in enumerate(self.cluster.processors[1:], 1):
            processor.start()
            self._count(count, count + 1)
        leaving = rng.sample(self.cluster.processors[1:], MOST - 1)
        for count, processor in zip(range(MOST, 1, -1), leaving):
            processor.leave()
            self._count(count, count - 1)

    def __str__(self):
        return "; ".join(f"{name}: {min(counts)} to {max(counts)}, {sum(counts) / len(counts):.1f} on average"
                         for name, counts in self.moved.items())


def scaling(run):
    """1 to 4 to 1 processors, run.size times: exact end state, and every write is accepted."""
    with Cluster(run.folder, processors=MOST) as cluster:
        rng = random.Random(run.seed)
        campaign = Campaign(cluster, run.seed, run.say)
        for processor in cluster.processors[1:]:
            processor.leave()
        scaled = Scaling(cluster)
        for number in range(run.size):
            history = campaign.new_history()
            with Load(history, cluster.addresses, f"{run.seed}/{number}"):
                scaled.up_and_down(rng)
            if set(history.statuses) != {202}:
                raise Fault(f"writes failed: {show(history.statuses)}")
            campaign.conclude(history, f"1 to {MOST} to 1", {"joins": MOST - 1, "leaves": MOST - 1})
    return f"{campaign.total} | {show(campaign.counts)}\npartitions moved: {scaled}"


class Reader:
    """Asks for all rockets at once: that is answered when every partition has an owner."""

    def __init__(self, cluster):
        self.cluster = cluster

    def seconds_until_whole(self, since):
        while self.cluster.call(self.cluster.addresses[0], "/rockets?limit=1").status != 200:
            if time.monotonic() - since > 30:
                raise Fault("a partition has no owner, 30 s after its processor died")
        return time.monotonic() - since


def takeover(run):
    """run.size kill -9 of one of three processors: how long until every rocket answers again."""
    times = []
    with Cluster(run.folder, processors=3) as cluster:
        rng = random.Random(run.seed)
        campaign, reader = Campaign(cluster, run.seed, run.say), Reader(cluster)
        history = campaign.new_history()
        with Load(history, cluster.addresses, run.seed, clients=2, pause=0.02):
            for _ in range(run.size):
                cluster.await_shared()
                victim = rng.choice(cluster.processors)
                victim.check()
                killed = time.monotonic()
                victim.process.kill()
                victim.process.wait()
                times.append(reader.seconds_until_whole(killed))
                victim.start()
            cluster.await_shared()
        if not history.count(ACCEPTED) or set(history.statuses) != {202}:
            raise Fault(f"writes failed: {show(history.statuses)}")
        campaign.conclude(history, "takeovers", {"kills": run.size})
    times.sort()
    slow = times[max(0, -(-99 * len(times) // 100) - 1)]
    text = (f"every rocket answered again after p50 {times[len(times) // 2] * 1000:.0f} ms, "
            f"p99 {slow * 1000:.0f} ms, at most {times[-1] * 1000:.0f} ms | {campaign.total}")
    if len(times) >= TAKEOVERS_JUDGED and slow > TAKEOVER_SECONDS:
        raise Fault(text)
    return text


def many(run):
    """Two gateways and three processors, killed, paused and restarted at random for run.size seconds."""
    with Cluster(run.folder, gateways=2, processors=3) as cluster:
        campaign = Campaign(cluster, run.seed, run.say)
        ends = time.monotonic() + run.size
        while (left := ends - time.monotonic()) > 0:
            campaign.round(min(ROUND_SECONDS, max(1, left)), PROCESSES)
    return f"{campaign.total} | {show(campaign.counts)}"
