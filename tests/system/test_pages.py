"""The gateway bounds the cost of a list in bytes, time and memory; the client does not choose it."""
import contextlib
import threading
import urllib.parse

import msgpack
import pytest
import zmq

from downlink import IS_SANITIZED, Pair, Program, channel, free_ports, message, raw, until
from event_client import Stream, receive_until
from kernel import memory_of, unsent_bytes
from load import Crowd, GoodClient, allow_descriptors, bound, fill, fill_with_heavy_rockets

PAGE_MAX_BYTES = 1024 * 1024
ROCKET_MAX_BYTES = 64 * 1024  # with all ranges, as JSON
HEAVY = 100
MIB = 1024 * 1024
HELD_SECONDS = 2 if IS_SANITIZED else 0.5


@pytest.fixture(scope="module")
def heavy(folder):
    """A pair whose lists are as large as they can be: every rocket has 1,024 ranges."""
    both = Pair(folder, gateway=["--watchdog", "2s"])
    fill_with_heavy_rockets(both, HEAVY)
    yield both
    both.stop()


def ask(port, target):
    return raw(port, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())


def lists_refused(port):
    return sum(int(line.split()[-1]) for line in ask(port, "/metrics").decode().splitlines()
               if '"GET /rockets"' in line and '"503"' in line)


def is_served(good, longest):
    """Return whether an ordinary client was not held up. A query has a second, which may pass on a machine that is busy."""
    return (not good.failures or longest > HELD_SECONDS + 0.5) and good.quantile(0.99) < longest


def check_beside(load, port, target):
    """Check that an ordinary client is not held up by a load. A machine that becomes busy with other things between the
    two measurements has another try."""
    tries = []
    while not any(is_served(*one) for one in tries):
        assert len(tries) < 5, [(longest, good.quantile(0.99), good.failures[:1]) for good, longest in tries]
        longest = bound(port, target, HELD_SECONDS)
        with GoodClient(port, target) as good:
            load()
        tries.append((good, longest))


def test_a_page_is_bounded_in_bytes_and_leads_on(heavy):
    ids, target, pages = [], "/rockets?limit=1000", 0
    while target:
        answer = heavy.call("GET", target)
        assert answer.status == 200
        assert len(answer.body) < PAGE_MAX_BYTES + ROCKET_MAX_BYTES
        page = answer.json()
        ids += [rocket["id"] for rocket in page["rockets"]]
        pages += 1
        assert (page["next"] is None) == ("Link" not in answer.headers)
        query = page["next"] and "?limit=1000&cursor=" + page["next"]
        target = query and "/rockets" + query
        if query:
            assert urllib.parse.unquote(query) in urllib.parse.unquote(answer.headers["Link"])
    assert ids == [f"heavy-{index:04}" for index in range(HEAVY)]
    assert pages > 1


def test_sixty_heavy_lists_at_once_hold_up_nobody_and_no_memory(heavy):
    before = memory_of(heavy.gateway)

    def ask_for_lists():
        answers = Crowd(heavy.http, ["/rockets?limit=1000"] * 60).ask().read()
        assert {status for status, _ in answers} <= {200, 503}
        assert [status for status, _ in answers].count(200) > 0
    check_beside(ask_for_lists, heavy.http, "/healthz")
    assert memory_of(heavy.gateway, "VmHWM") < before + 300 * MIB


def test_two_thousand_pages_at_once_hold_up_nobody(start):
    if allow_descriptors(8192) < 8192:
        pytest.skip("too few descriptors")
    both = start(gateway=["--watchdog", "2s"])
    one = channel()
    assert both.post([message(one, 1)]).status == 202
    fill(both, 3000)

    def ask_for_pages():
        crowd = Crowd(both.http, ["/rockets?limit=1000"] * 2000)
        statuses = [status for status, _ in crowd.ask().read()]
        assert statuses.count(200) + statuses.count(503) == 2000
        assert statuses.count(200) > 0
        for head in crowd.fields:
            assert head.startswith(b"HTTP/1.1 200") or b"\r\nRetry-After:" in head
    check_beside(ask_for_pages, both.http, "/rockets/" + one)
    assert both.gateway.process.poll() is None


def test_forty_streams_over_many_rockets_hold_up_no_query(start):
    both = start()
    one = channel()
    assert both.post([message(one, 1)]).status == 202
    fill(both, 6000)
    with contextlib.ExitStack() as stack:
        streams = []

        def open_streams():
            for one in streams:
                one.close()
            some = [stack.enter_context(Stream(both.http, seconds=60)) for _ in range(40)]
            receive_until(some, "synced")
            streams[:] = some
        check_beside(open_streams, both.http, "/rockets/" + one)
        for stream in streams:
            stream.until("synced")
            assert len(stream.rockets) == 6001


LIBRARY = "/dashboard/chart.min.js"  # 200 KB


def test_downloads_that_nobody_reads_hold_little_and_make_room_for_readers(start):
    if allow_descriptors(8192) < 8192:
        pytest.skip("too few descriptors")
    both = start(gateway=["--workers", 1])  # the bound is that of a worker
    before = memory_of(both.gateway)
    crowd = Crowd(both.http, [LIBRARY] * 2500).ask()
    until(lambda: both.call("GET", LIBRARY).status == 503, what="the bound")
    assert unsent_bytes(both.http) < 160 * MIB
    #  Sanitizers keep several bytes of their own for each byte in use.
    assert memory_of(both.gateway) < before + (400 if IS_SANITIZED else 60) * MIB
    #  The unread ones have been patient for a second: readers get their room.
    until(lambda: both.call("GET", LIBRARY).status == 200, what="room")
    crowd.close()


