"""Replay (G1): a gateway that is killed with a full journal starts again, and all of it is applied."""
import signal
import time

from cluster import Cluster
from history import ACCEPTED, History
from load import Load
from scenario import Fault
from settle import settle

BATCHES = {"large": (4000, 5000), "small": (1, 16)}  # messages in a request
CLIENTS = {"large": 2, "small": 16}
REPLAY_SECONDS = 300


def fill(run, cluster, size):
    """Post until so many are accepted; nothing of it leaves the journal."""
    history = History(f"replay-{size}")
    cluster.processor.program.send(signal.SIGSTOP)
    with Load(history, cluster.addresses, f"{run.seed}/{size}", clients=CLIENTS[size], batches=1,
              batch=BATCHES[size], pause=0):
        while cluster.stats()["accepted"] < run.size:
            cluster.check()
            time.sleep(0.05)
    for member in cluster.members:
        member.process.kill()
        member.process.wait()
    return history


def replay_once(run, cluster, size):
    """Returns a line of figures."""
    history = fill(run, cluster, size)
    messages = history.count(ACCEPTED)
    journal = sum(path.stat().st_size for path in cluster.journal.rglob("*") if path.is_file())
    cluster.processor.start()
    cluster.processor.await_log(" ready ")
    began = time.monotonic()
    gateway = cluster.gateways[0]
    gateway.start()
    cluster.await_ready()
    ready = time.monotonic() - began
    while cluster.stats()["saved"] < messages:
        cluster.check()
        if time.monotonic() - began > REPLAY_SECONDS:
            raise Fault(f"not replayed within {REPLAY_SECONDS} s: {cluster.stats()}")
        time.sleep(0.01)
    seconds = time.monotonic() - began
    figures, _ = settle(cluster, history)
    return (f"{messages} messages, {size} frames, {journal >> 20} MiB: saved and acknowledged "
            f"{seconds:.2f} s after the gateway's start (ready after {ready:.2f} s): "
            f"{messages / seconds:.0f} messages/s; {figures}")


def replay(run):
    """A journal of run.size messages: once in large frames, once in small ones."""
    lines = []
    for size in BATCHES:
        folder = run.folder / size
        folder.mkdir()
        with Cluster(folder, gateway=("--workers", 1, "--buffer", 2 * run.size)) as cluster:
            lines.append(replay_once(run, cluster, size))
            run.say(lines[-1])
    return "\n".join(lines)
