"""Logs: a reader that hangs delays no loop, lost lines are counted, texts of clients are escaped."""
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from downlink import (BIN, IS_SANITIZED, READY_SECONDS, STOP_SECONDS, Client, Pair, free_ports, message,
                      raw, until)

HIDDEN = "\x1b\r\x7f\x9b31m\u0085\u202egnp\u2028next\u2066\ufeff\u200b\U000e0041"
PIPE_BYTES = 4096
PATIENT_STOP_SECONDS = 6


class Piped:
    """A program whose standard error is a small pipe, which the test reads only in drain. With
    is_full there is no room in it from the start."""

    def __init__(self, folder, name, *flags, wrapper=(), is_full=False):
        self.reader, side = os.pipe()
        size = fcntl.fcntl(self.reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        if is_full:
            os.write(side, b"x" * size)
        self.process = subprocess.Popen([*wrapper, BIN / name, *map(str, flags)], stderr=side,
                                        cwd=folder)
        os.close(side)
        self.shown = b""
        self.drainer = None

    def drain(self):
        def read():
            while piece := os.read(self.reader, 65536):
                self.shown += piece
        self.drainer = threading.Thread(target=read, daemon=True)
        self.drainer.start()

    def text(self):
        return self.shown.decode(errors="replace")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.drainer:
            self.drainer.join(READY_SECONDS)
        os.close(self.reader)


@pytest.fixture
def piped(tmp_path):
    """A gateway without processors, which logs every request."""
    port = free_ports(1)
    gateway = Piped(tmp_path, "downlink-gateway", "--listen", f"127.0.0.1:{port}", "--journal", "off",
                    "--log-level", "debug", "--watchdog", "2s", "--workers", 1, "--processors",
                    f"127.0.0.1:{free_ports(3)}")
    gateway.port = port
    until(lambda: answers(port), what="the gateway")
    yield gateway
    gateway.close()


def answers(port):
    try:
        with Client(port) as client:
            return client.call("GET", "/livez").status == 200
    except OSError:
        return False


def metric(port, name):
    with Client(port) as client:
        text = client.call("GET", "/metrics").body.decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])


def test_a_log_that_nobody_reads_holds_no_request_up_and_what_is_lost_is_counted(piped):
    slowest = 0
    lost = "downlink_gateway_log_lines_dropped_total"
    deadline = time.monotonic() + 60
    with Client(piped.port) as client:
        while metric(piped.port, lost) == 0:
            assert time.monotonic() < deadline
            for _ in range(500):
                begun = time.monotonic()
                assert client.call("GET", "/livez?" + "x" * 150).status == 200
                slowest = max(slowest, time.monotonic() - begun)
    assert slowest < 10, "a logged line does not wait for its reader"
    piped.drain()
    until(lambda: "lines of this log were dropped" in piped.text(), what="the line about it")
    assert re.search(r"dropped: its reader took none lines=[1-9]", piped.text())
    lines = piped.text().splitlines()[:-1]
    assert all(re.match(r"\d{4}-\d\d-\d\dT\S+ \w+ +downlink-gateway: ", line) for line in lines)
    assert piped.process.poll() is None, "the watchdog has nothing to do"


