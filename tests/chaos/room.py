"""No room (G4): the disk under the journal or the state is full, or the folder gone, for a while. Nothing
is accepted that cannot be kept, an error is logged once a second at most, and once there is room again all
goes on by itself."""
import collections
import contextlib
import os
import re
import subprocess
import time

from campaign import Campaign, show
from cluster import Cluster
from history import ACCEPTED
from load import Load
from downlink import until
from scenario import Fault

DISK_MIB = 24
FLAGS = ("--workers", 1, "--buffer", 20_000, "--wait", "200ms")
REFUSED_SECONDS = 60  # until a gateway refuses what it cannot keep
BALLAST = 1 << 16
EVENT = re.compile(r"\berror (.*?)(?: \w+=|$)")


class Place:
    """A folder on a small disk of its own: on a tmpfs, if we may mount one."""

    def __init__(self, folder, name):
        self.disk, self.link = folder / f"{name}-disk", folder / name
        self.folder, self.away = self.disk / name, self.disk / "away"
        self.disk.mkdir()
        self.is_mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", self.disk],
            capture_output=True, check=False).returncode == 0
        self.folder.mkdir()
        self.link.symlink_to(self.folder)

    def close(self):
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self.disk], check=True)

    @contextlib.contextmanager
    def full(self):
        ballast = self.disk / "ballast"
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(BALLAST))
        yield
        ballast.unlink()

    @contextlib.contextmanager
    def gone(self):
        self.folder.rename(self.away)
        yield
        self.away.rename(self.folder)


def errors(cluster):
    """How often each error was logged."""
    return collections.Counter(
        found.group(1) for member in cluster.members
        for found in map(EVENT.search, member.program.text().splitlines()) if found)


def one_trouble(campaign, name, trouble, seconds):
    """Load through it all: before, while the place cannot be written, and after."""
    cluster = campaign.cluster
    history = campaign.new_history()
    before, began = errors(cluster), time.monotonic()
    with Load(history, cluster.addresses, f"{campaign.seed}/{name}"):
        until(lambda: history.count(ACCEPTED), what="a message that is accepted")
        with trouble:
            #  Now and then a little still fits into a buffer that was full for a larger request.
            for _ in range(2):
                until(lambda: not cluster.is_ready(), REFUSED_SECONDS, f"/readyz 503 with {name}")
                time.sleep(seconds / 2)
        cluster.await_ready()
        accepted = history.count(ACCEPTED)
        until(lambda: history.count(ACCEPTED) > accepted, what="a message that is accepted again")
    said, lasted = errors(cluster) - before, time.monotonic() - began
    if not said or max(said.values()) > lasted + 1:
        raise Fault(f"{name}: logged in {lasted:.1f} s: {show(said)}")
    campaign.conclude(history, f"{name}, {show(said)}", {name: 1})


def room(run):
    """Each trouble for run.size seconds."""
    places = [Place(run.folder, name) for name in ("journal", "state")]
    try:
        with Cluster(run.folder, gateway=FLAGS) as cluster:
            campaign = Campaign(cluster, run.seed, run.say)
            for place in places:
                if place.is_mounted:
                    one_trouble(campaign, f"the disk of the {place.link.name} full", place.full(),
                                run.size)
                one_trouble(campaign, f"the folder of the {place.link.name} gone", place.gone(),
                            run.size)
    finally:
        for place in places:
            place.close()
    return f"{campaign.total} | {show(campaign.counts)}"
