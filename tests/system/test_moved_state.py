"""A gateway whose processors come back with a state that was moved, under another number of partitions."""
import json
import socket
import threading
import uuid

import pytest
import zmq

from downlink import Client, Program, channel, free_ports, message, until
from partitioners import partition_of
from pretenders import Impostor

BEFORE, AFTER = 16, 7
ROCKETS = 60


def owned(partitions):
    return [[one, 1] for one in range(partitions)]


class Move:
    """A gateway between a processor of the old state and one of the moved state. Both are impostors,
    so that they can hold back acks, and show each frame that they got."""

    def __init__(self, context, folder, partitions=AFTER, flags=(), ancestors=None,
                 partitioner="xxh3"):
        old, new = uuid.uuid4().bytes, uuid.uuid4().bytes
        self.before = Impostor(context, BEFORE, is_acking=False, owned=owned(BEFORE), state=old)
        self.after = Impostor(context, partitions, is_silent=True, owned=owned(partitions), state=new,
                              ancestors=[old] if ancestors is None else ancestors, partitioner=partitioner)
        self.partitioner = partitioner
        self.partitions = partitions
        self.folder = folder
        self.http = free_ports(1)
        self.flags = flags
        self.gateway = self.start_gateway()
        until(lambda: "listening" in self.gateway.text(), what="the gateway")
        until(lambda: self.stats()["partitions"] == BEFORE, what="the old state")
        self.sent = set()

    def start_gateway(self):
        return Program(self.folder, "downlink-gateway", "--journal-dir", f"{self.folder}/journal-{self.http}",
                       "--listen", f"127.0.0.1:{self.http}", "--processors",
                       f"127.0.0.1:{self.before.port},127.0.0.1:{self.after.port}", "--workers", 1, *self.flags)

    def stats(self):
        with Client(self.http) as client:
            return client.call("GET", "/stats").json()

    def post(self, body, lines=False, **fields):
        body = "\n".join(map(json.dumps, body)) if lines else json.dumps(body)
        kind = "application/x-ndjson" if lines else "application/json"
        with Client(self.http) as client:
            return client.call("POST", "/messages", body, Content_Type=kind, **fields).status

    def send(self, rockets, numbers, lines=False):
        messages = [message(one, number) for one in rockets for number in numbers]
        assert self.post(messages, lines) == 202
        self.sent |= {(one, number) for one in rockets for number in numbers}

    @staticmethod
    def arrived(processor):
        return {one[1:] for one in processor.messages.copy()}

    def change_over(self):
        self.before.is_silent = True
        self.after.is_silent = False

    def await_all(self):
        """Wait until the new processor has each message, and the gateway keeps none."""
        until(lambda: len(self.after.messages) >= len(self.sent) and self.arrived(self.after) >= self.sent,
              what="every message at the new processor")
        until(lambda: self.stats()["buffered"] == 0, what="an empty buffer")
        for partition, of, _ in self.after.messages:
            assert partition == partition_of(of, self.partitions, self.partitioner)

    def stop(self):
        try:
            self.gateway.stop()
        finally:
            self.before.stop()
            self.after.stop()


@pytest.fixture(scope="module")
def context():
    with zmq.Context() as one:
        yield one


@pytest.fixture
def move(context, folder):
    started = []

    def start(**settings):
        started.append(Move(context, folder, **settings))
        return started[-1]
    yield start
    for one in started:
        one.stop()


@pytest.mark.parametrize("journal", ["fsync", "off"])
def test_a_gateway_follows_and_delivers_what_waits_under_the_new_number_of_partitions(move, journal):
    """Frames that the old processor took and never acknowledged, frames that were made while no processor
    was there, and frames that are made during the change all arrive in frames of the right partition."""
    both = move(flags=("--journal", journal))
    rockets = [channel() for _ in range(ROCKETS)]
    both.send(rockets, [1, 2, 3])
    for one in rockets[:20]:
        both.send([one], [4])
    until(lambda: both.arrived(both.before) >= both.sent, what="frames in flight")
    both.before.is_silent = True
    both.send(rockets, [5], lines=True)
    is_over = threading.Event()

    def go_on():
        number = 10
        while not is_over.is_set():
            both.send([rockets[number % ROCKETS]], [number])
            number += 1
    sender = threading.Thread(target=go_on)
    sender.start()
    both.change_over()
    until(lambda: both.stats()["partitions"] == AFTER, what="the new state")
    is_over.set()
    sender.join()
    both.await_all()
    assert both.gateway.lines_with("the state was moved: this gateway follows")


