"""Measure how long a client waits when the owner of a rocket dies or stops (G5, G6): the client asks for the rocket, and
posts a message of it, again and again until each has an answer.

A probe's time is from the moment it is sent until the first answer to it or to a later one of its kind and
partition, so that one lost in a dead host counts until another one gets through.
"""
import random
import threading
import time

import xxhash

from campaign import Campaign, show
from datacentre import DataCentre
from downlink import until
from history import ACCEPTED, REFUSED, UNKNOWN
from load import Broken, Connection, Load, Unreached
from scenario import Fault

KILL_SECONDS, STOP_SECONDS = 3, 0.5  # the most that the 99th percentile may be
JUDGED = 40  # of fewer there is no such percentile
PARTITIONS = 16
PROBE_PAUSE = 0.02
LATEST = 30  # seconds after which a partition counts as lost
WAIT = 10


def partition_of(name):
    return xxhash.xxh3_64_intdigest(name.encode()) % PARTITIONS


class Probe(threading.Thread):
    """Asks for a rocket, or posts messages of it, until the test ends it. `spans` has (begin, end) of each
    answer."""

    def __init__(self, history, channel, address, is_post):
        super().__init__(daemon=True)
        self.history, self.channel, self.is_post = history, channel, is_post
        self.connection = Connection(address, WAIT + 5)
        self.ending, self.failure = threading.Event(), None
        self.answered = 0  # when the last answered request was sent
        self.spans, self.failed = [], {}

    def run(self):
        try:
            begin = time.monotonic()
            while not self.ending.is_set():
                is_answered = self._post() if self.is_post else self._get()
                now = time.monotonic()
                if is_answered:
                    self.spans.append((begin, now))
                    self.answered = begin
                self.ending.wait(PROBE_PAUSE)
                if is_answered:
                    begin = time.monotonic()
        except BaseException as error:  # an error that the end of the probe raises
            self.failure = error
        self.connection.close()

    def _failed(self, why):
        self.failed[why] = self.failed.get(why, 0) + 1
        return False

    def _get(self):
        try:
            status, _ = self.connection.ask(f"GET /rockets/{self.channel.name}")
        except (Broken, Unreached) as error:
            return self._failed(f"{type(error).__name__} {error}")
        return status == 200 or self._failed(status)

    def _post(self):
        message = (self.channel, self.channel.add(random))
        body = self.channel.text(message[1]).encode()
        try:
            status, _ = self.connection.ask("POST /messages", body, f"Prefer: wait={WAIT}\r\n")
        except Unreached as error:
            self.history.log([message], 0, f"unreached {error}")
            return self._failed(f"unreached {error}")
        except Broken as error:
            self.history.log([message], UNKNOWN, f"broken {error}")
            return self._failed(f"broken {error}")
        self.history.log([message], ACCEPTED if status in (200, 202) else REFUSED, status)
        return status == 200 or self._failed(status)


class Probes:
    """Probes of some partitions, both kinds for each. Use it with `with`."""

    def __init__(self, history, channels, address):
        self.all = [Probe(history, channel, address, is_post)
                    for channel in channels for is_post in (False, True)]

    def __enter__(self):
        for probe in self.all:
            probe.start()
        until(lambda: all(probe.answered for probe in self.all), what="an answer to every probe")
        return self

    def __exit__(self, kind, *_):
        for probe in self.all:
            probe.ending.set()
        for probe in self.all:
            probe.join(WAIT + 10)
            if probe.failure and not kind:
                raise probe.failure

    def await_answers(self, since):
        """Wait until every probe has an answer to a request that it sent since then."""
        until(lambda: all(probe.answered > since for probe in self.all), LATEST,
              f"an answer to every probe after the fault; failed: {[probe.failed for probe in self.all]}")

    def longest(self, since):
        """Return the longest time, from the fault on, that a client waited."""
        return max(end - max(begin, since) for probe in self.all for begin, end in probe.spans if end > since)


class Takeovers:
    """One data centre whose processors fail one after the other."""

    def __init__(self, run, centre):
        self.run, self.centre = run, centre
        self.rng = random.Random(run.seed)
        self.campaign = Campaign(centre, run.seed, run.say)
        self.times = []

    def channels(self, history, owners, victim):
        """Make a rocket for each partition of the victim."""
        wanted = {number for number, owner in enumerate(owners) if owner == victim}
        assert wanted, f"{victim} owns nothing: {owners}"
        chosen = {}
        while len(chosen) < len(wanted):
            channel = history.new_channel()
            if partition_of(channel.name) in wanted:
                chosen.setdefault(partition_of(channel.name), channel)
        return list(chosen.values())

    def once(self, history, fail, mend):
        owners = self.centre.await_shared()
        processor = self.rng.choice(self.centre.processors)
        #  The rockets of a probe are new each time: the first message makes one.
        channels = self.channels(history, owners, self.owner_name(processor))
        with Probes(history, channels, self.rng.choice(self.centre.addresses)) as probes:
            time.sleep(self.rng.uniform(0, 0.5))  # anywhere in the period of a lease
            failed_at = time.monotonic()
            fail(processor)
            probes.await_answers(time.monotonic())
        self.times.append(probes.longest(failed_at))
        mend(processor)

    def owner_name(self, processor):
        """Return the name of a processor as /stats has it: the id or the address that routing shows."""
        for peer in self.centre.stats()["processors"]:
            if processor.host.address in str(peer):
                return peer["id"]
        raise Fault(f"no gateway knows {processor.host}")

    def conclude(self, what, limit):
        self.times.sort()
        slow = self.times[max(0, -(-99 * len(self.times) // 100) - 1)]
        text = (f"{len(self.times)} {what}: the slowest answer to a client after p50 "
                f"{self.times[len(self.times) // 2] * 1000:.0f} ms, p99 {slow * 1000:.0f} ms, at most "
                f"{self.times[-1] * 1000:.0f} ms | {self.campaign.total}")
        if len(self.times) >= JUDGED and slow > limit:
            raise Fault(text)
        return text


def measure(run, what, limit, fail, mend):
    """Have run.size processors fail, with a little load on the others."""
    with DataCentre(run.folder) as centre:
        takeovers = Takeovers(run, centre)
        left = run.size
        while left:
            count = min(left, 10)
            history = takeovers.campaign.new_history()
            with Load(history, centre.addresses, f"{run.seed}/{left}", clients=2, pause=0.1):
                for _ in range(count):
                    takeovers.once(history, fail, mend)
                centre.await_shared()
            takeovers.campaign.conclude(
                history, what + " " + show({"ms": [round(1000 * t) for t in takeovers.times[-count:]]}))
            left -= count
        return takeovers.conclude(what, limit)


def kill_takeovers(run):
    """Hosts of processors die."""
    return measure(run, "kills", KILL_SECONDS, lambda one: one.fall(), lambda one: one.rise())


def stop_takeovers(run):
    """Processors stop cleanly, and start again."""
    return measure(run, "stops", STOP_SECONDS, lambda one: one.leave(), lambda one: one.start())
