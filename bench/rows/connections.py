"""The client that the service was made for: three requests at a time, a new connection for each."""
import contextlib

import harness

TARGET = 1.2
MESSAGES = 100000
CLIENTS = 3


def measure(row, rounds, seconds):
    messages = min(harness.setting("CLIENT_MESSAGES", MESSAGES), MESSAGES * seconds)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        system = stack.enter_context(harness.System(folder))
        peer = harness.entered(stack, harness.go_channel, row)
        targets = {"downlink": system.url, **({"go-channel": peer.url} if peer else {})}
        for _ in range(rounds):
            for who, url in targets.items():
                result = harness.launch(url, max_messages=messages, concurrency_level=CLIENTS)
                row.add(who, "messages/s", result["rate"])
                row.detail(who, result)
                if who == "downlink":
                    row.detail("errors", errors(result))
                    system.settle()
    row.check_ratio("downlink", "go-channel", ">=", TARGET)
    row.check("errors", row.details["errors"], "<=", 0)


def errors(result):
    return (result["retries"] + result["timeouts"] + result["connection_errors"]
            + result["messages"] - result["delivered"])


ROWS = {"connections": ("POST one message, a new connection each, 3 clients", measure)}
