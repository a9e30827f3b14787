"""Lists beside other work: lists of untrusted clients delay no other request, and waiting ones are bounded."""
import collections
import random
import threading
import time

import msgpack
import pytest
import zmq

from downlink import IS_SANITIZED, channel, message, until
from kernel import memory_of
from test_protocol import TIME, partition

ROCKETS = 5000 if IS_SANITIZED else 40000
LISTS = 500
BATCH = 4096


@pytest.fixture(scope="module")
def context():
    with zmq.Context() as one:
        yield one


def connected(context, kind, pair):
    socket = context.socket(kind)
    socket.setsockopt(zmq.RCVTIMEO, 60000)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(f"tcp://127.0.0.1:{pair.port + 1}")
    return socket


def ask(socket, query):
    socket.send(msgpack.packb(query))
    return msgpack.unpackb(socket.recv())


def stats(socket):
    return ask(socket, {"op": "stats"})["stats"]


@pytest.fixture(scope="module")
def ids(context, pair):
    """A fleet, in frames of which each has the rockets of one partition."""
    push = context.socket(zmq.PUSH)
    push.connect(f"tcp://127.0.0.1:{pair.port}")
    fleet = collections.defaultdict(list)
    for number in range(ROCKETS):
        one = channel()
        fleet[partition(one)].append(
            [one, 1, TIME + number, 1, f"Type-{number % 7}", number, f"MISSION-{number % 1000}"])
    sequence = 0
    for owned, rockets in fleet.items():
        for start in range(0, len(rockets), 500):
            sequence += 1
            push.send(msgpack.packb(
                [1, b"0123456789abcdef", sequence, owned, rockets[start:start + 500]]))
    socket = connected(context, zmq.REQ, pair)
    until(lambda: stats(socket)["rockets"] >= ROCKETS, what="all rockets")
    push.close()
    socket.close()
    return [rocket[0] for rockets in fleet.values() for rocket in rockets]


def any_list(number, limit):
    sort = random.Random(number).choice(["-mission", "-speed", "lastMessageTime", "type", "id"])
    return {"op": "list", "sort": sort, "limit": limit,
            "after": [number if sort == "-speed" else "2022-02-02T18:39:05.863370Z"
                      if sort == "lastMessageTime" else f"A{number}", "x"],
            "filter": {"type": f"Type-{number % 7}"} if number % 2 else {}}


class Getter(threading.Thread):
    """A good client: one GET after another, on a thread that does nothing else."""

    def __init__(self, context, pair, ids):
        super().__init__()
        self.socket = connected(context, zmq.REQ, pair)
        self.ids = ids
        self.milliseconds = []
        self.statuses = collections.Counter()
        self.is_over = False

    def run(self):
        while not self.is_over:
            start = time.perf_counter()
            reply = ask(self.socket, {"op": "get", "id": random.choice(self.ids)})
            self.milliseconds.append((time.perf_counter() - start) * 1000)
            self.statuses[reply["status"]] += 1
            time.sleep(0.002)
        self.socket.close()

    def end(self):
        self.is_over = True
        self.join()
        self.milliseconds.sort()
        return self.milliseconds[int(len(self.milliseconds) * 0.99)]


def times_beside_lists(context, pair, ids):
    """Ask for rockets beside lists. Return the time of 99 of 100, and the time that they may take."""
    queries = [msgpack.packb(any_list(number, 100 + number)) for number in range(LISTS)]
    batch = msgpack.packb({"op": "batch",
                           "requests": [any_list(number, 20) for number in range(BATCH)]})
    strangers, other = connected(context, zmq.DEALER, pair), connected(context, zmq.DEALER, pair)
    calm = Getter(context, pair, ids)
    calm.start()
    until(lambda: len(calm.milliseconds) >= 50, what="50 replies")
    bound = 100 + 20 * calm.end()  # the machine may be busy with other things
    getter = Getter(context, pair, ids)
    getter.start()
    other.send_multipart([b"", batch])
    for number, query in enumerate(queries):
        strangers.send_multipart([str(number).encode(), b"", query])
    replies = dict((parts[0], parts[-1]) for parts in
                   (strangers.recv_multipart() for _ in range(LISTS)))
    batch = other.recv_multipart()[-1]
    worst = getter.end()
    assert set(getter.statuses) == {200}
    assert sorted(replies) == sorted(str(number).encode() for number in range(LISTS))
    batch = msgpack.unpackb(batch)
    assert batch["status"] == 200 and len(batch["replies"]) == BATCH
    for all_of_them in (map(msgpack.unpackb, replies.values()), batch["replies"]):
        statuses = collections.Counter(reply["status"] for reply in all_of_them)
        assert set(statuses) <= {200, 503} and statuses[200] > 100, statuses
    assert pair.processor.process.poll() is None
    strangers.close()
    other.close()
    return worst, bound


