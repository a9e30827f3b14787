"""The programs that tests start end with the tests, however these end."""
# SPDX-License-Identifier: Apache-2.0
import pathlib
import signal
import subprocess
import sys

import pytest

from downlink import until
from kernel import is_alive

SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"
TESTS = """
import sys, time
sys.path.insert(0, sys.argv[1])
from bound_process import BoundProcess
print(*(BoundProcess(["sleep", "1000"]).pid for _ in range(3)), flush=True)
{end}
"""
ENDS = {"failure": ("raise SystemExit(1)", 1), "kill": ("time.sleep(1000)", -signal.SIGKILL)}


@pytest.mark.parametrize("end, status", ENDS.values(), ids=ENDS)
def test_a_program_ends_with_the_tests_that_started_it(end, status):
    with subprocess.Popen([sys.executable, "-c", TESTS.format(end=end), SUPPORT], stdout=subprocess.PIPE,
                          text=True) as tests:
        programs = [int(number) for number in tests.stdout.readline().split()]
        assert len(programs) == 3
        if status < 0:
            assert all(map(is_alive, programs))
            tests.send_signal(-status)
        assert tests.wait(60) == status
    until(lambda: not any(map(is_alive, programs)), what="the end of the programs")
