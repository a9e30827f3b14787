"""Measure how the cost grows with rockets, partitions and connections. These rows have no targets."""
import contextlib
import os
import time

import harness
from rows import million, ndjson

ROCKETS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
PARTITIONS = (1, 4, 16, 64, 256)
CONNECTIONS = (1, 8, 64, 512, 4096)
CHUNK = 1_000_000  # rockets that downlink-launch makes at a time
START_SECONDS = 300
BYTES_A_ROCKET = 1500  # of the machine's memory; a row leaves out numbers of rockets that do not fit


def fits(rockets):
    return rockets * BYTES_A_ROCKET < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def load(system, rockets):
    """Return the seconds until all of them are saved."""
    started = time.monotonic()
    for first in range(0, rockets, CHUNK):
        count = min(CHUNK, rockets - first)
        result = harness.launch(system.url, rockets=count, max_messages=count, batch=1000,
                                concurrency_level=4, new_connections="no", shuffle=0)
        assert result["status"] == 0, result
    return system.settle() - started


def one_size(row, rockets, seconds):
    with harness.folder() as folder, harness.System(folder) as system:
        row.add(f"{rockets:,} rockets: loaded", "rockets/s", rockets / load(system, rockets))
        loaded = harness.status_of(system.processors[0].process.pid)
        row.add(f"{rockets:,} rockets: resident", "MB", loaded["resident_kib"] * 1024 / 1e6)
        row.add(f"{rockets:,} rockets: peak", "MB", loaded["peak_kib"] * 1024 / 1e6)
        times = million.time_lists(row, system.url, seconds, 500)
        row.add(f"{rockets:,} rockets: 50 fastest", "ms (p50)", harness.median(times))
        mark = harness.salt()
        harness.post_rockets_of_get(system.http, mark)
        system.settle()
        row.add(f"{rockets:,} rockets: GET one", "requests/s",
                harness.wrk("get.lua", system.url, seconds, mark)["rate"])
        row.add(f"{rockets:,} rockets: NDJSON", "messages/s",
                ndjson.run(system, ndjson.MESSAGES_A_SECOND * 2)["applied"])
        started = time.monotonic()
        system.processors[0].stop()
        stopped = time.monotonic()
        row.add(f"{rockets:,} rockets: stop", "s", stopped - started)
        system.processors[0] = system.start_processor(system.ports[0])
        system.await_owners(START_SECONDS)
        assert system.rockets() >= rockets, f"{system.rockets()} of {rockets} came back"
        row.add(f"{rockets:,} rockets: start", "s", time.monotonic() - stopped)


def measure_rockets(row, rounds, seconds):
    del rounds
    most = harness.setting("GROWTH_ROCKETS", ROCKETS[-1])
    for rockets in ROCKETS:
        if rockets > most or not fits(rockets):
            row.note(f"{rockets:,} rockets: left out")
        else:
            one_size(row, rockets, seconds)


def measure_partitions(row, rounds, seconds):
    for _ in range(rounds):
        for partitions in PARTITIONS:
            with harness.folder() as folder, harness.System(
                    folder, processor=("--partitions", partitions)) as system:
                result = harness.wrk("post.lua", system.url, seconds, harness.salt())
                row.add(f"POST, {partitions} partitions", "messages/s", result["rate"])
                system.settle()
                bulk = ndjson.run(system, ndjson.MESSAGES_A_SECOND * 2)
                row.add(f"NDJSON, {partitions} partitions", "messages/s", bulk["applied"])


def measure_connections(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        system = stack.enter_context(harness.System(
            folder, gateway=("--idle-connections", CONNECTIONS[-1] * 2)))
        pid = system.gateway.process.pid
        for _ in range(rounds):
            for connections in CONNECTIONS:
                result = harness.wrk("post.lua", system.url, seconds, harness.salt(), connections)
                row.add(f"{connections} connections: POST", "messages/s", result["rate"])
                row.add(f"{connections} connections: p50", "ms", result["p50_ms"])
                row.add(f"{connections} connections: p99", "ms", result["p99_ms"])
                row.add(f"{connections} connections: resident", "MB",
                        harness.status_of(pid)["peak_kib"] * 1024 / 1e6)
                if result["refused"] or result["socket_errors"]:
                    row.note(f"{connections} connections: {result['refused']} refused, "
                             f"{result['socket_errors']} socket errors")
                system.settle()


ROWS = {"rockets": ("cost by rockets", measure_rockets),
        "partitions": ("cost by partitions", measure_partitions),
        "many-connections": ("cost by connections", measure_connections)}