def test_500_lists_and_a_batch_of_4096_leave_a_get_quick(context, pair, ids):
    """A machine that becomes busy between the two measurements has another try."""
    tries = [times_beside_lists(context, pair, ids)]
    while not IS_SANITIZED and not any(worst < bound for worst, bound in tries):
        assert len(tries) < 5, tries
        tries.append(times_beside_lists(context, pair, ids))


def test_a_list_is_dropped_at_its_deadline(context, pair, ids):
    socket = connected(context, zmq.DEALER, pair)
    before = stats(hasty := connected(context, zmq.REQ, pair))["queriesExpired"]

    def ask_beside_lists(query):
        """Ask beside many lists of another client. They may be done before, so a list may be answered in time."""
        for number in range(300):
            socket.send_multipart([b"slow", b"", msgpack.packb(any_list(number, 1000))])
        reply = ask(hasty, query)
        for _ in range(300):
            assert socket.recv_multipart()[0] == b"slow"
        return reply

    def is_dropped():
        reply = ask_beside_lists({**any_list(1000, 1000), "deadlineMs": 1})
        assert reply["status"] == 200 or "deadline" in reply["detail"]
        return reply["status"] == 503
    until(is_dropped, what="a list that is dropped")
    assert stats(hasty)["queriesExpired"] == before + 1

    def is_dropped_in_a_batch():
        reply = ask_beside_lists({"op": "batch", "deadlineMs": 1,
                                  "requests": [{"op": "ping"}, any_list(1001, 1000)]})
        ping, one = (one["status"] for one in reply["replies"])
        assert ping == 200 and one in (200, 503)
        return one == 503
    until(is_dropped_in_a_batch, what="a list that is dropped in a batch")
    assert ask(hasty, {"op": "ping", "deadlineMs": 0})["status"] == 400
    hasty.close()
    socket.close()


def test_a_batch_is_answered_when_all_of_its_queries_are(context, pair, ids):
    socket = connected(context, zmq.REQ, pair)
    for one in (ids[0], ids[-1]):
        reply = ask(socket, {"op": "batch", "requests": [
            {"op": "ping"}, {"op": "list", "limit": 2}, {"op": "get", "id": one},
            {"op": "list", "limit": 3, "sort": "-speed"}, {"op": "list", "partitions": [99]}]})
        assert [one["status"] for one in reply["replies"]] == [200, 200, 200, 200, 421]
        assert [len(one.get("rockets", ())) for one in reply["replies"]] == [0, 2, 0, 3, 0]
        assert reply["replies"][2]["rocket"]["id"] == one
    socket.close()


def test_envelopes_of_any_client_come_back_and_are_bounded(context, pair):
    socket = connected(context, zmq.DEALER, pair)
    ping = msgpack.packb({"op": "ping"})
    for parts in ([b""], [b"1", b""], [b"a", b"b" * 900, b"c", b""]):
        socket.send_multipart([*parts, ping])
        assert socket.recv_multipart() == [*parts, msgpack.packb({"status": 200})]
    socket.send_multipart([ping])                       # nothing to say to these
    socket.send_multipart([b"no body", b""])
    socket.send_multipart([b"x"] * 100 + [b"", ping])
    socket.send_multipart([b"x" * 2000, b"", ping])
    socket.send_multipart([b"two", b"", ping, ping])
    number, empty, reply = socket.recv_multipart()
    assert (number, empty, msgpack.unpackb(reply)["status"]) == (b"two", b"", 400)
    socket.close()


