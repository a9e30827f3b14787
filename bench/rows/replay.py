"""A gateway that died with a full journal: from its next start until all of that is applied."""
import signal
import time

import harness

TARGET = 2_000_000
MESSAGES = 2_000_000
FLAGS = ("--buffer", 20_000_000, "--journal-limit", "8G")


def crash(folder, fill):
    """Fill a journal that nobody acknowledges, and kill both. Returns the ports' system."""
    system = harness.System(folder, gateway=FLAGS)
    with system:
        system.processors[0].send(signal.SIGSTOP)
        messages = fill(system)
    return system, messages


def fill_with_batches(system):
    messages = harness.setting("REPLAY", MESSAGES)
    result = harness.launch(system.url, max_messages=messages, rockets=8000, batch=1000,
                            concurrency_level=8, new_connections="no")
    assert result["status"] == 0, result
    return messages


def fill_with_singles(system):
    result = harness.wrk("post.lua", system.url, 5, harness.salt())
    return result["requests"] - result["refused"]


def replay(system, messages):
    """Start both again; messages a second from the gateway's start to the last one applied."""
    system.processors = [system.start_processor(system.ports[0])]
    system.queries = [harness.Queries(system.ports[0])]
    try:
        system.await_owners()
        before = system.applied()
        assert before == 0, f"{before} messages were applied by a processor that was stopped"
        started = time.monotonic()
        system.gateway = system.start_gateway()
        rate = messages / (system.await_applied(messages) - started)
        system.check()
        return rate
    finally:
        system.__exit__()


def measure(row, rounds, seconds):
    del seconds
    for _ in range(rounds):
        for who, fill in (("from 1,000 a request", fill_with_batches),
                          ("from one a request", fill_with_singles)):
            with harness.folder() as folder:
                system, messages = crash(folder, fill)
                row.add(who, "messages/s", replay(system, messages))
                row.detail(who, messages)
    row.check_series("from 1,000 a request", ">=", TARGET)


ROWS = {"replay": ("journal replay after a crash, until applied", measure)}
