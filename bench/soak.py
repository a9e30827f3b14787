"""make soak: post at most of the top rate for an hour, while processors stop, start again and are killed.

The run fails if memory, descriptors, the journal or latency drift, or if a message is missing at the end.
"""
import argparse
import contextlib
import datetime
import json
import pathlib
import subprocess
import sys
import threading
import time

import chart
import harness
import machine

SHARE = 0.7
SLICE_SECONDS = 5
TOP_SECONDS = 5
SAMPLE_SECONDS = 2
ROCKETS = 1000
PROCESSORS = 2
CONNECTIONS = 64
#  From the second quarter of the run to the last: the factor by which a median may rise, and the noise to add.
#  The first quarter does not count, as caches, pools and files grow to their size in it.
LIMITS = {"gateway_mib": (1.1, 8), "processor_mib": (1.1, 8), "descriptors": (1, 16),
          "journal_mib": (1.5, 32), "p50_ms": (1.5, 1), "p99_ms": (1.5, 10)}


def top_rate(system):
    """Return the top rate: the median of three runs."""
    rates = []
    for _ in range(3):
        rates.append(harness.wrk("post.lua", system.url, TOP_SECONDS, harness.salt())["rate"])
        system.settle()
    return harness.median(rates)


def journal_mib(folder):
    size = 0
    for path in (folder / "journal").rglob("*"):
        with contextlib.suppress(OSError):  # files come and go
            size += path.stat().st_size
    return size / 2**20


class Sampler(threading.Thread):
    """Samples the use of resources every few seconds."""

    def __init__(self, system, started):
        super().__init__()
        self.system, self.started = system, started
        self.samples, self.over = [], threading.Event()

    def run(self):
        while not self.over.wait(SAMPLE_SECONDS):
            with contextlib.suppress(OSError, KeyError):  # a processor is between its stop and its start
                self.samples.append(self.look())

    def look(self):
        gateway = harness.status_of(self.system.gateway.process.pid)
        processors = [harness.status_of(one.process.pid) for one in self.system.processors]
        return {"at_s": round(time.monotonic() - self.started, 1),
                "gateway_mib": gateway["resident_kib"] / 1024,
                "processor_mib": max(one["resident_kib"] for one in processors) / 1024,
                "descriptors": max(one["descriptors"] for one in [gateway, *processors]),
                "journal_mib": journal_mib(self.system.folder)}


def read_slices(load, started, slices):
    for line in load.stdout:
        slices.append({"at_s": round(time.monotonic() - started, 1), **json.loads(line)})


def restart_one(system, count):
    """Stop or kill a processor, each kind and each processor in turn. Return how it ended."""
    index = count // 2 % len(system.processors)
    process = system.processors[index].process
    how = "killed" if count % 2 else "stopped"
    if how == "stopped":
        process.terminate()
    else:
        process.kill()
    process.wait()
    system.processors[index] = system.start_processor(system.ports[index])
    return how


