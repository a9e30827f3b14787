"""The bytes between the programs, spoken from the contract alone: PUSH, REQ and SUB in Python."""
import os

import msgpack
import pytest
import xxhash
import zmq

from downlink import IS_SANITIZED, channel, message, until
from kernel import memory_of

PARTITIONS = 16
TIME = 1643827145863370
KINDS = {1: ("Falcon-9", 500, "ARTEMIS"), 2: (70,), 3: (20,), 4: ("FROZEN_O_RINGS",), 5: ("APOLLO",)}


@pytest.fixture(scope="module")
def context():
    with zmq.Context() as one:
        yield one


@pytest.fixture
def push(context, pair):
    socket = context.socket(zmq.PUSH)
    socket.connect(f"tcp://127.0.0.1:{pair.port}")
    yield socket
    socket.close(linger=1000)


@pytest.fixture
def ask(context, pair):
    socket = context.socket(zmq.REQ)
    socket.setsockopt(zmq.RCVTIMEO, 60000)
    socket.connect(f"tcp://127.0.0.1:{pair.port + 1}")

    def send(content):
        packed = content if isinstance(content, bytes) else msgpack.packb(content)
        socket.send(packed)
        return msgpack.unpackb(socket.recv())
    yield send
    socket.close(linger=0)


def partition(of):
    return xxhash.xxh3_64_intdigest(of.encode()) % PARTITIONS


def frame(of, messages, source=b"0123456789abcdef", sequence=1, **change):
    return msgpack.packb([change.get("version", 1), source, sequence,
                          change.get("partition", partition(of)), messages])


def entry(of, number, kind):
    return [of, number, TIME + number, kind, *KINDS[kind]]


def applied(ask, of, count):
    def look():
        reply = ask({"op": "get", "id": of})
        return reply if reply["status"] == 200 and reply["rocket"]["messagesApplied"] == count else None
    return until(look, what="the frame's effect")["rocket"]


def test_a_frame_of_all_kinds_is_folded(push, ask):
    one = channel()
    push.send(frame(one, [entry(one, kind, kind) for kind in KINDS]))
    assert applied(ask, one, 5) == {
        "id": one, "type": "Falcon-9", "speed": 550, "mission": "APOLLO", "status": "exploded",
        "explosionReason": "FROZEN_O_RINGS", "lastMessageNumber": 5,
        "lastMessageTime": "2022-02-02T18:39:05.863375Z", "messagesApplied": 5, "missing": [],
        "conflicts": 0}


def test_the_replies_of_a_batch_are_bounded(ask, pair):
    text = "x" * 256
    fleet = [message(channel(), 1, "RocketLaunched", type=text, launchSpeed=1, mission=text)
             for _ in range(1000)]
    assert pair.post(fleet, Prefer="wait=60").status == 200
    before = memory_of(pair.processor)
    reply = ask({"op": "batch", "requests": [{"op": "list", "limit": 1000}] * 300})
    statuses = [one["status"] for one in reply["replies"]]
    assert reply["status"] == 200 and statuses == sorted(statuses) and set(statuses) == {200, 400}
    assert len(msgpack.packb(reply)) < 64 << 20
    assert IS_SANITIZED or memory_of(pair.processor) - before < 150_000_000
    assert ask({"op": "ping"}) == {"status": 200}


def bad_frames(of):
    good = frame(of, [entry(of, 1, 2), entry(of, 2, 1)])
    for size in range(len(good)):
        yield good[:size]
    yield good + b"\x00"
    yield frame(of, [entry(of, 1, 2)], version=2)
    yield frame(of, [entry(of, 1, 2)], partition=(partition(of) + 1) % PARTITIONS)
    yield frame(of, [entry(of, 1, 2)], partition=PARTITIONS)
    yield frame(of, [entry(of, 1, 2)], source=b"short")
    yield frame(of, [entry(of, 1, 2), entry(of, 0, 2)])
    yield frame(of, [entry(of, 1, 2), [of, 2, TIME, 6, 1]])
    yield frame(of, [entry(of, 1, 2), [of, 2, TIME, 2, -1]])
    yield frame(of, [entry(of, 1, 2), [of, 2, TIME, 2, 1, 1]])
    yield frame(of, [entry(of, 1, 2), [of, 2, TIME, 4, b"\xff"]])
    yield frame(of, [[of, 1, TIME, 2, 2**53]])
    yield b"\xdd\x10\x00\x00\x00"
    yield b"\xdf\xff\xff\xff\xff" * 8
    yield b"\x91" * 10000
    yield os.urandom(1000)


