"""Untrusted peers on a processor's ZeroMQ ports: they hold a bounded share, and delay no other peer."""
import collections
import contextlib
import ctypes
import json
import os
import pathlib
import socket
import struct
import threading
import time

import msgpack
import pytest
import zmq

from downlink import IS_SANITIZED, Client, Pair, Program, channel, free_ports, message, until
from kernel import cpu_seconds, memory_of, unread_bytes, worked_ns
from zmtp import GREETING, PING, frame, is_ended, part, ready, send_for_ever, stranger

MIB = 1 << 20


def stats(pair):
    with zmq.Context() as context, context.socket(zmq.REQ) as ask:
        ask.setsockopt(zmq.LINGER, 0)
        ask.setsockopt(zmq.RCVTIMEO, 60000)
        ask.connect(f"tcp://127.0.0.1:{pair.port + 1}")
        ask.send(msgpack.packb({"op": "stats"}))
        return msgpack.unpackb(ask.recv())["stats"]


@pytest.fixture
def subscriber(pair):
    """A plain SUB that listens to all rockets, as is known by a sync."""
    with zmq.Context() as context, context.socket(zmq.SUB) as one:
        one.setsockopt(zmq.LINGER, 0)
        one.setsockopt(zmq.RCVTIMEO, 60000)
        one.setsockopt(zmq.SUBSCRIBE, b"rocket/")
        one.setsockopt(zmq.SUBSCRIBE, b"sync/" + channel().encode())
        one.connect(f"tcp://127.0.0.1:{pair.port + 2}")
        one.recv_multipart()
        yield one


def hears(pair, subscriber):
    """Wait until the subscriber hears of a new rocket."""
    one = channel()
    assert pair.post(message(one, 1)).status == 202
    while subscriber.recv_multipart()[0] != b"rocket/" + one.encode():
        pass
    return True


@pytest.mark.parametrize("topic", [b"rocket/", b"", b"rocket"])
def test_a_forged_unsubscription_silences_nobody(pair, subscriber, topic):
    with stranger(pair.port + 2) as one:
        one.sendall(frame(b"\0" + topic) * 3)
        one.sendall(frame(b"\1sync/" + channel().encode()))
        assert one.recv(1), "what came before it has been taken in"
        assert hears(pair, subscriber)
        one.sendall(frame(b"\1" + topic) + frame(b"\0" + topic) * 2)
        one.sendall(frame(b"\1sync/" + channel().encode()))
        assert one.recv(1)
        assert hears(pair, subscriber)
    assert hears(pair, subscriber), "nor does the end of the stranger"


def test_a_million_subscriptions_end_their_connection_and_nobody_elses(pair, subscriber):
    before, ended = memory_of(pair.processor), stats(pair)["subscribersEnded"]
    many = b"".join(frame(b"\1rocket/%07d-%07d" % (number * 7919 % 1000003, number))
                    for number in range(1_000_000))
    with stranger(pair.port + 2) as one, contextlib.suppress(OSError):
        one.settimeout(10)
        one.sendall(many)
        while one.recv(65536):
            pass
    until(lambda: stats(pair)["subscribersEnded"] > ended, what="the end of the stranger")
    assert hears(pair, subscriber)
    if not IS_SANITIZED:
        assert memory_of(pair.processor, "VmHWM") < before + 60 * MIB, "what it took is bounded, at any time"
        until(lambda: memory_of(pair.processor) < before + 40 * MIB, what="the memory that is given back")
    assert pair.processor.lines_with("held too many subscriptions")


def test_many_connections_with_many_subscriptions_are_bounded_together(pair, subscriber):
    before, ended = memory_of(pair.processor), stats(pair)["subscribersEnded"]
    with contextlib.ExitStack() as stack:
        for index in range(40):
            one = stack.enter_context(stranger(pair.port + 2))
            with contextlib.suppress(OSError):
                one.sendall(b"".join(frame(b"\1rocket/%03d-%07d" % (index, number))
                                     for number in range(4000)))
        until(lambda: stats(pair)["subscribersEnded"] > ended, what="the end of the largest")
        assert hears(pair, subscriber)
        assert IS_SANITIZED or memory_of(pair.processor) < before + 100 * MIB
    assert hears(pair, subscriber)


@pytest.mark.skipif(IS_SANITIZED, reason="a sanitizer takes many times longer")
@pytest.mark.skipif(not pathlib.Path("/proc/self/schedstat").exists(), reason="this kernel does not tell the time")
def test_connections_that_come_and_go_cost_little_beside_many_subscriptions(pair, subscriber):
    """libzmq looks at all topics of all connections when one ends: that took 70 ms for each connection."""
    with contextlib.ExitStack() as stack:
        ended = stats(pair)["subscribersEnded"]
        for index in range(40):
            one = stack.enter_context(stranger(pair.port + 2))
            with contextlib.suppress(OSError):
                one.sendall(b"".join(frame(b"\1rocket/%03d-%07d" % (index, number * 7919 % 1000003))
                                     for number in range(4000)))
        until(lambda: stats(pair)["subscribersEnded"] > ended + 30, what="the end of most of them")
        until(lambda: unread_bytes(pair.port + 2) == 0, what="the subscriptions of the others")
        before = worked_ns(pair.processor)
        for _ in range(50):
            with stranger(pair.port + 2) as one:
                one.sendall(frame(b"\1sync/" + channel().encode()))
                assert one.recv(1)
        assert hears(pair, subscriber)
        assert worked_ns(pair.processor) - before < 50 * 25_000_000