def soak(system, seconds, restart_seconds, rate):
    """Return samples, slices and restarts."""
    started, slices, restarts = time.monotonic(), [], []
    sampler = Sampler(system, started)
    sampler.start()
    command = [harness.BIN / "bench-steady", f"--rate={rate}", f"--rockets={ROCKETS}",
               f"--slice={SLICE_SECONDS}s", f"--slices={max(1, seconds // SLICE_SECONDS)}",
               f"--concurrency-level={CONNECTIONS}", f"{system.url}/messages"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        reader = threading.Thread(target=read_slices, args=(load, started, slices))
        reader.start()
        due = started + restart_seconds
        while load.poll() is None:
            time.sleep(0.2)
            if time.monotonic() >= due and load.poll() is None:
                restarts.append({"at_s": round(time.monotonic() - started, 1),
                                 "how": restart_one(system, len(restarts))})
                due += restart_seconds
        reader.join()
    sampler.over.set()
    sampler.join()
    if load.returncode != 0:
        raise AssertionError(f"bench-steady ended with {load.returncode}")
    return sampler.samples, slices, restarts


def missing_rockets(system, sent):
    """Return the rockets whose state differs from the sent messages."""
    wrong, cursor = [], ""
    expected = {f"steady-{index:08d}": sent // ROCKETS + (index < sent % ROCKETS)
                for index in range(min(ROCKETS, sent))}
    while cursor is not None:
        with harness.Client(system.http) as client:
            page = client.call("GET", f"/rockets?limit=1000{cursor}").json()
        for rocket in page["rockets"]:
            numbers = expected.pop(rocket["id"], None)
            if numbers is not None and (rocket["missing"] or rocket["messagesApplied"] != numbers):
                wrong.append(rocket["id"])
        cursor = page["next"] and "&cursor=" + harness.urllib.parse.quote(page["next"])
    return wrong + list(expected)


def judge(samples, slices):
    """Return each figure's medians in the second and in the last quarter, and whether it is flat."""
    verdicts = {}
    for name, (factor, noise) in LIMITS.items():
        values = [one[name] for one in (slices if name.endswith("_ms") else samples)]
        quarter = max(1, len(values) // 4)
        early = harness.median(values[quarter:2 * quarter] or values)
        late = harness.median(values[-quarter:])
        verdicts[name] = {"second_quarter": early, "last_quarter": late,
                          "limit": early * factor + noise, "flat": late <= early * factor + noise}
    return verdicts


def started_system(folder, stack):
    """Return two processors, or one if two cannot share their rockets."""
    try:
        return stack.enter_context(harness.System(folder, processors=PROCESSORS))
    except harness.Skip as reason:
        print(f"one processor: {reason}")
        return stack.enter_context(harness.System(folder))


def tell(verdicts, slices, restarts, wrong):
    for name, one in verdicts.items():
        print(f"{name:<16}{one['second_quarter']:10.2f} then {one['last_quarter']:10.2f}, at most "
              f"{one['limit']:10.2f}   {'flat' if one['flat'] else 'DRIFTS'}")
    refused = sum(one["retries"] for one in slices)
    sent = sum(one["delivered"] for one in slices)
    print(f"{sent} messages, {refused} requests sent again, {len(restarts)} restarts, "
          f"{len(wrong)} rockets wrong at the end")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=pathlib.Path, default=harness.HERE / "results")
    arguments = parser.parse_args()
    seconds = int(harness.os.environ.get("SOAK_SECONDS", 3600))
    restart_seconds = float(harness.os.environ.get("SOAK_RESTART", 60))
    described = machine.describe()
    with contextlib.ExitStack() as stack:
        system = started_system(stack.enter_context(harness.folder()), stack)
        top = float(harness.os.environ.get("SOAK_TOP_RATE") or top_rate(system))
        rate = int(top * SHARE)
        print(f"the top rate is {top:.0f} a second: {rate} for {seconds} s", flush=True)
        samples, slices, restarts = soak(system, seconds, restart_seconds, rate)
        system.await_ready()
        system.settle()
        wrong = missing_rockets(system, sum(one["delivered"] for one in slices))
    verdicts = judge(samples, slices)
    tell(verdicts, slices, restarts, wrong)
    arguments.results.mkdir(parents=True, exist_ok=True)
    path = arguments.results / f"soak-{datetime.datetime.now():%Y-%m-%d-%H%M}.json"
    path.write_text(json.dumps(
        {"machine": described, "top_rate": top, "rate": rate, "seconds": seconds,
         "verdicts": verdicts, "rockets_wrong": wrong, "restarts": restarts, "slices": slices,
         "samples": samples}, separators=(",", ":")) + "\n")
    chart.draw_soak(samples, slices, restarts, described, path.with_suffix(".svg"))
    print(path)
    return 0 if not wrong and all(one["flat"] for one in verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
