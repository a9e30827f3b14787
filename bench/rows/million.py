"""Measure a million rockets: a list of the 50 fastest, their memory, and the time of a restart."""
import contextlib
import time

import harness

ROCKETS = 1_000_000
LIST = "/rockets?sort=-speed&limit=50"
LIST_MS, LIST_RATIO = 2, 20
MEMORY_MB, RESTART_SECONDS = 200, 1
LISTS_OF_PEER = 3
REST_SECONDS = 2  # in which a processor gives the memory of a burst back
LISTS_MAX = 2000


def rockets():
    return harness.setting("ROCKETS", ROCKETS)


def load(system):
    """Make the rockets. Return the seconds from their first message until the last one is saved."""
    before = system.applied()
    result = harness.launch(system.url, rockets=rockets(), max_messages=rockets(), batch=1000,
                            concurrency_level=4, new_connections="no", shuffle=0)
    assert result["status"] == 0, result
    system.await_applied(before + rockets())
    return system.settle() - (result["ended"] - result["seconds"])


def load_peer(peer):
    """Send one message a request, as the peer takes no batches."""
    result = harness.launch(peer.url, rockets=rockets(), max_messages=rockets(),
                            concurrency_level=harness.CONNECTIONS, new_connections="no", shuffle=0)
    assert result["status"] == 0, result


def time_lists(row, url, seconds, most):
    """Ask for lists one after the other; return the milliseconds of each."""
    times, deadline = [], time.monotonic() + seconds
    with harness.Client(harness.port_of(url)) as client:
        while len(times) < LISTS_OF_PEER or (time.monotonic() < deadline and len(times) < most):
            started = time.monotonic()
            answer = client.call("GET", LIST)
            if answer.status == 200:
                times.append((time.monotonic() - started) * 1000)
            else:
                row.note(f"a list got {answer.status}, and was asked for again")
    return times


def measure_list(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        system = stack.enter_context(harness.System(folder))
        load(system)
        peer = harness.entered(stack, lambda: harness.go_channel(rockets()), row)
        if peer:
            load_peer(peer)
        for _ in range(rounds):
            times = time_lists(row, system.url, seconds, LISTS_MAX)
            row.add("downlink", "ms (p50)", harness.median(times))
            row.detail("p99_ms", harness.percentile(times, 0.99))
            if peer:
                row.add("go-channel", "ms (p50)", harness.median(time_lists(row, peer.url, 0, 0)))
    row.check_series("downlink", "<=", LIST_MS)
    row.check_ratio("downlink", "go-channel", ">=", LIST_RATIO, inverse=True)


def restart(system, row, how):
    """Stop the processor, or kill it, and measure how soon it answers for all its rockets again."""
    total = system.rockets()
    process = system.processors[0].process
    if how == "killed":
        process.kill()
    else:
        process.terminate()
    process.wait()
    started = time.monotonic()
    system.processors[0] = system.start_processor(system.ports[0])
    system.await_owners()
    assert system.rockets() == total, f"{system.rockets()} of {total} rockets came back"
    row.add(f"to answer, {how}", "s", time.monotonic() - started)
    system.await_ready()
    row.add(f"to /readyz, {how}", "s", time.monotonic() - started)


def measure_memory(row, rounds, seconds):
    del seconds
    for _ in range(rounds):
        with harness.folder() as folder, harness.System(folder) as system:
            load(system)
            time.sleep(REST_SECONDS)
            loaded = harness.status_of(system.processors[0].process.pid)
            row.add("resident, loaded", "MB", loaded["resident_kib"] * 1024 / 1e6)
            row.detail("peak_mb", loaded["peak_kib"] * 1024 / 1e6)
            row.detail("state_mb", sum(path.stat().st_size for path in
                                       (folder / "state").iterdir()) / 1e6)
            for how in ("stopped", "killed"):
                restart(system, row, how)
            again = harness.status_of(system.processors[0].process.pid)
            row.add("resident, restarted", "MB", again["resident_kib"] * 1024 / 1e6)
    values = {name: series["values"] for name, series in row.series.items()}
    row.check("resident, the larger", list(map(max, values["resident, loaded"],
                                               values["resident, restarted"])), "<=", MEMORY_MB)
    row.check("restart, the slower", list(map(max, values["to answer, stopped"],
                                              values["to answer, killed"])), "<=", RESTART_SECONDS)


ROWS = {"list": ("GET the 50 fastest of 1,000,000 rockets", measure_list),
        "memory": ("a processor with 1,000,000 rockets", measure_memory)}