def test_a_subscription_longer_than_any_topic_ends_its_connection(pair, subscriber):
    with stranger(pair.port + 2) as one, contextlib.suppress(ConnectionError):
        one.sendall(b"\2" + struct.pack(">Q", 100_000) + b"\1" + b"x" * 99_999)
        while one.recv(65536):
            pass
    assert hears(pair, subscriber)


def test_a_query_after_a_slow_handshake_is_answered(pair):
    """A busy machine needs seconds for a handshake. It was ended after three, at times with a query behind it, and
    the client waited for ever."""
    with socket.create_connection(("127.0.0.1", pair.port + 1), 10) as one:
        one.sendall(GREETING)
        time.sleep(4)
        one.sendall(ready(b"REQ") + b"\1\0" + frame(msgpack.packb({"op": "ping"})))
        received = b""
        while b"status" not in received:
            more = one.recv(4096)
            assert more, "the handshake was ended"
            received += more


DESCRIPTORS = 400  # that the processor may have
CROWD = 200        # strangers on each of its ports


class LimitedPair(Pair):
    def start_processor(self):
        return Program(self.folder, "downlink-processor", "--port", self.port, "--state-dir",
                       self.state, wrapper=("prlimit", f"--nofile={DESCRIPTORS}"))


@pytest.fixture(scope="module")
def limited(folder):
    both = LimitedPair(folder)
    yield both
    both.stop()


def descriptors(pair):
    return len(os.listdir(f"/proc/{pair.processor.process.pid}/fd"))


@contextlib.contextmanager
def crowd(port, count, handshake):
    """Silent strangers on three ports; some may be gone again."""
    kinds = (b"PUSH", b"DEALER", b"SUB")
    with contextlib.ExitStack() as stack:
        for index in range(3 * count):
            with contextlib.suppress(AssertionError, OSError):
                one = (stranger(port + index % 3, kinds[index % 3]) if handshake else
                       socket.create_connection(("127.0.0.1", port + index % 3), 10))
                stack.enter_context(one)
        yield


@pytest.mark.parametrize("handshake", [True, False])
def test_silent_strangers_take_nobodys_place(limited, handshake):
    """The gateway's links stay up, which its subscriber's monitor would tell, and cost nothing."""
    one = channel()
    assert limited.post(message(one, 1), Prefer="wait=60").status == 200
    assert limited.call("GET", "/rockets").status == 200
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt(zmq.LINGER, 0)
        subscriber.setsockopt(zmq.RCVTIMEO, 60000)
        subscriber.setsockopt(zmq.SUBSCRIBE, b"owner")
        events = subscriber.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        subscriber.connect(f"tcp://127.0.0.1:{limited.port + 2}")
        subscriber.recv_multipart()
        with crowd(limited.port, CROWD, handshake):
            until(lambda: descriptors(limited) < DESCRIPTORS - 100, what="room for files")
            busy = cpu_seconds(limited.processor)
            for number in range(2, 12):
                began = time.monotonic()
                assert limited.post(message(one, number), Prefer="wait=60").status == 200
                assert limited.call("GET", "/rockets/" + one).status == 200
                assert time.monotonic() - began < 3
                subscriber.recv_multipart()
            assert cpu_seconds(limited.processor) - busy < 2, "nothing spins"
            assert stats(limited)["strangersEnded"] > 0
            other, port = limited.start_gateway_beside()
            try:
                with Client(port) as client:
                    until(lambda: client.call("GET", "/readyz").status == 200)
                    assert client.call("POST", "/messages", json.dumps(message(one, 12 + handshake)),
                                       Prefer="wait=60").status == 200, "newcomers find a place"
            finally:
                other.stop()
        assert not events.poll(0), "the subscriber's link was never cut"
        subscriber.disable_monitor()


def test_a_processor_starts_while_strangers_hammer_its_ports(folder):
    port, done = free_ports(3), threading.Event()

    def hammer(offset):
        held = collections.deque()
        while not done.is_set():
            if len(held) == 300:
                held.popleft().close()
            try:
                held.append(socket.create_connection(("127.0.0.1", port + offset), 1))
            except OSError:
                time.sleep(0.001)
        for one in held:
            one.close()
    threads = [threading.Thread(target=hammer, args=(offset,)) for offset in range(3)]
    for thread in threads:
        thread.start()
    processor = Program(folder, "downlink-processor", "--port", port, "--state-dir",
                        pathlib.Path(folder) / f"state-{port}",
                        wrapper=("prlimit", f"--nofile={DESCRIPTORS}"))
    try:
        until(lambda: " ready " in processor.text(), what="the processor")
        assert "too many open files" not in processor.text().lower()
    finally:
        done.set()
        for thread in threads:
            thread.join()
        assert processor.stop() == 0, processor.text()


