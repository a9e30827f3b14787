"""Fixtures for tests of whole processes: a time-out for every test, and a pair to talk to."""
import contextlib
import os
import pathlib
import resource
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from downlink import Pair  # noqa: E402
from postgres import Postgres  # noqa: E402
import tls  # noqa: E402

TEST_SECONDS = 240


def pytest_configure():
    """Make the tests independent of the shell that starts them: its limits, its signals, its size, its settings."""
    for number in (signal.SIGHUP, signal.SIGQUIT):  # a run in the background ignores them, with all that it starts
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    kept = ("DOWNLINK_BIN", "DOWNLINK_FLEET_SIZE", "DOWNLINK_FLIGHT", "DOWNLINK_SCREENSHOTS",
            "DOWNLINK_SCREENSHOT_SECONDS", "DOWNLINK_TEST_BUS", "DOWNLINK_TEST_STORE", "DOWNLINK_TLS", "DOWNLINK_UPLOAD_MB",
            "DOWNLINK_WORKERS")
    if tls.IS_EVERYWHERE:
        tls.speak_everywhere()
    for name in list(os.environ):
        if name.startswith("DOWNLINK_") and name not in kept:
            del os.environ[name]
    #  readline, which pytest loads, sets them where os.environ does not see them.
    for name in ("LINES", "COLUMNS"):
        os.environ.pop(name, None)
        os.unsetenv(name)


@pytest.fixture(autouse=True)
def time_out():
    def give_up(*_):
        raise AssertionError(f"the test took longer than {TEST_SECONDS} s")
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory(prefix="downlink-") as path:
        yield path


@pytest.fixture(scope="module")
def pair(folder):
    """One gateway and one processor for all tests of a file; each uses channels of its own."""
    both = Pair(folder)
    yield both
    both.stop()


@pytest.fixture
def start(folder):
    """Start pairs with flags of one's own; they are ended with the test."""
    with contextlib.ExitStack() as stack:
        def start_pair(**flags):
            both = Pair(folder, **flags)
            stack.callback(both.stop, check=False)
            return both
        yield start_pair


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server for all tests of a file; each uses databases of its own."""
    with Postgres().create() as one:
        yield one
