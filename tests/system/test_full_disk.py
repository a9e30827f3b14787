"""The disk of a gateway's journal is full: clients, probes and operators learn so, and the gateway
recovers when there is room."""
import json
import os
import subprocess
import time

import pytest

from downlink import BIN, Pair, Program, channel, message, until

SHIM = BIN.parent / "tests" / "libdisk-shim.so"
DISK = "size=8m,mode=0700"


class SmallDisk(Pair):
    """A pair whose gateway has its journal on a small file system of its own, in its mount namespace."""

    def start_gateway(self):
        self.disk = self.journal
        self.disk.mkdir(exist_ok=True)
        words = ["unshare", "--map-root-user", "--mount", "sh", "-c",
                 f'mount -t tmpfs -o {DISK} none "$0" && shift 0 && exec "$@"', str(self.disk)]
        return Program(self.folder, "downlink-gateway", "--journal-dir", self.disk / "kept", "--listen",
                       f"127.0.0.1:{self.http}", "--processors", f"127.0.0.1:{self.port}", "--workers", 1,
                       wrapper=words)

    def filler(self):
        return f"/proc/{self.gateway.process.pid}/root{self.disk}/filler"

    def fill(self):
        with open(self.filler(), "wb") as file:
            left = os.statvfs(file.fileno())
            file.write(bytes(left.f_bavail * left.f_frsize - 512 * 1024))

    def make_room(self):
        os.unlink(self.filler())


def can_mount(folder):
    words = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", folder]
    return subprocess.run(words, capture_output=True).returncode == 0


@pytest.fixture
def both(folder):
    if not can_mount(folder):
        pytest.skip("no mount namespaces here")
    pair = SmallDisk(folder)
    yield pair
    pair.stop()


def gauge(both):
    text = both.call("GET", "/metrics").body.decode()
    [line] = [line for line in text.splitlines() if line.startswith("downlink_gateway_disk_full_workers ")]
    return float(line.split()[1])


def refused_at_once(answer, begun):
    assert time.monotonic() - begun < 3  # with a buffer that is full it takes five
    assert answer.status == 503 and answer.headers["Retry-After"] == "1"
    assert answer.json()["type"] == "urn:downlink:problem:disk-full"


def test_a_full_disk_is_said_at_once_and_passes_by_itself(both):
    one = channel()
    assert both.post(message(one, 1), Prefer="wait=60").status == 200
    both.fill()
    until(lambda: gauge(both) == 1, what="the metric")
    begun = time.monotonic()
    refused_at_once(both.post(message(one, 2)), begun)
    lines = "\n".join(json.dumps(message(one, number)) for number in range(2, 3000)) + "\n"
    begun = time.monotonic()
    refused_at_once(both.call("POST", "/messages", lines, **{"Content-Type": "application/x-ndjson"}), begun)
    ready = both.call("GET", "/readyz")
    assert ready.status == 503 and ready.json()["detail"].startswith("the disk of the journal is full")
    assert both.call("GET", "/stats").json()["isJournalDiskFull"] is True
    assert both.call("GET", f"/rockets/{one}").status == 200  # queries are answered all the while
    [line, *_] = both.gateway.lines_with("no room for the journal")
    assert 'advice="the disk is full: make room on it' in line
    both.make_room()
    until(lambda: both.call("GET", "/readyz").status == 200, what="readiness")
    assert both.post(message(one, 2), Prefer="wait=60").status == 200
    until(lambda: gauge(both) == 0, what="the metric")
    assert both.call("GET", "/stats").json()["isJournalDiskFull"] is False
    both.gateway.lines_with("there is room for the journal again")


def test_a_write_that_fails_for_want_of_room_is_called_that_too(start, folder):
    """As with a quota: the disk has room, and its writes fail. The journal's own numbers tell nothing then."""
    if not SHIM.exists():
        pytest.skip("this build has no disk shim")
    both = start(gateway=("--workers", 1), environment={"gateway": {
        "LD_PRELOAD": str(SHIM), "DISK_SHIM_UNDER": str(folder), "DISK_SHIM_FAULT": "pwrite:ENOSPC:60:always"}})
    one = channel()

    def refusal():
        answer = both.post(message(one, next(numbers)))
        return answer if answer.status != 202 else None
    numbers = iter(range(1, 10000))
    answer = until(refusal, what="a refusal")
    assert answer.status == 503 and answer.json()["type"] == "urn:downlink:problem:disk-full"
    [line, *_] = both.gateway.lines_with("cannot write a file")
    assert "the disk is full: make room on it" in line
    both.stop(check=False)


def test_a_processor_that_cannot_save_stops_soon_and_loses_nothing(start, folder):
    if not SHIM.exists():
        pytest.skip("this build has no disk shim")
    both = start(environment={"processor": {"LD_PRELOAD": str(SHIM), "DISK_SHIM_UNDER": str(folder),
                                            "DISK_SHIM_FAULT": "pwrite:ENOSPC:400:always"}})
    one = channel()
    count = 0
    while "cannot write a file" not in both.processor.text():
        count += 1
        assert both.post(message(one, count)).status == 202
    begun = time.monotonic()
    assert both.processor.stop() == 0
    assert time.monotonic() - begun < 5  # a drain takes up to eight seconds when saves succeed
    lines = both.processor.lines_with("stopping with frames that are not saved")
    assert "the gateways keep them" in lines[0]
    for line in both.processor.lines_with("cannot write a file"):
        assert "the disk is full: make room on it" in line
    both.environment = {}
    both.processor = both.start_processor()
    both.rocket_when(one, lambda rocket: rocket["messagesApplied"] == count)