def test_frames_that_only_the_journal_holds_are_made_anew(move):
    """More than the gateway keeps in memory, 64 MiB."""
    both = move()
    both.before.is_silent = True
    until(lambda: "processor is silent" in both.gateway.text(), what="silence")
    text = "M" * 250
    for batch in range(18):
        rockets = [channel() for _ in range(64)]
        messages = [message(one, number, "RocketMissionChanged", newMission=f"{text}{number:04d}")
                    for one in rockets for number in range(1, 251)]
        assert both.post(messages, lines=True) == 202, batch
        both.sent |= {(one, number) for one in rockets for number in range(1, 251)}
    both.change_over()
    both.await_all()


def test_an_upload_that_began_before_the_move_ends_after_it(move):
    both = move(flags=("--body-timeout", "120s"))
    rockets = [channel() for _ in range(ROCKETS)]
    lines = [json.dumps(message(one, number)) for number in range(1, 101) for one in rockets]
    body = ("\n".join(lines) + "\n").encode()
    head = (f"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", both.http), timeout=30) as connection:
        connection.sendall(head + body[:len(body) // 2])
        until(lambda: both.stats()["buffered"] > 0, what="staged frames")
        both.change_over()
        until(lambda: both.stats()["partitions"] == AFTER, what="the new state")
        connection.sendall(body[len(body) // 2:])
        assert connection.recv(64).startswith(b"HTTP/1.1 202")
    both.sent |= {(one, number) for number in range(1, 101) for one in rockets}
    both.await_all()


def test_a_request_that_waits_for_its_effect_is_answered_after_the_move(move):
    both = move()
    of = channel()
    answers = []
    waiter = threading.Thread(target=lambda: answers.append(
        both.post(message(of, 1), Prefer="wait=60")))
    waiter.start()
    until(lambda: both.before.messages, what="the frame in flight")
    both.change_over()
    waiter.join()
    assert answers == [200]


def test_a_gateway_that_dies_in_between_leaves_frames_for_the_next_one(move):
    both = move()
    rockets = [channel() for _ in range(ROCKETS)]
    both.send(rockets, [1, 2])
    both.gateway.stop(9)
    both.change_over()
    both.gateway = both.start_gateway()
    both.await_all()


def test_the_same_number_of_partitions_needs_no_new_frames(move):
    both = move(partitions=BEFORE)
    rockets = [channel() for _ in range(ROCKETS)]
    both.send(rockets, [1, 2])
    both.change_over()
    both.await_all()
    assert "made anew" not in both.gateway.text()


@pytest.mark.parametrize("partitions", [BEFORE, AFTER])
def test_another_partition_function_needs_new_frames(move, partitions):
    both = move(partitions=partitions, partitioner="murmur2")
    rockets = [channel() for _ in range(ROCKETS)]
    both.send(rockets, [1, 2])
    assert both.stats()["partitioner"] == "xxh3", "the old processor announces none"
    both.change_over()
    until(lambda: both.stats()["partitioner"] == "murmur2", what="the new state")
    both.send(rockets, [3])
    both.await_all()
    assert both.gateway.lines_with("frames are made anew")


def test_a_processor_of_the_same_state_with_another_function_is_ignored(context, folder):
    state = uuid.uuid4().bytes
    one = Impostor(context, BEFORE, owned=owned(BEFORE), state=state, partitioner="murmur2")
    other = Impostor(context, BEFORE, is_silent=True, owned=[[0, 9]], state=state, partitioner="xxh3")
    http = free_ports(1)
    gateway = Program(folder, "downlink-gateway", "--listen", f"127.0.0.1:{http}", "--journal", "off",
                      "--processors", f"127.0.0.1:{one.port},127.0.0.1:{other.port}")
    try:
        gateway.lines_with("listening")
        with Client(http) as client:
            until(lambda: client.call("GET", "/stats").json()["partitioner"] == "murmur2", what="the function")
        other.is_silent = False
        [line] = gateway.lines_with("another number of partitions or partition function")[:1]
        assert "its_function=xxh3 our_function=murmur2" in line
    finally:
        gateway.stop()
        one.stop()
        other.stop()


def test_while_the_old_processors_speak_the_gateway_stays_and_says_why(move):
    both = move()
    both.after.is_silent = False
    [line] = both.gateway.lines_with("and waits: processors of the served state are still there")[:1]
    assert "stop the processors of the old state" in line
    assert both.stats()["partitions"] == BEFORE
    both.before.is_silent = True
    until(lambda: both.stats()["partitions"] == AFTER, what="the new state")


def test_a_state_that_was_made_anew_is_refused_and_the_log_says_what_to_do(move):
    both = move(ancestors=[])
    of = channel()
    both.send([of], [1])
    both.change_over()
    [line] = both.gateway.lines_with("a processor of another state is refused")[:1]
    assert "to serve its state instead, stop the others and restart this gateway" in line
    both.gateway.stop()
    both.gateway = both.start_gateway()
    both.await_all()
