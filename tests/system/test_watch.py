"""downlink-query watch: lines for programs, a table that lives for people, and a clean end."""
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest

from downlink import BIN, channel, free_ports, message, until


class Watch:
    """The program, with its lines read as they come."""

    def __init__(self, pair, *words, processors=None):
        self.program = subprocess.Popen(
            [BIN / "downlink-query", "watch", *words, "--processors",
             processors or f"127.0.0.1:{pair.port}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.kill()
        self.program.wait()
        self.program.stdout.close()
        self.program.stderr.close()

    def rocket(self, wanted=None):
        while True:
            line = self.program.stdout.readline()
            assert line, self.program.stderr.read()
            rocket = json.loads(line)
            if wanted in (None, rocket["id"]):
                return rocket

    def rocket_when(self, wanted, applied):
        while True:
            rocket = self.rocket(wanted)
            if rocket["messagesApplied"] == applied:
                return rocket


def test_what_there_is_comes_first_and_then_what_changes(pair):
    one = channel()
    pair.post(message(one, 1, "RocketLaunched"))
    pair.rocket_when(one, lambda rocket: True)
    with Watch(pair, "--json") as watch:
        assert watch.rocket(one) == pair.rocket(one)
        for number in range(2, 5):
            pair.post(message(one, number))
            assert watch.rocket_when(one, number) == pair.rocket(one)


def test_one_rocket_is_watched_alone_and_waited_for(pair):
    one = channel()
    with Watch(pair, one) as watch:
        pair.post([message(channel(), 1), message(one + "x", 1), message(one, 1)])
        assert watch.rocket() == pair.rocket(one)
        pair.post([message(one + "x", 2), message(one, 2)])
        #  It may come a second time at 1, when the program had to ask again.
        assert watch.rocket_when(None, 2) == pair.rocket(one)


def test_all_pages_are_shown(start):
    both = start()
    rockets = [channel() for _ in range(2500)]
    both.post([message(one, 1) for one in rockets])
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="the saves")
    with Watch(both) as watch:
        shown = set()
        while len(shown) < 2500:
            shown.add(watch.rocket()["id"])
        assert shown == set(rockets)
        both.post(message(rockets[7], 2))
        watch.rocket_when(rockets[7], 2)


def test_a_processor_that_comes_back_is_watched_again(start):
    both = start()
    one = channel()
    both.post(message(one, 1))
    both.rocket_when(one, lambda rocket: True)
    with Watch(both, "--json") as watch:
        watch.rocket_when(one, 1)
        both.processor.send(signal.SIGKILL)
        both.processor.stop()
        both.post(message(one, 2))
        both.processor = both.start_processor()
        watch.rocket_when(one, 2)
        both.post(message(one, 3))
        watch.rocket_when(one, 3)


def test_one_that_does_not_answer_is_told_of_and_waited_for(start):
    both = start()
    silent = free_ports(3)
    with Watch(both, "--json", "--timeout", "200ms",
               processors=f"127.0.0.1:{both.port},127.0.0.1:{silent}") as watch:
        said = watch.program.stderr.readline().decode()
        assert f"127.0.0.1:{silent} does not answer" in said
        one = channel()
        both.post(message(one, 1))
        assert watch.rocket()["id"] == one


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well(pair, number):
    with Watch(pair) as watch:
        pair.post(message(channel(), 1))
        watch.rocket()
        watch.program.send_signal(number)
        assert watch.program.wait(10) == 0
        assert watch.program.stderr.read() == b""


def test_it_ends_when_nobody_reads_any_more(pair):
    with Watch(pair, "--json") as watch:
        one = channel()
        pair.post(message(one, 1))
        watch.rocket(one)
        watch.program.stdout.close()

        def ends():
            ends.number += 1
            pair.post(message(one, ends.number))
            return watch.program.poll() is not None
        ends.number = 1
        until(ends, what="the end")
        assert watch.program.returncode == 0


@pytest.mark.parametrize("words", [["watch", "a", "b"], ["watch", ""], ["watch", "x" * 129]])
def test_wrong_usage_is_explained(words):
    refused = subprocess.run([BIN / "downlink-query", *words], capture_output=True, text=True)
    assert refused.returncode == 2 and "watch" in refused.stderr


class Terminal:
    """The program on a terminal of its own; `screen` shows its contents."""

    def __init__(self, lines, columns, *command):
        self.lines = lines
        self.bytes = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            with contextlib.suppress(OSError):
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
                #  Not execv: readline, which pytest loads, sets LINES past os.environ.
                sizeless = {name: value for name, value in os.environ.items()
                            if name not in ("LINES", "COLUMNS")}
                os.execve(command[0], command, sizeless)
            os._exit(127)

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.bytes += os.read(self.fd, 1 << 16)

    def screen(self):
        """The lines of the last whole picture: each one begins at the top and ends by clearing."""
        self.read(0.05)
        pictures = re.findall(rb"\x1b\[H(.*?)\x1b\[J", self.bytes, re.DOTALL)
        text = pictures[-1].decode() if pictures else ""
        return text.replace("\x1b[K", "").replace("\r", "").splitlines()

    def end(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read(0)
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError("it did not end")


def test_on_a_terminal_it_is_a_table_of_what_fits_the_newest_first(start):
    both = start()
    rockets = [channel() for _ in range(40)]
    both.post([message(one, 1, "RocketLaunched") for one in rockets])
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="the saves")
    terminal = Terminal(20, 100, str(BIN / "downlink-query"), "watch", "--processors",
                        f"127.0.0.1:{both.port}")
    try:
        until(lambda: len(terminal.screen()) == 19, what="a full screen")
        for one in rockets[5], rockets[30]:
            both.post(message(one, 2))
            until(lambda: len(terminal.screen()) > 2 and one in terminal.screen()[2], what="the top")
        screen = terminal.screen()
        assert "1 of 1 processors" in screen[0] and "Ctrl-C" in screen[0]
        assert screen[1].split()[:3] == ["ID", "TYPE", "SPEED"]
        assert "600" in screen[2] and rockets[5] in screen[3]
        assert all(len(line) <= 100 for line in screen)
    finally:
        os.write(terminal.fd, b"\x03")  # Ctrl-C
        status = terminal.end()
    assert status == 0
    assert terminal.bytes.rstrip().endswith(b"\x1b[?25h\x1b[?1049l"), "the terminal is as it was"
