"""Real buses for the tests of this folder, each started once and shared by all tests of a run.

DOWNLINK_TEST_BUS names the one to test; without it all are tested. DOWNLINK_TEST_STORE is the store of their processors:
sqlite or postgres.
"""
# SPDX-License-Identifier: Apache-2.0
import contextlib
import os
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from buses import BUSES, PARTITIONS  # noqa: E402
from lone_processor import LoneProcessor  # noqa: E402
from postgres import Postgres  # noqa: E402

WANTED = os.environ.get("DOWNLINK_TEST_BUS")
STORE = os.environ.get("DOWNLINK_TEST_STORE", "sqlite")


def pytest_ignore_collect(collection_path):
    """A file with the name of a bus is about that one alone."""
    of = collection_path.stem.split("_")[1:2]
    return True if WANTED and of and of[0] in BUSES and of[0] != WANTED else None


@pytest.fixture(scope="session")
def buses():
    """A function that returns the bus of a name."""
    with contextlib.ExitStack() as stack:
        running = {}

        def bus_of(name):
            if name not in running:
                running[name] = stack.enter_context(BUSES[name]())
            return running[name]
        yield bus_of


@pytest.fixture(params=[WANTED] if WANTED else list(BUSES))
def bus(request, buses):
    return buses(request.param)


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server; each test that needs it has a database of its own."""
    with Postgres().create() as one:
        yield one


@pytest.fixture
def new_database(request):
    """A function that returns the address of a database for a new state."""
    def make():
        server = request.getfixturevalue("server")
        name = f"db{time.monotonic_ns()}"
        server.query(f"CREATE DATABASE {name} OWNER downlink", "postgres")
        return server.url(database=name)
    return make


@pytest.fixture
def topic():
    """The name of a topic, or the beginning of names of queues, that no other test uses. Processors make them."""
    return f"t{time.monotonic_ns()}"


@pytest.fixture
def over(start, bus, topic, new_database):
    """Start pairs that use the bus and the topic, on the store to test."""
    def start_over(gateway=(), processor=(), ordering="converge", may_fail=False):
        flags = bus.flags(topic, ordering, may_fail)
        store = ("--store", new_database()) if STORE == "postgres" else ()
        return start(gateway=(*flags, *gateway), processor=(
            *flags, "--partitions", PARTITIONS, "--ordering", ordering, *store, *processor))
    return start_over


@pytest.fixture
def alone(tmp_path, bus, topic, new_database):
    """Start processors without a gateway that read the topic, on one state. They are ended with the test."""
    started = []
    store = ("--store", new_database()) if STORE == "postgres" else ()

    def start_alone(*flags, failpoints=""):
        started.append(LoneProcessor(tmp_path, *bus.flags(topic), *store, *flags, partitions=PARTITIONS,
                                     state=tmp_path / "state", failpoints=failpoints))
        return started[-1]
    yield start_alone
    for one in started:
        one.kill()
