"""Let the disk fail at the Nth call, for every N: the program goes on, or ends with status 1 and names the file.
Afterwards no accepted message is lost, and none counts twice.
"""
import random
import time

from checker import Figures
from cluster import SHIM, Cluster
from history import History
from load import Load
from power_cuts import require_shim
from scenario import Fault
from settle import settle

LOAD_SECONDS = 0.4
SOME = 8  # cases, when few are wanted
GOES_ON = {"short", "EINTR"}  # these are no failures: the program repeats the call, or makes it for the rest
FAULTS = [("pwrite", "EIO"), ("pwrite", "ENOSPC"), ("pwrite", "short"), ("pwrite", "EINTR"),
          ("fsync", "EIO"), ("fdatasync", "EIO"), ("fdatasync", "ENOSPC"), ("ftruncate", "EIO"),
          ("write", "EIO"), ("write", "ENOSPC"), ("open", "EMFILE"), ("open", "EIO"),
          ("pwrite", "kill"), ("fdatasync", "kill")]


class DiskErrors:
    """A cluster whose gateway or processor runs with a failing disk."""

    def __init__(self, run):
        self.folder, self.seed = str(run.folder), run.seed
        self.cluster = Cluster(run.folder)
        self.known, self.total, self.tried, self.hit = {}, Figures(), 0, 0
        self.cluster.processor.start()
        self.cluster.gateways[0].start()
        self.cluster.await_ready()

    def close(self):
        self.cluster.__exit__()

    def _start(self, victim, **environment):
        victim.process.kill()
        victim.process.wait()
        victim.start(LD_PRELOAD=str(SHIM), DISK_SHIM_COUNT=f"{self.folder}/counts",
                     DISK_SHIM_UNDER=f"{self.folder}/journal:{self.folder}/state", **environment)

    def _load(self, history, victim):
        with Load(history, self.cluster.addresses, f"{self.seed}/{history.name}", clients=4,
                  pause=0.002) as load:
            ends = time.monotonic() + LOAD_SECONDS
            while time.monotonic() < ends and victim.process.poll() is None:
                time.sleep(0.01)
            load.ending.set()

    def counts(self, victim):
        """Return how many calls of each kind a start, a load and a stop make."""
        self._start(victim)
        history = History(f"count-{victim.name}")
        self.cluster.await_ready()
        self._load(history, victim)
        victim.await_stopped(victim.ask_to_stop())
        with open(f"{self.folder}/counts", encoding="ascii") as file:
            counts = {name: int(count) for name, count in (line.split() for line in file)}
        victim.start()
        self._settle(history)
        return counts

    def _settle(self, history):
        figures, rockets = settle(self.cluster, history, self.known)
        self.known.update(rockets)
        self.total.add(figures)

    def _judge(self, victim, call, error, number):
        """Return true if the process went on, was killed, or ended in order."""
        status = victim.process.poll()
        text = victim.program.text()
        what = f"{victim.name}, {call}:{error}:{number}"
        if status is None:
            return
        self.hit += 1
        wanted = -9 if error == "kill" else 1
        if status != wanted or error in GOES_ON:
            raise Fault(f"{what}: ended with status {status}\n{text[-3000:]}")
        if error != "kill" and self.folder not in "".join(
                line for line in text.splitlines() if " error " in line):
            raise Fault(f"{what}: no error names a file\n{text[-3000:]}")

    def one(self, victim, call, error, number):
        self.tried += 1
        history = History(f"case{self.tried}")
        if error == "kill":
            self._start(victim, DISK_SHIM_KILL=f"{call}:{number}")
        else:
            self._start(victim, DISK_SHIM_FAULT=f"{call}:{error}:{number}")
        self._load(history, victim)
        self._judge(victim, call, error, number)
        victim.process.kill()
        victim.process.wait()
        victim.start()
        self._settle(history)


def every_case(errors, first, rng, say):
    """(victim, call, error, number): the first numbers all, and some of those beyond."""
    for victim in errors.cluster.members:
        counts = errors.counts(victim)
        say(f"{victim.name}: {counts}")
        for call, error in FAULTS:
            beyond = range(first + 1, counts[call] + 1)
            numbers = list(range(1, min(first, counts[call]) + 1))
            for number in numbers + sorted(rng.sample(beyond, min(first // 2, len(beyond)))):
                yield victim, call, error, number


def some_cases(errors, rng):
    for _ in range(SOME):
        yield (rng.choice(errors.cluster.members), *rng.choice(FAULTS), rng.choice([1, 2, 5, 20]))


def disk_errors(run):
    """The first run.size calls of each kind, and half as many of those beyond; 0: only a few cases."""
    require_shim()
    errors, rng = DiskErrors(run), random.Random(run.seed)
    try:
        for case in every_case(errors, run.size, rng, run.say) if run.size else some_cases(errors, rng):
            errors.one(*case)
            if errors.tried % 50 == 0:
                run.say(f"{errors.tried} tried, {errors.hit} ended a program; {errors.total}")
    finally:
        errors.close()
    return f"{errors.tried} tried, {errors.hit} ended a program; {errors.total}"
