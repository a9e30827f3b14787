"""The client that the service was made for: three requests at a time, a new connection for each; by --journal."""
import contextlib

import harness
from rows import durable

OS_TARGET = 1.0  # x go-channel
SYNCS_TARGET = 1.5  # more than without a journal, for the answer in the middle
#  Fewer than there are ports: a client leaves one for each, and rests when it has none.
MESSAGES = 25000
CLIENTS = 3
JOURNALS = ("fsync", "os", "off")


def measure(row, rounds, seconds):
    messages = min(harness.setting("CLIENT_MESSAGES", MESSAGES), MESSAGES * seconds)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        systems = {f"journal={journal}": stack.enter_context(
            harness.System(stack.enter_context(harness.folder()), gateway=("--journal", journal)))
            for journal in JOURNALS}
        peer = harness.entered(stack, harness.go_channel, row)
        targets = {**systems, **({"go-channel": peer} if peer else {})}
        over = []
        for _ in range(rounds):
            middle = {}
            for who, target in targets.items():
                result = harness.launch(target.url, max_messages=messages, concurrency_level=CLIENTS)
                middle[who] = result["p50_ms"]
                row.add(who, "messages/s", result["rate"])
                row.detail(who, result)
                if who in systems:
                    row.detail("errors", errors(result))
                    target.settle()
            sync_ms = durable.syncs(folder)["existing"] / 1000
            over.append((middle["journal=fsync"] - middle["journal=off"]) / sync_ms)
    row.check_ratio("journal=os", "go-channel", ">=", OS_TARGET)
    row.check("p50 over journal=off, fdatasyncs", over, "<=", SYNCS_TARGET)
    row.check("errors", row.details["errors"], "<=", 0)


def errors(result):
    return (result["retries"] + result["timeouts"] + result["connection_errors"]
            + result["messages"] - result["delivered"])


ROWS = {"connections": ("POST one message, a new connection each, 3 clients", measure)}
