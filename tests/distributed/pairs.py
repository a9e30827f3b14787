"""Every bus with PostgreSQL: the state is that of the oracle. `make test` has every bus with SQLite."""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys

from network import ip
from scenario import Fault

TESTS = pathlib.Path(__file__).resolve().parents[1] / "system" / "bus" / "test_links.py"


def pairs_with_postgres(run):
    """run.size times; half of the messages come through a gateway, and half from another program."""
    ip("link", "set", "lo", "up")
    for _ in range(run.size):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-k", "oracle", TESTS],
            env={**os.environ, "DOWNLINK_TEST_STORE": "postgres"}, capture_output=True, text=True, check=False)
        run.say(done.stdout.strip().rsplit("\n", 1)[-1])
        if done.returncode != 0:
            raise Fault(done.stdout + done.stderr)
    return f"{run.size} rounds"