def test_pages_that_nobody_reads_are_bounded_in_memory(heavy):
    before = memory_of(heavy.gateway)
    with GoodClient(heavy.http, "/healthz") as good:
        crowd = Crowd(heavy.http, ["/rockets?limit=1000"] * 400).ask()
        until(lambda: lists_refused(heavy.http) > 0, what="the bound")
        until(lambda: heavy.call("GET", "/rockets?limit=1000").status == 200, what="room")
    crowd.close()
    assert memory_of(heavy.gateway, "VmHWM") < before + 350 * MIB
    assert not good.failures


class Between:
    """Stands between a gateway and a processor. Passes on announcements and single queries; of lists
    it counts the queries, and answers with a status, or not at all."""

    def __init__(self, folder, processor_port, status=None):
        self.status = status
        self.lists = []
        self.port, self.http = free_ports(3), free_ports(1)
        self.over = threading.Event()
        self.context = zmq.Context()
        self.thread = threading.Thread(target=self._run, args=(processor_port,))
        self.thread.start()
        self.gateway = Program(folder, "downlink-gateway", "--journal", "off", "--workers", 1, "--listen",
                               f"127.0.0.1:{self.http}", "--processors", f"127.0.0.1:{self.port}")

    def _sockets(self, processor_port):
        made = []
        for kind, method, port in (
                (zmq.ROUTER, "bind", self.port + 1), (zmq.DEALER, "connect", processor_port + 1),
                (zmq.XPUB, "bind", self.port + 2), (zmq.XSUB, "connect", processor_port + 2),
                (zmq.PULL, "bind", self.port)):
            made.append(self.context.socket(kind))
            made[-1].setsockopt(zmq.LINGER, 0)
            getattr(made[-1], method)(f"tcp://127.0.0.1:{port}")
        return made

    def _run(self, processor_port):
        queries, processor, events, told, frames = self._sockets(processor_port)
        passes = {processor: queries, events: told, told: events}
        while not self.over.is_set():
            for socket in (queries, *passes):
                while socket.poll(2):
                    parts = socket.recv_multipart()
                    if socket is not queries:
                        passes[socket].send_multipart(parts)
                    elif msgpack.unpackb(parts[-1])["op"] != "list":
                        processor.send_multipart(parts)
                    else:
                        self.lists.append(msgpack.unpackb(parts[-1]))
                        if self.status:
                            parts[-1] = msgpack.packb({"status": self.status, "detail": "so"})
                            queries.send_multipart(parts)
        for socket in (queries, processor, events, told, frames):
            socket.close()

    def await_ready(self):
        until(lambda: b" 200 " in ask(self.http, "/readyz")[:20], what="the gateway")

    def close(self):
        self.over.set()
        self.thread.join()
        self.context.term()
        assert self.gateway.stop() == 0


@pytest.fixture
def between(pair, folder):
    made = []

    def make(status=None):
        made.append(Between(folder, pair.port, status))
        until(lambda: "listening" in made[-1].gateway.text(), what="the gateway")
        made[-1].await_ready()
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_a_query_that_is_in_progress_at_a_live_owner_is_not_asked_again(between):
    """It says how long its asker waits, and the gateway gives up in time."""
    middle = between()
    answer = ask(middle.http, "/rockets?limit=5")
    assert answer.startswith(b"HTTP/1.1 503") and b"Retry-After" in answer
    assert len(middle.lists) == 1
    assert 0 < middle.lists[0]["deadlineMs"] <= 5000


def test_an_owner_that_is_busy_is_told_at_once(between):
    middle = between(status=503)
    answer = ask(middle.http, "/rockets?limit=5")
    assert answer.startswith(b"HTTP/1.1 503") and b"Retry-After" in answer and b":busy" in answer
    assert len(middle.lists) == 1


def test_streams_ask_for_one_page_at_a_time_and_not_when_they_are_gone(between):
    middle = between()
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(Stream(middle.http))
        until(lambda: len(middle.lists) == 1, what="the page")
        until(lambda: b'"eventStreams":20,' in ask(middle.http, "/stats"), what="the streams")
    until(lambda: b'"eventStreams":0,' in ask(middle.http, "/stats"), what="their end")
    #  A list of another client goes out, so the page was given up; none was asked for a second time.
    assert ask(middle.http, "/rockets?limit=5").startswith(b"HTTP/1.1 503")
    assert len(middle.lists) == 2


def test_what_nobody_waits_for_any_more_is_not_asked_again(between):
    """Clients that are gone before the owner refuses the partition cost it no second query."""
    middle = between(status=421)
    crowd = Crowd(middle.http, ["/rockets?limit=5"] * 8).ask()
    until(lambda: len(middle.lists) >= 8, what="the queries")
    before = len(middle.lists)
    crowd.close()
    until(lambda: lists_refused(middle.http) == 8, what="the end of all")
    assert len(middle.lists) - before < 8 * 15  # one each 20 ms until 100 ms are over, not until a second is
