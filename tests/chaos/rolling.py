"""Rolling restarts and long pauses of three processors (G5, G6): every write is accepted all the while, and
a restart fails no query either."""
import collections
import random
import signal
import threading
import time

from campaign import Campaign, show
from cluster import Cluster
from downlink import until
from load import Load
from scenario import Fault

PROCESSORS = 3
PAUSE_SECONDS = 4  # longer than the silence that counts as owning nothing


class Reader(threading.Thread):
    """Asks for a list all the time, which takes an answer from every partition's owner."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster, self.ending = cluster, threading.Event()
        self.statuses, self.slowest, self.failure = collections.Counter(), 0, None
        self.answered = 0  # when the last answered query was sent

    def run(self):
        try:
            while not self.ending.is_set():
                start = time.monotonic()
                answer = self.cluster.call(self.cluster.addresses[0], "/rockets?limit=1")
                self.statuses[answer.status] += 1
                self.slowest = max(self.slowest, time.monotonic() - start)
                self.answered = start
                self.ending.wait(0.01)
        except BaseException as error:  # told to whoever ends the reader
            self.failure = error

    def await_answer(self):
        """Wait for the answer to a query that is sent from now on."""
        now = time.monotonic()
        until(lambda: self.answered > now or not self.is_alive(), what="an answer")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.ending.set()
        self.join()
        if self.failure and not kind:
            raise self.failure


def expect_accepted(history):
    if set(history.statuses) != {202}:
        raise Fault(f"writes failed: {show(history.statuses)}")


def rolling(run):
    """run.size restarts of one after the other, each when the one before has its share again."""
    with Cluster(run.folder, processors=PROCESSORS) as cluster:
        campaign = Campaign(cluster, run.seed, run.say)
        history = campaign.new_history()
        owners = cluster.await_shared()
        with Load(history, cluster.addresses, run.seed, pause=0.01), Reader(cluster) as reader:
            for number in range(run.size):
                cluster.processors[number % PROCESSORS].restart()
                owners = cluster.await_shared(former=owners)
                reader.await_answer()  # so that each query waits for the partitions of one restart only
        campaign.conclude(history, "rolling restarts", {"restarts": run.size})
    text = (f"{campaign.total} | writes {show(history.statuses)} | lists {show(reader.statuses)}, "
            f"the slowest after {reader.slowest * 1000:.0f} ms")
    expect_accepted(history)
    if set(reader.statuses) != {200}:
        raise Fault(f"queries failed: {text}")
    return text


def pause(cluster, rng):
    """One or two are stopped past every time-out: no other one takes their partitions. Then they go on, or are
    killed as they are."""
    victims = rng.sample(cluster.processors, rng.choice([1, 2]))
    owners = cluster.await_shared()
    for victim in victims:
        victim.program.send(signal.SIGSTOP)
    time.sleep(PAUSE_SECONDS)
    during = until(lambda: (seen := cluster.owners()).count(None) and seen, what="partitions without an owner")
    taken = [(before, after) for before, after in zip(owners, during) if after not in (before, None)]
    if taken:
        raise Fault(f"of processors that were paused, others took {taken}")
    is_killed = rng.random() < 0.4
    for victim in victims:
        if is_killed:
            victim.kill()
        else:
            victim.program.send(signal.SIGCONT)
    cluster.await_shared()
    return {"pauses": len(victims), "killed in it": len(victims) if is_killed else 0}


def pauses(run):
    """run.size times."""
    rng = random.Random(run.seed)
    with Cluster(run.folder, processors=PROCESSORS) as cluster:
        campaign = Campaign(cluster, run.seed, run.say)
        for number in range(run.size):
            history = campaign.new_history()
            with Load(history, cluster.addresses, f"{run.seed}/{number}", pause=0.01):
                counts = pause(cluster, rng)
            expect_accepted(history)
            campaign.conclude(history, f"pause {number + 1}", counts)
    return f"{campaign.total} | {show(campaign.counts)}"
