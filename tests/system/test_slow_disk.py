"""The disk of a gateway's journal becomes slow, or stalls: that delays writers, and at most one turn of the
loop for all others."""
import itertools
import re
import threading
import time

import pytest

from downlink import DISK_SHIM, channel, message, until

WARM = 150  # messages one after the other: more than enough quick commits in a row
DELAYS = (0.005, 0.5, 4)
DELAYED_SECONDS = 1
MARGIN = 1  # for a busy machine


class SlowDisk:
    """A pair whose gateway, of one worker, syncs its journal as slowly as the test asks."""

    def __init__(self, start, path):
        self.path = path / "delay"
        self.path.write_text("0")
        self.both = start(gateway=("--workers", "1", "--watchdog", "2s"))
        self.both.gateway.process.kill()
        self.both.gateway.process.wait()
        self.both.environment["gateway"] = {"LD_PRELOAD": str(DISK_SHIM), "DISK_SHIM_UNDER": str(self.both.journal),
                                            "DISK_SHIM_DELAY": str(self.path)}
        self.both.gateway = self.both.start_gateway()
        assert self.both.await_ready()
        self.channel = channel()
        self.numbers = itertools.count(1)

    def delay(self, seconds):
        self.path.write_text(str(int(seconds * 1e6)))

    def post(self, count=1):
        for _ in range(count):
            assert self.both.post(message(self.channel, next(self.numbers), by=1)).status == 202

    def rounds(self):
        """Return the numbers of rounds: all of them, and those that the loop wrote itself."""
        text = self.both.call("GET", "/metrics").body.decode()
        return [int(re.search(rf"^downlink_gateway_{name} (\d+)", text, re.MULTILINE).group(1))
                for name in ("journal_duration_seconds_count", "journal_quick_rounds_total")]

    def became_quick(self):
        """Return whether the loop writes the rounds of a few messages itself."""
        before = self.rounds()
        self.post(WARM)
        after = self.rounds()
        return after[1] - before[1] > WARM / 4


@pytest.fixture
def disk(start, tmp_path):
    if not DISK_SHIM.exists():
        pytest.skip("this build has no disk shim")
    return SlowDisk(start, tmp_path)


def test_the_loop_writes_the_journal_while_the_disk_is_quick(disk):
    until(disk.became_quick, 120, "a quick disk")
    disk.delay(0.003)
    disk.post()
    before = disk.rounds()
    disk.post(20)
    after = disk.rounds()
    assert after[0] - before[0] >= 20 and after[1] == before[1], "a slow disk is left to the thread"
    disk.delay(0)
    until(disk.became_quick, what="a quick disk again")


@pytest.mark.parametrize("delay", DELAYS)
def test_a_slow_disk_delays_writers_and_one_turn_of_the_loop(disk, delay):
    until(disk.became_quick, 120, "a quick disk")
    disk.delay(delay)
    before = disk.rounds()
    writers = [threading.Thread(target=disk.post) for _ in range(3)]
    for writer in writers:
        writer.start()
    late = 0
    ends = time.monotonic() + delay + DELAYED_SECONDS
    while time.monotonic() < ends:
        began = time.monotonic()
        assert disk.both.call("GET", "/livez").status == 200
        assert disk.both.rocket(disk.channel)["id"] == disk.channel
        took = time.monotonic() - began
        assert took < delay + MARGIN
        late += took > delay / 2 + MARGIN
        time.sleep(0.01)
    after = disk.rounds()
    assert late <= 1 and after[1] - before[1] <= 1, "after the first slow commit the thread waits for the disk"
    assert after[0] > before[0]
    disk.delay(0)
    for writer in writers:
        writer.join()
    posted = next(disk.numbers) - 1
    disk.both.rocket_when(disk.channel, lambda rocket: rocket["messagesApplied"] == posted)
    assert disk.both.gateway.process.poll() is None
