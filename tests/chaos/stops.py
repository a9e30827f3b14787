"""Graceful stops under load (G6): exit 0 within ten seconds each time, in any state of the other process; no
message was accepted whose client was not told so; and stopping the processor fails no write."""
import random
import signal
import time

from campaign import Campaign
from cluster import Cluster
from history import REFUSED
from load import Load
from scenario import Fault

STOPS_PER_ROUND = 10
#  The process to stop in a round, and the flags of the gateway. Without a journal both must not stop at
#  once: the gateway's messages would be lost.
ROUNDS = [("gateway", "fsync"), ("processor", "fsync"), ("either", "fsync"), ("either", "off")]


class Stops:
    """One cluster that is stopped and started under load, round by round."""

    def __init__(self, run, cluster, victims, journal):
        self.cluster, self.victims = cluster, victims
        self.is_kept = journal != "off"
        self.rng = random.Random(f"{run.seed}/{victims}")
        self.campaign = Campaign(cluster, run.seed, run.say)
        self.slowest = 0

    def _stop(self, member):
        """Stop a process, now and then one whose peer is paused meanwhile, and start it again. What a
        gateway has in memory only is lost when nobody takes it: --journal=off admits that."""
        others = [other for other in self.cluster.members if other is not member]
        may_pause = self.is_kept and member in self.cluster.gateways
        paused = others if may_pause and self.rng.random() < 0.1 else []
        for other in paused:
            other.program.send(signal.SIGSTOP)
        asked = member.ask_to_stop(self.rng.choice([signal.SIGTERM, signal.SIGINT]))
        member.await_stopped(asked)
        self.slowest = max(self.slowest, time.monotonic() - asked)
        member.start()
        for other in paused:
            other.program.send(signal.SIGCONT)

    def _victim(self):
        if self.victims == "either":
            return self.rng.choice(self.cluster.members)
        return self.cluster.processor if self.victims == "processor" else self.cluster.gateways[0]

    def round(self, count):
        history = self.campaign.new_history()
        with Load(history, self.cluster.addresses, f"{self.campaign.seed}/{self.campaign.rounds}",
                  gives_up=1):
            for _ in range(count):
                self.cluster.await_ready()
                time.sleep(self.rng.uniform(0, 0.3))
                self._stop(self._victim())
            self.cluster.await_ready()
        figures = self.campaign.conclude(history, f"stops of {self.victims}", {"stops": count})
        if figures.applied != figures.accepted:
            raise Fault(f"{figures.applied - figures.accepted} messages were accepted without an answer")
        if self.victims == "processor" and (figures.unknown or history.count(REFUSED)):
            raise Fault(f"stopping the processor failed writes: {history.statuses}")


def stops(run):
    """As many graceful stops as run.size says, a quarter of them of each kind."""
    results, slowest, done = [], 0, 0
    for place, (victims, journal) in enumerate(ROUNDS):
        folder = run.folder / f"{victims}-{journal}"
        folder.mkdir()
        until = run.size * (place + 1) // len(ROUNDS)
        with Cluster(folder, gateway=("--journal", journal)) as cluster:
            kind = Stops(run, cluster, victims, journal)
            while done < until:
                count = min(STOPS_PER_ROUND, until - done)
                kind.round(count)
                done += count
        slowest = max(slowest, kind.slowest)
        results.append(f"of {victims} with --journal={journal}: {kind.campaign.total}")
    return f"{done} stops, exit 0 each, the slowest after {slowest:.1f} s\n" + "\n".join(results)
