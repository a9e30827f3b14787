"""POST NDJSON, 1,000 messages a request, until the processor has applied the last of them."""
import harness

TARGET = 2_000_000
MESSAGES_A_SECOND = 600_000  # what a run is sized by
BATCH = 1000
CLIENTS = 8
ROCKETS = 8000


def run(system, messages):
    """Returns rates: accepted, applied, and saved as well."""
    before = system.applied()
    result = harness.launch(system.url, max_messages=messages, rockets=ROCKETS, batch=BATCH,
                            concurrency_level=CLIENTS, new_connections="no")
    started = result["ended"] - result["seconds"]
    applied = system.await_applied(before + messages)
    saved = system.settle()
    return {"accepted": result["rate"], "applied": messages / (applied - started),
            "saved": messages / (saved - started), "retries": result["retries"]}


def measure(row, rounds, seconds):
    messages = MESSAGES_A_SECOND * seconds
    with harness.folder() as folder, harness.System(folder) as system:
        for _ in range(rounds):
            result = run(system, messages)
            for name in ("accepted", "applied", "saved"):
                row.add(name, "messages/s", result[name])
            row.detail("retries", result["retries"])
    row.check_series("applied", ">=", TARGET)


ROWS = {"ndjson": ("POST NDJSON, 1,000 messages a request, applied", measure)}
