"""GET one rocket from 64 keep-alive connections."""
import contextlib

import harness

TARGET = 1.2


def measure(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        system = stack.enter_context(harness.System(folder))
        peer = harness.entered(stack, harness.go_channel, row)
        targets = {"downlink": system.url, **({"go-channel": peer.url} if peer else {})}
        mark = harness.salt()
        for url in targets.values():
            harness.post_rockets_of_get(harness.port_of(url), mark)
        system.settle()
        for _ in range(rounds):
            for who, url in targets.items():
                result = harness.wrk("get.lua", url, seconds, mark)
                row.add(who, "requests/s", result["rate"])
                row.detail(who, result)
                if result["refused"] or result["socket_errors"]:
                    row.note(f"{who}: {result['refused']} refused, "
                             f"{result['socket_errors']} socket errors")
    row.check_ratio("downlink", "go-channel", ">=", TARGET)


ROWS = {"get": ("GET one rocket, 64 connections", measure)}