def test_answers_that_nobody_reads_are_bounded(context, start):
    pair = start()
    text = "x" * 256
    fleet = [message(channel(), 1, "RocketLaunched", type=text, launchSpeed=1, mission=text)
             for _ in range(1000)]
    assert pair.post(fleet, Prefer="wait=60").status == 200
    good = connected(context, zmq.REQ, pair)
    before = memory_of(pair.processor)
    query = msgpack.packb({"op": "batch", "requests": [{"op": "list", "limit": 1000}] * 50})
    idle = [connected(context, zmq.DEALER, pair) for _ in range(4)]
    for socket in idle:
        socket.setsockopt(zmq.RCVHWM, 1)
        for _ in range(20):
            socket.send_multipart([b"", query])
    most = 0

    def all_are_answered():
        nonlocal most
        most = max(most, memory_of(pair.processor))
        assert ask(good, {"op": "get", "id": fleet[0]["metadata"]["channel"]})["status"] == 200
        return stats(good)["answersDropped"] >= 4 * 20 - 16
    until(all_are_answered, what="answers that are dropped")
    assert IS_SANITIZED or most - before < 320_000_000, most - before
    assert len(ask(good, {"op": "list", "limit": 1000})["rockets"]) == 1000
    for socket in idle:
        socket.close()
    until(lambda: IS_SANITIZED or memory_of(pair.processor) - before < 100_000_000,
          what="memory that comes back")
    assert ask(good, msgpack.unpackb(query))["status"] == 200
    good.close()


def test_large_queries_that_come_quickly_are_bounded(context, start):
    pair = start()
    good = connected(context, zmq.REQ, pair)
    assert ask(good, {"op": "ping"}) == {"status": 200}
    before = most = memory_of(pair.processor)
    size = (1 << 20) - 100
    query = b"\x82\xa2op\xa4ping\xa1x\xdd" + size.to_bytes(4, "big") + b"\xc0" * size
    floods = [connected(context, zmq.DEALER, pair) for _ in range(3)]
    for socket in floods:
        socket.setsockopt(zmq.SNDTIMEO, 60000)
        socket.setsockopt(zmq.RCVHWM, 1000)
    for _ in range(100):
        for socket in floods:
            socket.send_multipart([b"", query])
        most = max(most, memory_of(pair.processor))
    assert ask(good, {"op": "ping"}) == {"status": 200}
    for socket in floods:
        for _ in range(100):
            assert msgpack.unpackb(socket.recv_multipart()[-1]) == {"status": 200}
        socket.send_multipart([b"", query + bytes(200)])  # too large: the connection ends
        socket.close()
    assert IS_SANITIZED or most - before < 150_000_000, most - before
    good.close()


def test_a_page_is_bounded_in_bytes_and_pages_hold_every_rocket_once(context, start):
    pair = start()
    one_in_two = range(1, 1200, 2)
    fleet = sorted(channel() for _ in range(150))
    for first in range(0, len(fleet), 10):
        assert pair.post([message(one, 2**52 + 4 * number, by=1) for one in fleet[first:first + 10]
                          for number in one_in_two], Prefer="wait=60").status == 200
    socket = connected(context, zmq.REQ, pair)
    query, seen, pages = {"op": "list", "limit": 1000}, [], 0
    while True:
        packed = msgpack.packb(reply := ask(socket, query))
        assert reply["status"] == 200 and len(packed) < (1 << 20) + 4096
        seen += [rocket["id"] for rocket in reply["rockets"]]
        pages += 1
        if not reply["more"]:
            break
        query["after"] = [seen[-1], seen[-1]]
    assert seen == fleet and pages > 1
    socket.close()
    seen, target = [], "/rockets?limit=1000"
    while target:
        answer = pair.call("GET", target)
        assert answer.status == 200
        seen += [rocket["id"] for rocket in answer.json()["rockets"]]
        following = answer.json()["next"]
        target = f"/rockets?limit=1000&cursor={following}" if following else None
    assert seen == fleet
