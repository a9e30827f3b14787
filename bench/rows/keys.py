"""Measure the same load with keys on the links (CURVE) and without, in turn."""
import contextlib

import harness
from keys import Keys
from rows import ndjson

TARGET = 0.9


@contextlib.contextmanager
def systems():
    """Return two systems, by name."""
    with contextlib.ExitStack() as stack:
        both = {}
        for name in ("plain", "keys"):
            folder = stack.enter_context(harness.folder())
            keys = Keys(folder / "keys") if name == "keys" else None
            both[name] = stack.enter_context(harness.System(folder, keys=keys))
        yield both


def measure_post(row, rounds, seconds):
    with systems() as both:
        harness.measure_posts(row, both, rounds, seconds)
    row.check_ratio("keys", "plain", ">=", TARGET)


def measure_get(row, rounds, seconds):
    mark = harness.salt()
    with systems() as both:
        for system in both.values():
            harness.post_rockets_of_get(system.http, mark)
            system.settle()
        for _ in range(rounds):
            for name, system in both.items():
                result = harness.wrk("get.lua", system.url, seconds, mark)
                row.add(name, "requests/s", result["rate"])
                row.detail(name, result)
    row.check_ratio("keys", "plain", ">=", TARGET)


def measure_ndjson(row, rounds, seconds):
    with systems() as both:
        for _ in range(rounds):
            for name, system in both.items():
                row.add(name, "messages/s", ndjson.run(system, ndjson.MESSAGES_A_SECOND * seconds)["applied"])
    row.check_ratio("keys", "plain", ">=", TARGET)


ROWS = {"keys-post": ("POST one message, 64 connections, keys on the links and none", measure_post),
        "keys-get": ("GET one rocket, 64 connections, keys on the links and none", measure_get),
        "keys-ndjson": ("POST NDJSON, 1,000 messages a request, applied, keys on the links and none", measure_ndjson)}
