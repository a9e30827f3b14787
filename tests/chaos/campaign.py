"""Run rounds of load and faults on one set of journal and state folders, and check the rockets after each round."""
import contextlib
import time

from checker import Figures
from history import History
from load import Load
from nemesis import Nemesis
from scenario import Fault
from settle import settle


class Campaign:
    """The part that all scenarios share: the cluster, the results of earlier rounds, the totals."""

    def __init__(self, cluster, seed, say=print, nemesis=Nemesis, beside=contextlib.nullcontext):
        """beside: returns more load for a round, from its history."""
        self.cluster, self.seed, self.say, self.nemesis = cluster, seed, say, nemesis
        self.beside = beside
        self.total, self.counts = Figures(), {}
        self.previous = None  # the history of the round before, to check once more
        self.settled = {}  # the state that each rocket of earlier rounds must keep
        self.rounds = 0

    def new_history(self):
        self.rounds += 1
        return History(f"{self.seed.replace('/', '-')}-{self.rounds:04}")

    def conclude(self, history, title, counts=None):
        """Settle and check: this round, the one before, and that no older rocket has changed."""
        earlier = set(self.settled) | set(self.previous.channels if self.previous else ())
        start = time.monotonic()
        figures, rockets = settle(self.cluster, history, earlier)
        if self.previous:
            settle(self.cluster, self.previous, set(self.settled) | history.channels.keys())
        for name, state in self.settled.items():
            if name not in rockets or hash(str(rockets[name])) != state:
                raise Fault(f"a rocket of an earlier round has changed: {rockets.get(name)}")
        if self.previous:
            self.settled.update((name, hash(str(rockets[name])))
                                for name in self.previous.channels if name in rockets)
        self.previous = history
        self.total.add(figures)
        for name, count in (counts or {}).items():
            self.counts[name] = self.counts.get(name, 0) + count
        self.say(f"{title}: {figures} | {show(counts or {})} | answers {show(history.statuses)} | "
                 f"settled in {time.monotonic() - start:.1f} s")
        return figures

    def round(self, seconds, chances, kills=None, between=0.3, **load):
        """Run load and faults for so long, or until the nemesis has counted so many of its faults (kills)."""
        history = self.new_history()
        nemesis = self.nemesis(self.cluster, f"{self.seed}/{self.rounds}", chances, between)
        with Load(history, self.cluster.addresses, f"{self.seed}/{self.rounds}", **load), self.beside(history):
            nemesis.run(seconds, kills)
        self.conclude(history, f"round {self.rounds}", nemesis.counts)
        return nemesis


def show(counts):
    return " ".join(f"{name}={count}" for name, count in
                    sorted(counts.items(), key=lambda item: str(item[0])))
