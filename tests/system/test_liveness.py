"""A process that hangs ends itself, one that is only paused does not, and systemd is told."""
import contextlib
import signal
import socket
import subprocess
import time

import pytest

from downlink import BIN, channel, message, until

LIMIT = ("--watchdog", "2s")


class Manager:
    """Listens to a process as systemd does."""

    def __init__(self, folder, abstract=False):
        name = f"{folder}/notify-{time.monotonic_ns()}"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name if abstract else name)
        self.environment = {"NOTIFY_SOCKET": "@" + name if abstract else name}
        self.heard = []

    def hear(self, seconds=0.05):
        """All that was said until now, waiting a little for more."""
        self.socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            while True:
                self.heard.append(self.socket.recv(4096).decode())
        return self.heard

    def close(self):
        self.socket.close()


@pytest.fixture(params=[False, True], ids=["path", "abstract"])
def manager(folder, request):
    one = Manager(folder, request.param)
    yield one
    one.close()


@pytest.mark.parametrize("program", ["gateway", "processor"])
def test_systemd_is_told_when_it_is_ready_that_it_lives_and_that_it_stops(start, manager, program):
    both = start(**{program: LIMIT}, environment={
        program: {**manager.environment, "WATCHDOG_USEC": "1000000"}})
    until(lambda: "READY=1" in manager.hear(), what="readiness")
    until(lambda: manager.hear().count("WATCHDOG=1") >= 4, what="signs of life")
    manager.hear()  # the kernel keeps ten words that nobody hears, and the stop of a pair takes its time
    assert getattr(both, program).stop() == 0
    assert [said for said in manager.hear() if said != "WATCHDOG=1"] == ["READY=1", "STOPPING=1"]
    both.stop()


HANGS = [("gateway", "answer-after=sleep:60000"), ("processor", "ack-before=sleep:60000")]


@pytest.mark.parametrize("program,failpoint", HANGS)
def test_systemd_hears_nothing_more_from_a_loop_that_hangs(start, folder, program, failpoint):
    manager = Manager(folder)
    both = start(**{program: ("--watchdog", "0")}, environment={program: {
        **manager.environment, "WATCHDOG_USEC": "2000000", "DOWNLINK_FAILPOINTS": failpoint}})
    until(lambda: "WATCHDOG=1" in manager.hear(), what="a sign of life")
    both.post(message(channel(), 1))
    until(lambda: len(manager.hear(3)) == len(manager.hear(3)), what="silence")
    hung = getattr(both, program)
    assert hung.process.poll() is None
    hung.process.kill()
    both.stop(check=False)
    manager.close()


@pytest.mark.parametrize("program,failpoint", HANGS)
def test_a_loop_that_hangs_ends_the_process_and_nothing_is_lost(start, program, failpoint):
    both = start(**{program: LIMIT},
                environment={program: {"DOWNLINK_FAILPOINTS": failpoint}})
    one = channel()
    assert both.post(message(one, 1)).status == 202
    hung = getattr(both, program)
    assert hung.process.wait(60) == -signal.SIGABRT
    assert "a loop hangs" in hung.text()
    both.environment = {}
    setattr(both, program, getattr(both, "start_" + program)())
    assert both.await_ready()
    assert both.rocket_when(one, lambda r: True)["messagesApplied"] == 1
    both.stop()


@pytest.mark.parametrize("program", ["gateway", "processor"])
def test_a_pause_is_no_hang(start, program):
    both = start(**{program: LIMIT})
    paused = getattr(both, program)
    for _ in range(2):
        paused.send(signal.SIGSTOP)
        time.sleep(3)  # longer than the watchdog waits: what is waited for is that nothing happens
        paused.send(signal.SIGCONT)
        one = channel()
        until(lambda: both.post(message(one, 1)).status == 202, what="an answer")
        both.rocket_when(one, lambda r: True)
    both.stop()


def test_looking_at_a_large_journal_that_was_left_is_no_hang(start):
    both, one = start(), channel()
    other, port = both.start_gateway_beside(
        *LIMIT, environment={"DOWNLINK_FAILPOINTS": "take-over=sleep:4000"})
    both.processor.send(signal.SIGSTOP)
    assert both.post(message(one, 1)).status == 202
    both.gateway.process.kill()
    both.gateway.process.wait()
    both.processor.send(signal.SIGCONT)
    both.gateway, both.http = other, port
    until(lambda: "taking over" in other.text(), what="the end of the look")
    both.rocket_when(one, lambda r: True)
    both.stop()


@pytest.mark.parametrize("program", ["downlink-gateway", "downlink-processor"])
def test_a_limit_that_is_too_short_is_refused(program):
    refused = subprocess.run([BIN / program, "--watchdog", "100ms"], capture_output=True, text=True,
                             timeout=60)
    assert refused.returncode == 2 and "--watchdog" in refused.stderr


def test_a_processor_that_stops_has_left_and_only_one_that_dies_is_silent(start):
    """A scale-down logged a warning for each processor."""
    for number, words, level in ((signal.SIGTERM, "processor has left", " info "),
                                 (signal.SIGKILL, "processor is silent", " warn ")):
        both = start(gateway=("--workers", "1"))  # each worker has a line
        both.processor.send(number)
        [line] = both.gateway.lines_with("silent_ms=")
        assert words in line and level in line
