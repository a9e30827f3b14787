"""Cut the power under load (G1): with --journal=fsync no message that got 202 is lost, torn last writes included. With
--journal=os some are lost, as documented, which also shows that this test notices a loss."""
import pathlib
import random
import time

from checker import Figures
from cluster import SHIM, Cluster, is_sanitized
from history import History
from load import Load
from power_cut import Disk, cut_power, put_back
from scenario import Fault, Skipped
from settle import settle

CUTS_PER_FOLDER = 10  # then a new one: what is kept grows
LOSSES_WANTED = 3  # of cuts with --journal=os
UNSYNCED_CUTS_MAX = 50
SETTLE_SECONDS = {"fsync": 60, "os": 5}  # lost messages do not arrive, so a longer wait is useless


class Cuts:
    """One folder, cut after cut."""

    def __init__(self, folder, seed, mode):
        self.folder = pathlib.Path(folder)
        self.rng = random.Random(seed)
        self.seed = seed
        self.folders = [self.folder / "journal", self.folder / "state"]
        for place in self.folders:
            place.mkdir(parents=True)
        self.seconds = SETTLE_SECONDS[mode]
        self.cluster = Cluster(self.folder, gateway=("--journal", mode))
        self.known = {}  # rockets of the rounds before

    def _load_until_the_cut(self, name):
        history = History(name)
        trace = self.folder / "trace"
        trace.unlink(missing_ok=True)
        disk = Disk(self.folders)
        environment = {"LD_PRELOAD": SHIM, "DISK_SHIM_TRACE": trace,
                       "DISK_SHIM_UNDER": ":".join(map(str, self.folders))}
        for member in self.cluster.members:
            member.start(**{key: str(value) for key, value in environment.items()})
        self.cluster.await_ready()
        with Load(history, self.cluster.addresses, f"{self.seed}/{name}", pause=0.002) as load:
            time.sleep(self.rng.uniform(0.05, 0.6))
            for member in self.rng.sample(self.cluster.members, len(self.cluster.members)):
                member.process.kill()
            load.ending.set()
        for member in self.cluster.members:
            member.process.wait()
        put_back(cut_power(trace, disk, self.folders, self.rng), self.folders)
        return history

    def one(self, name):
        """Post load, cut the power, start again and check. Return the figures."""
        history = self._load_until_the_cut(name)
        with self.cluster:
            figures, rockets = settle(self.cluster, history, self.known, self.seconds)
        self.known.update(rockets)
        return figures


def require_shim():
    if is_sanitized():
        raise Skipped("a sanitizer's build has no disk shim")


def cut_synced(run):
    """Make run.size cuts, which must lose nothing."""
    total = Figures()
    for done in range(run.size):
        if done % CUTS_PER_FOLDER == 0:
            cuts = Cuts(run.folder / f"fsync-{done}", f"{run.seed}/{done}", "fsync")
        try:
            total.add(cuts.one(f"cut{done}"))
        except Fault as fault:
            raise Fault(f"cut {done}, in {cuts.folder}: {fault}") from fault
        if done % 20 == 19:
            run.say(f"{done + 1} cuts, --journal=fsync: {total}")
    return total


def cut_unsynced(run):
    """Cut until some cuts have lost messages. Return the number of these cuts, and of all."""
    losses = 0
    for done in range(UNSYNCED_CUTS_MAX):
        try:
            Cuts(run.folder / f"os-{done}", f"{run.seed}/os/{done}", "os").one(f"cut{done}")
        except Fault as fault:
            losses += 1
            run.say(f"cut {done}, --journal=os: {str(fault).splitlines()[0]}")
        if losses == min(LOSSES_WANTED, run.size):
            return losses, done + 1
    raise Fault(f"{losses} of {done + 1} power cuts lost something with --journal=os: does this see it?")


def power_cuts(run):
    """Make run.size cuts with --journal=fsync, then some with --journal=os."""
    require_shim()
    total = cut_synced(run)
    losses, cuts = cut_unsynced(run)
    return (f"{run.size} cuts with --journal=fsync: {total}\n"
            f"{losses} of {cuts} with --journal=os lost something, as it admits")
