"""Starts real gateways and processors for a test, talks to them, and ends only what it started.

Every program gets ports and a folder of its own, so test files can run side by side.
"""
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import time

import tls
from bound_process import BoundProcess
from kernel import is_stopped

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("DOWNLINK_BIN", ROOT / "build" / "bin")).resolve()
DISK_SHIM = BIN.parent / "tests" / "libdisk-shim.so"
IS_SANITIZED = not DISK_SHIM.exists()  # then all is slow, and memory that is freed is kept
READY_SECONDS = 60  # for a machine that is busy, or a sanitizer
STOP_SECONDS = 30
WORKERS = int(os.environ.get("DOWNLINK_WORKERS") or max(1, len(os.sched_getaffinity(0)) // 2))  # of a gateway, by default
RESERVED = collections.deque()  # sockets, the oldest first
RESERVED_MAX = 512
LAUNCH_TIME = "2022-02-02T19:39:05.86337+01:00"


def reserve_port(port):
    """Keep other tests from a port for a while. Return false if one of them has reserved it."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0downlink-test-port-{port}")  # a name that ends with this process
    except OSError:
        mark.close()
        return False
    RESERVED.append(mark)
    if len(RESERVED) > RESERVED_MAX:
        RESERVED.popleft().close()
    return True


def is_free(port):
    """Return whether no program uses a port."""
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


def free_ports(count, lowest=20000, highest=32000):
    """Return the first of `count` neighbouring ports that no program uses and no other test has reserved. A port is
    reserved before it is probed, as a probe has it for a moment: a program of another test may start there just then."""
    while True:
        first = random.SystemRandom().randrange(lowest, highest)
        ports = range(first, first + count)
        if all(map(reserve_port, ports)) and all(map(is_free, ports)):
            return first


def until(condition, seconds=READY_SECONDS, what="the condition"):
    """Wait until the condition gives something true, and return it."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.01)


class Program:
    """One process, with its log in a file."""

    def __init__(self, folder, name, *flags, environment=None, wrapper=()):
        """wrapper: a command to run it under, for example valgrind."""
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}-{time.monotonic_ns()}.log"
        with open(self.log, "wb") as log:
            self.process = BoundProcess(
                [*wrapper, BIN / name, *map(str, flags)], stderr=log, stdout=log, cwd=folder,
                env={**os.environ, **(environment or {})})

    def text(self):
        return self.log.read_text(errors="replace")

    def lines_with(self, words):
        """Wait until the log has a line with these words, as a thread writes it; return all that have."""
        def look():
            return [line for line in self.text().splitlines() if words in line]
        return until(look, what=f"a line of {self.name} with {words!r}")

    def send(self, number):
        """Send a signal. After SIGSTOP, return when the program does nothing any more."""
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            until(lambda: is_stopped(self.process.pid), what=f"{self.name}, stopped")

    def stop(self, number=signal.SIGTERM):
        """End it in the ordinary way; return its exit status."""
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.send(number)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not stop\n{self.text()}") from None


class Pair:
    """A processor and a gateway that is ready. environment: more of it, by "gateway", "processor"."""

    def __init__(self, folder, gateway=(), processor=(), environment=None):
        self.folder = folder
        self.environment = environment or {}
        self.gateway_flags = gateway
        self.processor_flags = processor
        for _ in range(5):
            self.port = free_ports(3)
            self.http = free_ports(1)
            self.journal = pathlib.Path(folder) / f"journal-{self.http}"
            self.state = pathlib.Path(folder) / f"state-{self.port}"
            self.processor = self.start_processor()
            self.gateway = self.start_gateway()
            if self.await_ready():
                return
            self.stop(check=False)
        raise AssertionError("no pair became ready\n" + self.gateway.text() + self.processor.text())

    def start_processor(self):
        return Program(self.folder, "downlink-processor", "--port", self.port, "--state-dir",
                       self.state, *self.processor_flags,
                       environment=self.environment.get("processor"))

    def tls_flags(self):
        if not tls.IS_EVERYWHERE or "--tls-cert" in self.gateway_flags:
            return []
        tls.PORTS.add(self.http)
        return tls.Identity.flags()

    def start_gateway(self):
        return Program(self.folder, "downlink-gateway", "--journal-dir", self.journal, "--listen",
                       f"127.0.0.1:{self.http}", "--processors", f"127.0.0.1:{self.port}",
                       *self.tls_flags(), *self.gateway_flags, environment=self.environment.get("gateway"))

    def start_gateway_beside(self, *flags, environment=None, port=None):
        """Another gateway on the same journal directory. Return it and its port."""
        port = port or free_ports(1)
        other = Program(self.folder, "downlink-gateway", "--journal-dir", self.journal, "--listen",
                        f"127.0.0.1:{port}", "--processors", f"127.0.0.1:{self.port}", *flags,
                        environment=environment)
        until(lambda: "listening" in other.text(), what="the other gateway")
        return other, port

    def workers(self):
        """Return the number of workers of the gateway."""
        flags = [str(flag) for flag in self.gateway_flags]
        place = len(flags) - flags[::-1].index("--workers") if "--workers" in flags else None
        return int(flags[place]) if place else WORKERS

    def by_all_workers(self, condition):
        """Return true if a condition holds for every worker. Each look is a new connection, of whichever worker, so
        with more than one there are enough looks to meet all of them."""
        looks = 1 if self.workers() == 1 else 8 * self.workers()
        return all(condition() for _ in range(looks))

    def await_ready(self):
        """Wait until every worker knows all owners. Return false if a program ends, or that takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.gateway.process.poll() is not None or self.processor.process.poll() is not None:
                return False
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.by_all_workers(lambda: self.call("GET", "/readyz").status == 200):
                    return True
            time.sleep(0.02)
        return False

    def stop(self, check=True):
        """End both, and see that they ended well."""
        try:
            gateway = self.gateway.stop()
        finally:
            processor = self.processor.stop()
        if check:
            logs = self.gateway.text() + self.processor.text()
            assert [gateway, processor] == [0, 0], f"exit statuses {[gateway, processor]}\n{logs}"

    def client(self):
        return Client(self.http)

    def call(self, method, target, body=None, **fields):
        with self.client() as client:
            return client.call(method, target, body, **fields)

    def post(self, messages, **fields):
        return self.call("POST", "/messages", json.dumps(messages), **fields)

    def rocket(self, channel):
        answer = self.call("GET", "/rockets/" + channel)
        return answer.json() if answer.status == 200 else None

    def rocket_when(self, channel, condition):
        """The rocket, once the condition holds for it: a 202 is answered before it is applied."""
        def look():
            rocket = self.rocket(channel)
            return rocket if rocket and condition(rocket) else None
        return until(look, what=f"the state of {channel}")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Client:
    """A keep-alive connection."""

    def __init__(self, port, host="127.0.0.1", timeout=90):
        self.connection = http.client.HTTPConnection(host, port, timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def call(self, method, target, body=None, **fields):
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        self.connection.request(method, target, body, headers)
        return Answer(self.connection.getresponse())


def raw(port, data, seconds=60, is_ending=False):
    """Send bytes as they are, then the end of them if is_ending. Return all that comes back until the
    server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(data)
        if is_ending:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while True:
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                return received
            if not piece:
                return received
            received += piece


def channel():
    """An id that no other test uses."""
    return "%032x" % random.getrandbits(128)


def message(of, number, kind="RocketSpeedIncreased", time_text=LAUNCH_TIME, **body):
    if not body:
        body = {"RocketLaunched": {"type": "Falcon-9", "launchSpeed": 500, "mission": "ARTEMIS"},
                "RocketSpeedIncreased": {"by": 100}, "RocketSpeedDecreased": {"by": 100},
                "RocketExploded": {"reason": "PRESSURE_VESSEL_FAILURE"},
                "RocketMissionChanged": {"newMission": "SHUTTLE_MIR"}}[kind]
    return {"metadata": {"channel": of, "messageNumber": number, "messageTime": time_text,
                         "messageType": kind}, "message": body}
