"""The updates that a processor publishes to subscribers, read with a plain SUB."""
import contextlib
import json
import threading
import time

import msgpack
import pytest
import zmq

from downlink import channel, message, until


@pytest.fixture(scope="module")
def context():
    with zmq.Context() as one:
        yield one


class Listener:
    """A SUB whose subscriptions are known to be in effect."""

    def __init__(self, context, pair, *topics):
        self.socket = context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.RCVTIMEO, 60000)
        for topic in topics:
            self.socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
        self.socket.setsockopt(zmq.SUBSCRIBE, b"sync/" + channel().encode())
        self.socket.connect(f"tcp://127.0.0.1:{pair.port + 2}")
        self.first = self.hear()
        assert "rocket" not in self.first

    def hear(self):
        topic, payload = self.socket.recv_multipart()
        heard = msgpack.unpackb(payload)
        if "rocket" in heard:
            assert topic.decode() == "rocket/" + heard["rocket"]["id"]
        return heard

    def updates(self, seconds=10):
        """The updates as they come, without the syncs between them."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            heard = self.hear()
            if "rocket" in heard:
                yield heard

    def sync(self):
        while True:
            heard = self.hear()
            if "rocket" not in heard:
                return heard


@pytest.fixture
def listen(context, pair):
    with contextlib.ExitStack() as stack:
        def start(*topics):
            listener = Listener(context, pair, *topics)
            stack.callback(listener.socket.close, 0)
            return listener
        yield start


def test_an_update_is_what_a_query_shows(pair, listen):
    listener, one = listen("rocket/"), channel()
    pair.post([message(one, 3), message(one, 1, "RocketLaunched")])
    update = next(listener.updates())
    assert update["rocket"] == pair.rocket(one)
    assert update["rocket"]["missing"] == [[2, 2]]
    assert update["epoch"] >= 1
    assert update["processor"] == listener.first["processor"]


def test_a_rocket_that_always_changes_is_told_every_100_ms(pair, listen):
    listener, one, stop = listen("rocket/"), channel(), threading.Event()

    def change():
        number = 0
        with pair.client() as client:
            while not stop.is_set():
                number += 1
                client.call("POST", "/messages", json.dumps(message(one, number)))
        numbers.append(number)
    numbers, applied = [], []
    began = time.monotonic()  # of the test's times, only those before the first and after the last update bound them
    writer = threading.Thread(target=change)
    writer.start()
    for update in listener.updates(seconds=60):
        applied.append(update["rocket"]["messagesApplied"])
        if len(applied) >= 3 and time.monotonic() > began + 2:
            break
    seconds = time.monotonic() - began
    stop.set()
    writer.join()
    assert 3 <= len(applied) <= seconds / 0.1 + 2
    assert applied == sorted(set(applied))
    #  The last change may be in the last update that was read above.
    assert applied[-1] == numbers[0] or any(
        update["rocket"]["messagesApplied"] == numbers[0] for update in listener.updates(seconds=60))


def test_many_that_change_at_once_are_each_told_once(pair, listen):
    listener, many = listen("rocket/"), [channel() for _ in range(15000)]
    pair.post([message(one, 1) for one in many])
    told = [update for _, update in zip(many, listener.updates(seconds=30))]
    assert sorted(update["rocket"]["id"] for update in told) == sorted(many)
    first = listener.first["sequence"]
    assert [update["sequence"] for update in told] == list(range(first + 1, first + 15001))
    assert listener.sync()["sequence"] == first + 15000


def told(pair, context):
    ask = context.socket(zmq.REQ)
    ask.connect(f"tcp://127.0.0.1:{pair.port + 1}")
    ask.send(msgpack.packb({"op": "stats"}))
    updates = msgpack.unpackb(ask.recv())["stats"]["updates"]
    ask.close(linger=0)
    return updates


def test_only_what_is_listened_to_is_told(pair, listen, context):
    def is_quiet():
        before = told(pair, context)
        pair.post(message(channel(), 1), Prefer="wait=5")
        time.sleep(0.2)  # an interval and more: what is listened to would be told by now
        return told(pair, context) == before
    until(is_quiet, what="the end of earlier listeners")
    one, other = "wanted-" + channel(), channel()
    listener, before = listen("rocket/" + one), told(pair, context)
    pair.post([message(other, 1), message(one, 1), message(one + "-too", 1)])
    heard = [next(listener.updates())["rocket"]["id"] for _ in range(2)]
    assert sorted(heard) == [one, one + "-too"]
    assert told(pair, context) == before + 2


def test_what_nobody_heard_shows_in_the_sequence(pair, listen):
    one = channel()
    listener = listen("rocket/")
    before = listener.first["sequence"]
    listener.socket.close(linger=0)
    with pair.client() as client:
        def changed():
            client.call("POST", "/messages", json.dumps(message(one, changed.number)))
            changed.number += 1
            again = listen()  # without updates, as this one may come before the sync
            try:
                return again.first["sequence"] > before
            finally:
                again.socket.close(linger=0)
        changed.number = 1
        until(changed, what="a gap in the sequence")


def test_a_processor_that_starts_again_is_another_one(start, context):
    both = start()
    listener, one = Listener(context, both, "rocket/"), channel()
    assert both.processor.stop() == 0
    both.processor = both.start_processor()
    until(lambda: listener.hear()["processor"] != listener.first["processor"])
    both.post(message(one, 1))
    assert next(listener.updates())["rocket"]["id"] == one
    listener.socket.close(linger=0)