def kernel_attaches_filters():
    """Whether this process may attach a socket filter; some kernels want privileges for that."""
    passing = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffffffff))
    program = struct.pack("HL", 1, ctypes.addressof(passing))
    with socket.socket() as one, contextlib.suppress(PermissionError):
        one.setsockopt(socket.SOL_SOCKET, 26, program)  # SO_ATTACH_FILTER
        return True
    return False


def test_a_port_that_resets_can_reach_is_told_in_the_log(pair):
    words = "strangers on a ZeroMQ port can end this process"
    if kernel_attaches_filters():
        assert words not in pair.processor.text()
    else:
        ports = [line.split("port=")[1].split()[0] for line in pair.processor.lines_with(words)]
        assert sorted(ports) == [str(pair.port + offset) for offset in range(3)]


@pytest.mark.skipif(not kernel_attaches_filters(),
                    reason="this kernel attaches no socket filter without privileges")
def test_a_ping_behind_waiting_input_and_a_reset_end_no_process(pair):
    """libzmq 4.3 aborts when a connection hangs up while its input waits, and a PING lies in it."""
    before = descriptors(pair)
    floods = [(0, b"PUSH", frame(b"x") * 1100), (1, b"DEALER", frame(b"\x81") * 1100),
              (2, b"SUB", frame(b"\1a") * 20)]
    for number in range(150):
        offset, kind, flood = floods[number % 3]
        with stranger(pair.port + offset, kind) as one, contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.setblocking(False)
            one.send((flood + PING * 200) * 3)
    assert pair.processor.process.poll() is None, pair.processor.text()[-1000:]
    assert stats(pair)["queries"] >= 0
    until(lambda: descriptors(pair) < before + 30, what="the end of connections whose peer is gone")


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("place, kind", enumerate([b"PUSH", b"DEALER", b"SUB"]))
def test_a_message_that_does_not_end_ends_its_connection(pair, place, kind, size):
    before = memory_of(pair.processor)
    with stranger(pair.port + place, kind) as one:
        assert send_for_ever(one, part(size), 100 * MIB), "a message without end was taken"
    assert IS_SANITIZED or memory_of(pair.processor, "VmHWM") < before + 400 * MIB
    assert pair.post(message(channel(), 1)).status == 202
    assert stats(pair)


def test_messages_that_do_not_end_are_bounded_together(pair):
    with contextlib.ExitStack() as stack:
        ones = [stack.enter_context(stranger(pair.port + 1, b"DEALER")) for _ in range(32)]
        for one in ones:
            one.sendall(part(40000))
        time.sleep(0.5)  # long enough to be seen, as what came before that is not counted
        for one in ones:
            with contextlib.suppress(OSError):
                one.sendall(b"\x02" + struct.pack(">Q", MIB) + bytes(MIB - 1))
        until(lambda: any(is_ended(one) for one in ones))
        assert stats(pair)


def test_a_large_frame_that_comes_slowly_is_taken(pair):
    """Neither half a frame, nor one that follows much that was complete, is a message without end."""
    rubbish = b"\x02" + struct.pack(">Q", MIB) + bytes(MIB)
    with stranger(pair.port, b"PUSH") as one:
        refused = stats(pair)["framesRefused"]
        for count in range(1, 5):
            one.sendall(rubbish[:MIB // 2])
            time.sleep(0.3)  # longer than the processor takes to look
            one.sendall(rubbish[MIB // 2:])
            one.sendall(rubbish * 4)
            until(lambda: stats(pair)["framesRefused"] == refused + 5 * count)
        assert not is_ended(one)


def test_batches_of_many_clients_hold_up_no_single_query(pair):
    batch = msgpack.packb({"op": "batch", "requests": [{"op": "stats"}] * 4096})
    one = channel()
    assert pair.post(message(one, 1)).status == 202
    until(lambda: pair.call("GET", f"/rockets/{one}").status == 200)
    with zmq.Context() as context, contextlib.ExitStack() as stack:
        for _ in range(40 if IS_SANITIZED else 200):
            client = stack.enter_context(context.socket(zmq.DEALER))
            client.setsockopt(zmq.LINGER, 0)
            client.setsockopt(zmq.RCVHWM, 1)  # it reads no answers
            client.setsockopt(zmq.RCVBUF, 4096)
            client.connect(f"tcp://127.0.0.1:{pair.port + 1}")
            for _ in range(20):
                client.send_multipart([b"", batch])
        #  The processor's own time: a second of a machine that is busy says little, and may be over before the answer.
        before = cpu_seconds(pair.processor)
        for _ in range(20):
            until(lambda: pair.call("GET", f"/rockets/{one}").status == 200, what="an answer")
        assert IS_SANITIZED or cpu_seconds(pair.processor) - before < 10, "all batches come first"
