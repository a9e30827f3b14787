"""Peers that a gateway connects to as to processors, and that send it too much: they take a bounded share."""
import contextlib
import json
import pathlib
import time

import pytest

from downlink import IS_SANITIZED, Client, Program, channel, free_ports, message, until
from kernel import memory_of
from zmtp import PING, Server, flood, frame, part, reset

MIB = 1 << 20
HUGE = b"\x02" + bytes([127]) + bytes(7)  # the head of a part, which is larger than any
KINDS = [b"PULL", b"ROUTER", b"PUB"]  # of a processor's ports


class Gateway:
    """A gateway alone, whose processor is the test."""

    def __init__(self, folder):
        self.port = free_ports(3)
        self.http = free_ports(1)
        self.program = Program(folder, "downlink-gateway", "--journal-dir",
                               pathlib.Path(folder) / f"journal-{self.http}", "--listen", f"127.0.0.1:{self.http}",
                               "--workers", 1, "--processors", f"127.0.0.1:{self.port}")
        until(lambda: "listening" in self.program.text(), what="the gateway")

    def lives(self):
        with Client(self.http) as client:
            return client.call("GET", "/livez").status == 200


@pytest.fixture
def gateway(folder):
    one = Gateway(folder)
    yield one
    one.program.stop()


@pytest.mark.parametrize("size", [0, 1000, 300000])
@pytest.mark.parametrize("place", range(3))
def test_a_message_that_does_not_end_ends_its_connection(gateway, place, size):
    before, ended = memory_of(gateway.program), []
    with Server(gateway.port + place, KINDS[place], lambda one: ended.append(flood(one, part(size), 1000 * MIB))):
        until(lambda: len(ended) >= 4 or False in ended, what="the end of some connections")
    assert all(ended), "a message without end was taken"
    assert IS_SANITIZED or memory_of(gateway.program, "VmHWM") < before + 400 * MIB
    assert gateway.lives()
    if place > 0:  # libzmq itself refuses a part that is too large, and frames are not answered
        assert gateway.program.lines_with("a link was ended whose peer sends too much")


@pytest.mark.parametrize("place", range(3))
def test_a_ping_behind_much_input_and_a_reset_end_no_gateway(gateway, place):
    """libzmq 4.3 aborts when a connection hangs up while its input waits behind a limit, and a PING lies in it."""
    served = []

    def serve(one):
        one.setblocking(False)
        data = (frame(b"ack/") * 8 + PING) * 30000
        stop = time.monotonic() + 1
        while data and time.monotonic() < stop:
            with contextlib.suppress(BlockingIOError):
                data = data[one.send(data):]
        reset(one)
        served.append(one)

    with Server(gateway.port + place, KINDS[place], serve):
        until(lambda: len(served) >= 6 or gateway.program.process.poll() is not None, what="six floods")
    assert gateway.program.process.poll() is None, gateway.program.text()[-1000:]
    assert gateway.lives()


def check_service(gateway, folder):
    """Start a processor. A message comes to it through the gateway, and its rocket back."""
    processor = Program(folder, "downlink-processor", "--port", gateway.port, "--store", "memory")
    one = channel()
    try:
        with Client(gateway.http) as client:
            until(lambda: client.call("GET", "/readyz").status == 200, what="readiness")
            applied = client.call("POST", "/messages", json.dumps(message(one, 1)), Prefer="wait=60")
            assert applied.status == 200, "no frame or no ack came through"
            for path in "/rockets/" + one, "/rockets":
                until(lambda of=path: client.call("GET", of).status == 200, what="a reply")
    finally:
        processor.stop()


def test_a_processor_gets_its_frames_after_a_stranger_had_its_port(gateway, folder):
    """Messages that the gateway never reads stopped its link for good when their connection was reset."""
    served = []

    def serve(one):
        with contextlib.suppress(OSError):
            one.sendall(frame(b"x") * 3000)
        time.sleep(0.2)
        reset(one)
        served.append(one)

    with Server(gateway.port, b"PULL", serve):
        until(lambda: served, what="the flood")
    check_service(gateway, folder)


@pytest.mark.parametrize("greeting", [True, False])
@pytest.mark.parametrize("place", range(2))
def test_a_link_is_made_again_after_a_mistake_of_its_peer(gateway, folder, place, greeting):
    """libzmq itself gives such a link up, and the gateway noticed this only where it heard nothing."""
    served = []

    def serve(one):
        one.sendall(HUGE)
        served.append(one.recv(100000))

    with Server(gateway.port + place, KINDS[place], serve, is_greeting=greeting):
        until(lambda: served, what="the mistake")
    check_service(gateway, folder)
