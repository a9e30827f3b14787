"""Fixtures: a time-out for every test, and servers that are gone after it."""
import pathlib
import signal
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "chaos"), str(TESTS / "support")]
from postgres import Postgres  # noqa: E402

TEST_SECONDS = 240


@pytest.fixture(autouse=True)
def time_out():
    def give_up(*_):
        raise AssertionError(f"the test took longer than {TEST_SECONDS} s")
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)


@pytest.fixture
def new_server():
    """Make servers of one's own; `create` or `copy` starts them."""
    servers = []

    def new(**options):
        servers.append(Postgres(name=f"server{len(servers)}", **options))
        return servers[-1]
    yield new
    for server in reversed(servers):
        server.close()