def test_a_log_that_nobody_reads_does_not_delay_the_end(piped):
    for _ in range(20):
        raw(piped.port, b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    begun = time.monotonic()
    piped.process.send_signal(signal.SIGTERM)
    assert piped.process.wait(STOP_SECONDS) == 0
    assert time.monotonic() - begun < PATIENT_STOP_SECONDS


def test_the_last_lines_before_the_end_are_written(piped):
    piped.drain()
    piped.process.send_signal(signal.SIGTERM)
    assert piped.process.wait(STOP_SECONDS) == 0
    piped.drainer.join(READY_SECONDS)
    assert piped.text().splitlines()[-1].endswith("downlink-gateway: stopped")


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_a_crash_is_the_last_line(piped, number):
    if IS_SANITIZED and number == signal.SIGSEGV:
        pytest.skip("the sanitizer has a handler of its own")
    piped.drain()
    piped.process.send_signal(number)
    assert piped.process.wait(STOP_SECONDS) == -number
    piped.drainer.join(READY_SECONDS)
    assert f"signal=SIG{signal.Signals(number).name[3:]}" in piped.text().splitlines()[-1]


def test_a_crash_ends_a_program_whose_log_nobody_reads(piped):
    for _ in range(50):
        raw(piped.port, b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    piped.process.send_signal(signal.SIGABRT)
    assert piped.process.wait(STOP_SECONDS) == -signal.SIGABRT


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_is_not_to_be_seen_is_escaped(form, tmp_path):
    port = free_ports(1)
    where = f"no\x1fdirectory=forged-{HIDDEN}\nnext line"
    done = subprocess.Popen([BIN / "downlink-gateway", "--listen", f"127.0.0.1:{port}", "--journal-dir", where,
                             "--log-format", form],
                            stderr=subprocess.PIPE, cwd=tmp_path)
    until(lambda: answers(port), what="the gateway")
    done.send_signal(signal.SIGTERM)
    said = done.communicate(timeout=STOP_SECONDS)[1].decode()
    assert done.returncode == 0
    assert not set(HIDDEN) - set("31mgnpnext") & set(said)
    for escape in ("\\u009b", "\\u0085", "\\u202e", "\\u2028", "\\u2066", "\\ufeff", "\\u200b",
                   "\\udb40\\udc41", "\\u001f"):
        assert escape in said, escape
    for line in said.splitlines():
        assert re.match(r'(\{"time":")?\d{4}-\d\d-\d\dT', line), "a value cannot begin a line"
    if form == "json":
        options = [json.loads(line) for line in said.splitlines()][0]["options"]
        assert where in options
        assert all(json.loads(line).get("directory", where).startswith(where)
                   for line in said.splitlines()), "a value cannot make a pair of its own"


def silent_name_server(folder):
    """A wrapper: the program's name server takes requests and never answers. Skips where a namespace
    of one's own is not allowed."""
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:15 attempts:2\n")
    (folder / "nsswitch.conf").write_text("hosts: dns\n")
    script = ('mount --bind "$0/resolv.conf" "$(readlink -f /etc/resolv.conf)" && '
              'mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf && exec "$@"')
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder)]
    if subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")
    return words


@pytest.fixture
def dead_name_server(tmp_path):
    wrapper = silent_name_server(tmp_path)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind(("127.0.0.1", 53))
        except OSError:
            pytest.skip("port 53 is not to be had")
        yield wrapper, server


@pytest.mark.parametrize("moment", ["start", "later"])
def test_a_name_server_that_never_answers_delays_no_stop(dead_name_server, moment, tmp_path):
    wrapper, server = dead_name_server
    port = free_ports(1)
    gateway = Piped(tmp_path, "downlink-gateway", "--listen", f"127.0.0.1:{port}", "--journal", "off",
                    "--processors", "processor.test:5561", "--insecure", wrapper=wrapper)
    gateway.drain()
    server.settimeout(READY_SECONDS)
    assert server.recv(512), "the name is asked for"
    if moment == "later":
        until(lambda: answers(port), what="the gateway serves all the same")
    begun = time.monotonic()
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(STOP_SECONDS) == 0, gateway.text()
    assert time.monotonic() - begun < PATIENT_STOP_SECONDS
    gateway.close()


def test_a_name_server_that_never_answers_does_not_delay_the_end_of_watch(dead_name_server, tmp_path):
    wrapper, server = dead_name_server
    watch = Piped(tmp_path, "downlink-query", "watch", "--processors", "processor.test:5561",
                  wrapper=wrapper)
    server.settimeout(READY_SECONDS)
    assert server.recv(512), "the name is asked for"
    begun = time.monotonic()
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait(STOP_SECONDS) == 0
    assert time.monotonic() - begun < PATIENT_STOP_SECONDS
    watch.close()


@pytest.mark.parametrize("program,words", [
    ("downlink-query", ["list", "--processors", "processor.test:5561", "--timeout", "300ms"]),
    ("downlink-query", ["ping", "--processors", "one.test:5561,two.test:5561", "--timeout", "300ms"]),
    ("downlink-launch", ["http://gateway.test:8088/messages", "--max-duration", "300ms"])])
def test_a_name_server_that_never_answers_is_waited_for_no_longer_than_was_asked(
        dead_name_server, program, words, tmp_path):
    wrapper, _ = dead_name_server
    begun = time.monotonic()
    done = subprocess.run([*wrapper, BIN / program, *words], capture_output=True, text=True,
                          cwd=tmp_path, timeout=60)
    assert time.monotonic() - begun < PATIENT_STOP_SECONDS
    assert done.returncode == 1, done.stderr
    assert "cannot be resolved" in done.stderr and ".test" in done.stderr


def test_a_processor_whose_log_nobody_reads_goes_on(folder):
    both = Pair(folder)
    both.processor.stop()
    processor = Piped(folder, "downlink-processor", "--port", both.port, "--state-dir", both.state,
                      "--watchdog", "2s", is_full=True)
    try:
        until(lambda: both.post([message("voskhod", 1)]).status == 202)
        both.rocket_when("voskhod", lambda rocket: rocket["messagesApplied"] == 1)
    finally:
        processor.process.send_signal(signal.SIGTERM)
        assert processor.process.wait(STOP_SECONDS) == 0
        processor.close()
        both.gateway.stop()
