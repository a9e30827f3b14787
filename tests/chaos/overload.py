"""Overload the gateway (G4): stop the processor while clients go on. Clients get 202 until the buffer is full, then 503;
the gateway's memory stays flat; every accepted message arrives."""
import signal
import threading
import time

from campaign import show
from cluster import Cluster, is_sanitized
from downlink import until
from history import ACCEPTED, REFUSED, History
from load import Load
from scenario import Fault
from settle import settle

WARM_UP = 0.1  # of the time: then every connection is open, and has held a large request
WARM_ANSWERS, WARM_SECONDS = 4, 120  # the same on a slow machine: answers for each client, and how long at most
MEASURED_SECONDS = 3  # at least, from then on
GROWTH = 1.05  # of the gateway's memory, from then on
GROWTH_KIB = 4096  # or so much, if it is small
BUFFER = 1_000_000
BUFFER_PER_SECOND = 2000  # at most, so that it fills soon
CLIENTS = 200
BATCHES = {True: (4000, 5000), False: (100, 200)}  # to fill it with, if it is large


class Sampler(threading.Thread):
    """The gateway's resident memory, every second."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway, self.ending = gateway, threading.Event()
        self.samples = []

    def run(self):
        while not self.ending.is_set():
            self.samples.append(self.gateway.resident_kib())
            self.ending.wait(1)


def fill(cluster, history, seed, batch):
    """Post until the gateway takes no more; post nothing twice, as repeated messages would fill the buffer uncounted."""
    with Load(history, cluster.addresses, seed, clients=2, batches=1, batch=batch, pause=0,
              repeats=0) as load:
        while not history.statuses.get(503) and all(client.is_alive() for client in load.clients):
            time.sleep(0.01)
            cluster.check()


def hammer(cluster, history, seed, seconds, clients):
    """Go on with all kinds of requests. Return samples of the memory, and how many of them are of the warm-up."""
    sampler = Sampler(cluster.gateways[0])
    ends = time.monotonic() + seconds
    with Load(history, cluster.addresses, seed, clients=clients, channels=5, batches=0.2) as load:
        sampler.start()
        wanted = sum(history.statuses.values()) + (0 if is_sanitized() else WARM_ANSWERS * clients)
        until(lambda: sum(history.statuses.values()) >= wanted, WARM_SECONDS, "the end of the warm-up")
        warm = len(sampler.samples)
        ends = max(ends, time.monotonic() + MEASURED_SECONDS)
        while time.monotonic() < ends and all(client.is_alive() for client in load.clients):
            time.sleep(0.05)
            cluster.check()
        cluster.processor.program.send(signal.SIGCONT)
        sampler.ending.set()
    sampler.join()
    return sampler.samples, max(warm, int(WARM_UP * len(sampler.samples)))


def overload(run):
    """run.size seconds of it, from the moment at which the processor stops."""
    buffer = min(BUFFER, BUFFER_PER_SECOND * run.size)
    batch = BATCHES[buffer == BUFFER]
    history = History("overload")
    with Cluster(run.folder, gateway=("--workers", 1, "--buffer", buffer, "--wait", "500ms")) as cluster:
        start = time.monotonic()
        cluster.processor.program.send(signal.SIGSTOP)
        fill(cluster, history, f"{run.seed}/fill", batch)
        full_kib, accepted = cluster.gateways[0].resident_kib(), history.count(ACCEPTED)
        run.say(f"full after {time.monotonic() - start:.1f} s: {accepted} of {buffer} messages, "
                f"VmRSS {full_kib} KiB")
        samples, warm = hammer(cluster, history, f"{run.seed}/hammer",
                               run.size - (time.monotonic() - start), CLIENTS)
        figures, _ = settle(cluster, history)
    if not buffer - 2 * batch[1] <= accepted <= buffer:
        raise Fault(f"{accepted} messages were accepted, and the buffer is {buffer}")
    if not history.count(REFUSED):
        raise Fault("nothing was refused")
    warm_kib = max(samples[:max(3, warm)])
    memory = (f"VmRSS {full_kib} KiB when full, {warm_kib} with {CLIENTS} more connections, then at most "
              f"{max(samples)}, at the end {samples[-1]}; every minute {samples[::60]}")
    if max(samples) > max(GROWTH * warm_kib, warm_kib + GROWTH_KIB) and not is_sanitized():
        raise Fault(f"the gateway grew while it was full: {memory}")
    return (f"{accepted} of {buffer} messages accepted, then 503; {memory}\n"
            f"{figures} | answers {show(history.statuses)}")