def test_a_bad_frame_changes_nothing_and_stops_nothing(push, ask):
    one, other = channel(), channel()
    refused = ask({"op": "stats"})["stats"]["framesRefused"]
    count = 0
    for bad in bad_frames(one):
        push.send(bad)
        count += 1
    push.send_multipart([frame(one, [entry(one, 1, 2)]), b""])
    push.send(frame(other, [entry(other, 1, 2)]))
    applied(ask, other, 1)
    assert ask({"op": "get", "id": one})["status"] == 404
    assert ask({"op": "stats"})["stats"]["framesRefused"] == refused + count + 1


def test_a_frame_is_acknowledged_to_its_source(context, pair, push, ask):
    source = os.urandom(16)
    events = context.socket(zmq.SUB)
    events.setsockopt(zmq.RCVTIMEO, 60000)
    topic = b"ack/" + source.hex().encode()
    events.setsockopt(zmq.SUBSCRIBE, topic)
    events.setsockopt(zmq.SUBSCRIBE, b"owner")
    events.connect(f"tcp://127.0.0.1:{pair.port + 2}")
    assert events.recv_multipart()[0] == b"owner"  # so the subscriptions are known there
    one = channel()
    for _ in range(2):  # a repeat is acknowledged again: the first ack may have been lost
        for sequence in (7, 8, 11):
            push.send(frame(one, [entry(one, sequence, 2)], source, sequence))
        acked = set()
        while acked != {7, 8, 11}:
            head, payload = events.recv_multipart()
            if head == topic:
                for first, last in msgpack.unpackb(payload)["ranges"]:
                    acked |= set(range(first, last + 1))
    assert applied(ask, one, 3)["speed"] == 210
    events.close(linger=0)


def test_owners_are_announced(context, pair):
    events = context.socket(zmq.SUB)
    events.setsockopt(zmq.RCVTIMEO, 60000)
    events.setsockopt(zmq.SUBSCRIBE, b"owner")
    events.connect(f"tcp://127.0.0.1:{pair.port + 2}")
    announced = msgpack.unpackb(events.recv_multipart()[1])
    events.close(linger=0)
    assert announced["partitions"] == PARTITIONS
    assert [number for number, epoch in announced["owned"]] == list(range(PARTITIONS))
    assert all(epoch >= 1 for number, epoch in announced["owned"])
    assert announced["endpoints"]["frames"] == f"tcp://127.0.0.1:{pair.port}"


def test_queries_are_answered(push, ask):
    ids = sorted(channel() for _ in range(5))
    for speed, one in enumerate(ids):
        push.send(frame(one, [[one, 1, TIME, 1, "Query", speed, "QUERIES"]]))
    for one in ids:
        applied(ask, one, 1)
    assert ask({"op": "ping"}) == {"status": 200}
    assert ask({"op": "get", "id": "nobody"})["status"] == 404
    listed = ask({"op": "list", "sort": "-speed", "limit": 2, "filter": {"mission": "QUERIES"}})
    assert [r["id"] for r in listed["rockets"]] == [ids[4], ids[3]]
    assert listed["more"] is True
    last = listed["rockets"][-1]
    listed = ask({"op": "list", "sort": "-speed", "limit": 9, "filter": {"mission": "QUERIES"},
                  "after": [last["speed"], last["id"]]})
    assert [r["id"] for r in listed["rockets"]] == ids[2::-1]
    batch = ask({"op": "batch", "requests": [{"op": "get", "id": ids[0]}, {"op": "ping"},
                                             {"op": "get", "id": "nobody"}]})
    assert [reply["status"] for reply in batch["replies"]] == [200, 200, 404]
    assert batch["replies"][0]["rocket"]["id"] == ids[0]


@pytest.mark.parametrize("junk", [b"", b"\xc1", b"junk", msgpack.packb([1]), msgpack.packb({}),
                                  msgpack.packb({"op": "fly"}), msgpack.packb({"op": "get"}),
                                  msgpack.packb({"op": "get", "id": 7}),
                                  msgpack.packb({"op": "list", "limit": 0}),
                                  msgpack.packb({"op": "list", "sort": "x"}),
                                  msgpack.packb({"op": "list", "after": [1, 2]}),
                                  msgpack.packb({"op": "list", "filter": {"colour": "red"}}),
                                  msgpack.packb({"op": "batch", "requests": 7}),
                                  msgpack.packb({"op": "ping"}) + b"\x00",
                                  b"\xdd\x10\x00\x00\x00", b"\xdf\xff\xff\xff\xff", b"a" * 1000000],
                         ids=lambda junk: junk[:12].hex() or "empty")
def test_junk_gets_a_400_that_says_why(ask, junk):
    reply = ask(junk)
    assert reply["status"] == 400
    assert reply["detail"]


def test_a_partition_that_nobody_owns_here_is_said_to_be_foreign(ask):
    assert ask({"op": "list", "partitions": [PARTITIONS]})["status"] == 421
