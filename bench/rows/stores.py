"""--store=postgres beside --store=sqlite, on the same disk and the same cores as the database."""
import contextlib
import time

import harness
from postgres import Missing, Postgres
from rows import million

RATIO_TARGET, SAVED_TARGET, SQLITE_SAVED_TARGET = 0.8, 50_000, 200_000
#  As a server of this size would be set up; everything else as Debian's package does it.
SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB", "min_wal_size": "1GB"}


def enter_server(stack):
    try:
        return stack.enter_context(Postgres(settings=SETTINGS).create())
    except Missing as why:
        raise harness.Skip(str(why)) from None


def measure_post(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        server = enter_server(stack)
        systems = {name: stack.enter_context(harness.System(stack.enter_context(harness.folder()),
                                                            processor=("--store", store)))
                   for name, store in (("sqlite", "sqlite"), ("postgres", server.url()))}
        harness.measure_posts(row, systems, rounds, seconds)
    row.check_ratio("postgres", "sqlite", ">=", RATIO_TARGET)


def measure_rockets(row, rounds, seconds):
    del seconds
    for _ in range(rounds):
        with contextlib.ExitStack() as stack:
            server = enter_server(stack)
            for name, store in (("sqlite", "sqlite"), ("postgres", server.url())):
                with harness.folder() as folder, harness.System(folder, processor=("--store", store)) as system:
                    row.add(f"{name}, saved", "rockets/s", million.rockets() / million.load(system))
                    system.processors[0].stop()
                    started = time.monotonic()
                    system.processors[0] = system.start_processor(system.ports[0])
                    system.await_owners()
                    row.add(f"{name}, restart to answer", "s", time.monotonic() - started)
            row.add("postgres, size of the database", "MB", int(server.query(
                "SELECT pg_database_size ('downlink')")[0][0]) / 1e6)
    row.check_series("postgres, saved", ">=", SAVED_TARGET)
    row.check_series("sqlite, saved", ">=", SQLITE_SAVED_TARGET)


ROWS = {"stores": ("POST one message, 64 connections, by store", measure_post),
        "stores-rockets": ("1,000,000 new rockets, by store", measure_rockets)}
