"""Run a test in its own network, whose addresses are not those of loopback.

All programs that the test starts are in that network too, and only the test can reach them.
"""
import functools
import inspect
import os
import subprocess
import sys

import pytest

SERVER = "192.0.2.1"
CLIENTS = ("192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6")
CLIENTS_6 = ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")  # the first two are one client
NAMESPACES = ("unshare", "--map-root-user", "--net")
INSIDE = "INSIDE_OWN_NETWORK"
SECONDS = 230


def _script():
    addresses = [f"{one}/24" for one in (SERVER, *CLIENTS)] + [f"{one}/64 nodad" for one in CLIENTS_6]
    lines = ["ip link set lo up"] + [f"ip address add {one} dev lo" for one in addresses]
    return " && ".join([*lines, 'exec "$@"'])


def available():
    """Return true if this machine allows such a network."""
    words = [*NAMESPACES, "sh", "-c", _script(), "sh", "true"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def run(words, **options):
    """Run a command in such a network."""
    return subprocess.run([*NAMESPACES, "sh", "-c", _script(), "sh", *words], check=False, **options)


def in_own_network(test):
    """Mark a test that needs such a network: a second pytest runs it there."""
    name = f"{inspect.getfile(test)}::{test.__name__}"

    @functools.wraps(test)
    def wrapper(*arguments, **named):
        if INSIDE in os.environ:
            return test(*arguments, **named)
        if not available():
            pytest.skip("this machine does not allow a network of its own")
        done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name],
                   env={**os.environ, INSIDE: "1"}, capture_output=True, text=True, timeout=SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr
        return None
    return wrapper
