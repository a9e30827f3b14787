"""POST one message a request from 64 keep-alive connections, every 202 fsynced."""
import contextlib

import harness

GO_TARGET, CEILING_TARGET = 1.3, 0.8


def measure(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        system = stack.enter_context(harness.System(folder))
        peers = {name: harness.entered(stack, make, row) for name, make in
                 (("go-channel", harness.go_channel), ("ceiling", harness.ceiling))}
        targets = {"downlink": system.url,
                   **{name: peer.url for name, peer in peers.items() if peer}}
        pids = {"gateway": system.gateway.process.pid, "processor": system.processors[0].process.pid}
        for _ in range(rounds):
            for who, url in targets.items():
                before = {name: harness.cpu_seconds(pid) for name, pid in pids.items()}
                result = harness.wrk("post.lua", url, seconds, harness.salt())
                row.add(who, "messages/s", result["rate"])
                row.detail(who, result)
                if result["refused"] or result["socket_errors"]:
                    row.note(f"{who}: {result['refused']} refused, "
                             f"{result['socket_errors']} socket errors")
                if who == "downlink":
                    settle(row, system, result, before, pids)
    row.check_ratio("downlink", "go-channel", ">=", GO_TARGET)
    row.check_ratio("downlink", "ceiling", ">=", CEILING_TARGET)


def settle(row, system, result, before, pids):
    """Wait until nothing is left of this run, before the next one starts."""
    ended = harness.time.monotonic()
    row.detail("saved_after_s", system.settle() - ended)
    for name, pid in pids.items():
        used = [now - then for now, then in zip(harness.cpu_seconds(pid), before[name])]
        row.detail(f"{name}, us of a core a message: user, kernel",
                   [round(part / result["requests"] * 1e6, 2) for part in used])


ROWS = {"post": ("POST one message, 64 connections, journal=fsync", measure)}
