"""Flip a bit anywhere in a journal or in the state: the program finds it when it opens the file, or it does not
matter. No rocket is ever wrong, and no accepted message ever lacks without a line in the log."""
import http.client
import pathlib
import random
import shutil
import signal
import time

from campaign import show
from cluster import Cluster, ClusterFault
from history import ACCEPTED, History
from load import Load
from scenario import Fault
from settle import SETTLE_SECONDS, settle

NOT_WHOLE = "are not whole"  # the warning that a log's last transaction is left out
SECONDS = (5, SETTLE_SECONDS)  # for the messages of the journal to arrive; the second on a slow machine
FAILURES = (AssertionError, OSError, http.client.HTTPException)


def make_files(cluster, seed, is_clean):
    """Make rockets in the state, and frames in the journal. Return their history."""
    history = History("damage")
    with cluster:
        with Load(history, cluster.addresses, f"{seed}/saved", clients=4, pause=0.001):
            time.sleep(0.5)
        settle(cluster, history)
        if not is_clean:
            cluster.processor.program.send(signal.SIGSTOP)
            with Load(history, cluster.addresses, f"{seed}/kept", clients=4, pause=0.001):
                time.sleep(0.5)
        for member in reversed(cluster.members):
            if is_clean:
                member.await_stopped(member.ask_to_stop())
            else:
                member.process.kill()
                member.process.wait()
    if not history.count(ACCEPTED):
        raise Fault("nothing was accepted")
    return history


def flip(folder, rng):
    """Flip a bit of one of the files; each kind of file is equally likely. Return the file and the place."""
    kinds = {}
    for path in pathlib.Path(folder).rglob("*.sqlite*"):
        if path.stat().st_size:
            kinds.setdefault((path.parent.name, path.suffix), []).append(path)
    path = rng.choice(sorted(kinds[rng.choice(sorted(kinds))]))
    content = bytearray(path.read_bytes())
    place = rng.choice([rng.randrange(len(content)), rng.randrange(min(200, len(content)))])
    content[place] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return path, place


def ended_well(member, path):
    """Return true if it refused to start and named the file (or the file to which a log belongs)."""
    text = member.program.text()
    if member.process.poll() != 1 or str(path).removesuffix("-wal") not in text:
        raise Fault(f"{member.name} ended with {member.process.poll()} and did not name {path}\n{text}")
    return True


def judge(cluster, history, path):
    """Start with this damage. Return the result: refused, warned, or unharmed."""
    try:
        for member in cluster.members:
            member.start()
        deadline = time.monotonic() + 30
        while not is_ready(cluster):
            for member in cluster.members:
                if member.process.poll() is not None and ended_well(member, path):
                    return "refused"
            if time.monotonic() > deadline:
                raise Fault("not ready")
        for seconds in SECONDS:
            try:
                settle(cluster, history, seconds=seconds)
                return "unharmed"
            except FAILURES as failure:
                for member in cluster.members:
                    if member.process.poll() is not None and ended_well(member, path):
                        return "refused"
                if any(NOT_WHOLE in member.program.text() for member in cluster.members):
                    return "warned"
                last = failure
        raise last
    finally:
        cluster.__exit__()


def is_ready(cluster):
    time.sleep(0.01)
    try:
        return cluster.is_ready()
    except ClusterFault:
        return False  # one has ended: whether it ended well is judged by whoever waits


def flip_many(run, folder, count, is_clean):
    """Return how often each outcome occurred."""
    rng = random.Random(f"{run.seed}/{is_clean}")
    cluster = Cluster(folder)
    outcomes = {}
    history = make_files(cluster, run.seed, is_clean)
    places = [folder / "journal", folder / "state"]
    for place in places:
        shutil.copytree(place, folder / "kept" / place.name)
    for number in range(count):
        for place in places:
            shutil.rmtree(place)
            shutil.copytree(folder / "kept" / place.name, place)
        path, offset = flip(folder / ("state" if is_clean else rng.choice(["journal", "state"])), rng)
        try:
            outcome = judge(cluster, history, path)
        except Exception as fault:
            raise Fault(f"a bit at {offset} of {path}: {fault}") from fault
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if number % 50 == 49:
            run.say(f"{number + 1} bits flipped: {show(outcomes)}")
    return outcomes


def damage(run):
    """Flip run.size bits, half of them in the files that kill -9 leaves, half in those of a clean stop."""
    results = []
    for is_clean in (False, True):
        folder = run.folder / ("stopped" if is_clean else "killed")
        folder.mkdir()
        outcomes = flip_many(run, folder, run.size // 2, is_clean)
        results.append(f"after {'a stop' if is_clean else 'kill -9'}: {show(outcomes)}")
    return "\n".join(results)
