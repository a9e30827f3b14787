"""Large bodies of lines: read piece by piece in bounded memory, and accepted as a whole or not at all."""
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import sqlite3
import threading
import time

import pytest

from downlink import DISK_SHIM, IS_SANITIZED, LAUNCH_TIME, channel, message, until
from kernel import memory_of, unread_bytes, worked_ns

LARGE_MB = int(os.environ.get("DOWNLINK_UPLOAD_MB", 20 if IS_SANITIZED else 200))
MEMORY_BYTES = 48 << 20  # beyond that of an idle gateway, at the most
TYPE = "application/x-ndjson"
HTTP_PIECE_BYTES = 256 * 1024


def line(of, number):
    return ('{"metadata":{"channel":"%s","messageNumber":%d,"messageTime":"%s","messageType":'
            '"RocketSpeedIncreased"},"message":{"by":1}}\n' % (of, number, LAUNCH_TIME)).encode()


def lines(of, count, first=1):
    return b"".join(line(of, number) for number in range(first, first + count))


def blocks(body, size=60000):
    return [body[at:at + size] for at in range(0, len(body), size)]


def upload(both, body, **fields):
    """Post a body (bytes, with a length, or an iterable of them, in chunks)."""
    headers = {"Content-Type": TYPE, **{name.replace("_", "-"): value for name, value in fields.items()}}
    connection = http.client.HTTPConnection("127.0.0.1", both.http, timeout=90)
    with contextlib.closing(connection):
        connection.request("POST", "/messages", body, headers,
                           encode_chunked=not isinstance(body, bytes))
        response = connection.getresponse()
        response.body = response.read()
        return response.status, json.loads(response.body), response.headers


def send(client, body):
    for block in blocks(body):
        client.sendall(b"%x\r\n%s\r\n" % (len(block), block))


@contextlib.contextmanager
def half(both, body):
    """The first bytes of a chunked body; the connection stays open."""
    with socket.create_connection(("127.0.0.1", both.http), timeout=30) as client:
        client.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                       b"Content-Type: " + TYPE.encode() + b"\r\n\r\n")
        send(client, body)
        yield client


def applied(both, of):
    rocket = both.rocket(of)
    return rocket["messagesApplied"] if rocket else 0


def buffered(both):
    return both.call("GET", "/stats").json()["buffered"]


def rows(both, folder):
    """How many frames and how many marks of uploads there are, in a copy of the journal."""
    journal, = both.journal.glob("slot-*")
    copy = pathlib.Path(folder) / f"copy-{time.monotonic_ns()}"
    try:
        shutil.copytree(journal, copy)
        with contextlib.closing(sqlite3.connect(copy / "journal.sqlite")) as file:
            return tuple(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                         for table in ("frame", "upload"))
    except (sqlite3.DatabaseError, OSError):
        return None  # it was written to while it was copied
    finally:
        shutil.rmtree(copy, ignore_errors=True)


@contextlib.contextmanager
def bounded_memory(program):
    idle, peak, is_over = memory_of(program), [0], threading.Event()

    def watch():
        while not is_over.wait(0.01):
            peak[0] = max(peak[0], memory_of(program))
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()
    assert IS_SANITIZED or peak[0] - idle < MEMORY_BYTES, f"{idle} bytes grew to {peak[0]}"


@pytest.fixture(scope="module")
def large():
    """A large body as blocks of lines, the channels, and how many messages of each there are."""
    channels = [channel() for _ in range(64)]
    each = LARGE_MB * 1000000 // (64 * len(line(channels[0], 10000)))
    return [b"".join(line(of, number) for of in channels) for number in range(1, each + 1)], channels, each


def test_a_large_body_is_applied_exactly_in_bounded_memory(start, large):
    body, channels, each = large
    both = start(gateway=("--max-body", "1G", "--workers", "1", "--buffer", "2000000"))
    with bounded_memory(both.gateway):
        status, answer, _ = upload(both, body)
        assert (status, answer) == (202, {"status": "accepted", "accepted": 64 * each})
        until(lambda: buffered(both) == 0, what="the acks")
    for of in channels:
        rocket = both.rocket(of)
        assert (rocket["messagesApplied"], rocket["speed"]) == (each, each)


def test_a_bad_line_at_the_end_of_a_large_body_refuses_all_of_it(start, large, folder):
    body, channels, each = large
    both = start(gateway=("--max-body", "1G", "--workers", "1", "--buffer", "2000000"))
    with bounded_memory(both.gateway):
        status, answer, _ = upload(both, iter([*body, b'{"metadata":{}}\n']))
    assert status == 400 and answer["detail"].startswith(f"1 of {64 * each + 1} messages are refused")
    assert answer["errors"] == [
        {"index": 64 * each, "pointer": pointer, "detail": "is missing"}
        for pointer in ("/metadata/channel", "/metadata/messageNumber", "/metadata/messageTime",
                        "/metadata/messageType", "/message")]
    until(lambda: rows(both, folder) == (0, 0), what="the end of its frames")
    until(lambda: buffered(both) == 0, what="the same in its count")
    assert not any(applied(both, of) for of in channels)


def test_a_client_that_goes_in_the_middle_leaves_nothing(start, folder):
    both, of = start(gateway=("--workers", "1")), channel()
    with half(both, lines(of, 8000)):
        until(lambda: (rows(both, folder) or (0, 0))[1] > 0, what="a part of it in the journal")
        assert buffered(both) > 0 and applied(both, of) == 0
    until(lambda: buffered(both) == 0 and rows(both, folder) == (0, 0), what="the end of it")
    assert applied(both, of) == 0


def test_a_journal_that_fails_in_the_middle_refuses_all_of_it(start, folder):
    both, of = start(gateway=("--workers", "1")), channel()
    with half(both, lines(of, 4000)) as client:
        until(lambda: (rows(both, folder) or (0, 0))[1] > 0, what="a part of it in the journal")
        journal, = both.journal.glob("slot-*/journal.sqlite")
        journal.rename(journal.parent / "away")
        send(client, lines(of, 4000, first=4001))
        client.sendall(b"0\r\n\r\n")
        response = http.client.HTTPResponse(client)
        response.begin()
        answer = json.loads(response.read())
    assert response.status == 503 and answer["type"].endswith(":journal-failed")
    assert response.headers["Retry-After"] == "1"
    (journal.parent / "away").rename(journal)
    until(lambda: buffered(both) == 0 and rows(both, folder) == (0, 0), what="the end of it")
    assert applied(both, of) == 0 and upload(both, lines(of, 8000))[0] == 202
    both.rocket_when(of, lambda rocket: rocket["messagesApplied"] == 8000)


def test_a_gateway_killed_in_the_middle_leaves_nothing(start, folder):
    both, of = start(gateway=("--workers", "1")), channel()
    kept = channel()
    with half(both, lines(of, 8000)):
        until(lambda: (rows(both, folder) or (0, 0))[1] > 0, what="a part of it in the journal")
        both.processor.send(signal.SIGSTOP)
        assert both.post(message(kept, 1)).status == 202
        both.gateway.process.kill()
        both.gateway.process.wait()
    both.processor.send(signal.SIGCONT)
    both.gateway = both.start_gateway()
    assert both.await_ready() and both.gateway.lines_with("uploads that never completed")
    both.rocket_when(kept, lambda rocket: rocket["messagesApplied"] == 1)
    until(lambda: buffered(both) == 0, what="the acks")
    assert applied(both, of) == 0
    assert upload(both, lines(of, 8000))[0] == 202
    assert both.rocket_when(of, lambda rocket: rocket["messagesApplied"] == 8000)["missing"] == []


@pytest.mark.skipif(IS_SANITIZED, reason="this build has no disk shim")
def test_what_a_full_disk_keeps_from_being_removed_is_taken_over_later(start, folder):
    both, of, kept = start(gateway=("--workers", "1")), channel(), channel()
    journal, = both.journal.glob("slot-*")
    with half(both, lines(of, 8000)):
        until(lambda: (rows(both, folder) or (0, 0))[1] > 0, what="a part of it in the journal")
        other, port = both.start_gateway_beside(environment={
            "LD_PRELOAD": str(DISK_SHIM),
            "DISK_SHIM_UNDER": str(journal), "DISK_SHIM_FAULT": "pwrite:ENOSPC:1"})
        both.processor.send(signal.SIGSTOP)
        assert both.post(message(kept, 1)).status == 202
        both.gateway.process.kill()
        both.gateway.process.wait()
    both.processor.send(signal.SIGCONT)
    both.gateway, both.http = other, port
    until(lambda: "disk is full" in other.text(), what="the take-over")
    both.rocket_when(kept, lambda rocket: rocket["messagesApplied"] == 1)
    until(lambda: not journal.exists(), what="the end of what was left")
    assert applied(both, of) == 0


@pytest.mark.parametrize("commit", range(2, 8))
def test_a_gateway_that_ends_at_any_commit_applies_all_or_nothing(start, commit):
    both, of = start(gateway=("--workers", "1"), environment={
        "gateway": {"DOWNLINK_FAILPOINTS": f"journal-after-commit=exit@{commit}"}}), channel()
    status = 0
    with contextlib.suppress(OSError, http.client.HTTPException):
        status = upload(both, blocks(lines(of, 8000), 200000))[0]
    both.gateway.process.kill()
    both.gateway.process.wait()
    both.environment = {}
    both.gateway = both.start_gateway()
    assert both.await_ready()
    until(lambda: buffered(both) == 0, what="the acks")
    assert applied(both, of) in ((8000,) if status == 202 else (0, 8000))


def test_a_damaged_mark_stops_the_start(start, folder):
    both = start(gateway=("--workers", "1"))
    with half(both, lines(channel(), 8000)):
        until(lambda: (rows(both, folder) or (0, 0))[1] > 0, what="a part of it in the journal")
        both.gateway.process.kill()
        both.gateway.process.wait()
    journal, = both.journal.glob("slot-*/journal.sqlite")
    with contextlib.closing(sqlite3.connect(journal)) as file:
        file.execute("UPDATE upload SET last = last - 1")
        file.commit()
    refused = both.start_gateway()
    assert refused.process.wait(60) == 1
    assert "the mark of an upload in it is damaged" in refused.text() and str(journal) in refused.text()


def test_the_first_processor_is_waited_for(start):
    both, of = start(gateway=("--workers", "1", "--wait", "6s")), channel()
    both.gateway.stop()
    both.processor.stop()
    both.gateway = both.start_gateway()
    until(lambda: "listening" in both.gateway.text(), what="the gateway")
    status, answer, _ = upload(both, lines(of, 3000))
    assert status == 503 and answer["type"].endswith(":no-processor")
    status, answer, _ = upload(both, lines(of, 3000) + b"no json")
    assert status == 400 and [error["index"] for error in answer["errors"]] == [3000]
    both.processor = both.start_processor()
    assert upload(both, lines(of, 3000))[0] == 202
    both.rocket_when(of, lambda rocket: rocket["messagesApplied"] == 3000)


@pytest.mark.parametrize("journal", ["fsync", "off"])
def test_a_buffer_that_is_full_in_the_middle_is_waited_for(start, journal):
    both, of = start(gateway=("--workers", "1", "--buffer", "6000", "--wait", "5s", "--journal",
                              journal)), channel()
    both.processor.send(signal.SIGSTOP)
    assert both.post([message(of, number) for number in range(1, 3001)]).status == 202
    began = time.monotonic()
    status, answer, fields = upload(both, blocks(lines(of, 5000, first=3001)))
    assert status == 503 and answer["type"].endswith(":buffer-full") and fields["Retry-After"] == "1"
    assert time.monotonic() - began >= 5
    until(lambda: buffered(both) == 3000, what="the end of it")

    waker = threading.Timer(0.5, both.processor.send, [signal.SIGCONT])
    waker.start()
    assert upload(both, blocks(lines(of, 5000, first=3001)))[0] == 202
    waker.join()
    both.rocket_when(of, lambda rocket: rocket["messagesApplied"] == 8000)
    until(lambda: buffered(both) == 0, what="the acks")
    status, answer, _ = upload(both, blocks(lines(of, 7000, first=9001)))
    assert status == 413 and answer["type"].endswith(":batch-too-large")
    until(lambda: buffered(both) == 0, what="the end of it")
    assert applied(both, of) == 8000


def test_what_the_journal_has_no_room_for_is_refused(start):
    both, of = start(gateway=("--workers", "1", "--journal-limit", "256K", "--wait", "0s")), channel()
    status, answer, _ = upload(both, lines(of, 8000))
    assert status == 413 and answer["type"].endswith(":batch-too-large")
    until(lambda: both.call("GET", "/stats").json()["journalBytes"] == 0, what="the end of its frames")
    both.processor.send(signal.SIGSTOP)
    assert [upload(both, lines(of, 1800, first))[0] for first in (1, 2001, 4001)] == [202, 202, 503]
    both.processor.send(signal.SIGCONT)
    both.rocket_when(of, lambda rocket: rocket["messagesApplied"] == 3600)


def test_a_stop_does_not_wait_for_an_upload_for_ever(start):
    """libmicrohttpd ends the process if it is stopped while a connection is suspended."""
    both, of = start(gateway=("--workers", "1", "--buffer", "6000", "--wait", "60s")), channel()
    both.processor.send(signal.SIGSTOP)
    with half(both, lines(of, 3000)), half(both, lines(of, 8000, first=3001)):
        until(lambda: both.call("GET", "/stats").json()["waiting"] > 0, what="a wait for room")
        assert both.gateway.stop() == 0
    both.processor.send(signal.SIGCONT)
    both.gateway = both.start_gateway()
    assert both.await_ready() and applied(both, of) == 0


def test_a_stop_ends_many_uploads_whose_clients_go_on(start):
    """The gateway read on after the last wait, held some of them again, and libmicrohttpd ended it."""
    both = start(gateway=("--workers", "1", "--max-body", "100M", "--buffer", "20000", "--wait", "60s"))
    both.processor.send(signal.SIGSTOP)
    assert both.post([message(channel(), number) for number in range(1, 20001)]).status == 202
    body = lines(channel(), 100000)

    def client():
        with contextlib.suppress(OSError), half(both, body) as connection:
            while connection.recv(4096):
                pass
    clients = [threading.Thread(target=client) for _ in range(12)]
    for client in clients:
        client.start()
    until(lambda: both.call("GET", "/stats").json()["waiting"] == 12, what="their wait for room")
    assert both.gateway.stop() == 0
    for client in clients:
        client.join()
    both.processor.send(signal.SIGCONT)


def test_what_is_dropped_for_a_full_buffer_is_dropped_as_a_whole(start):
    both, of = start(gateway=("--workers", "1", "--buffer", "6000", "--overflow", "drop")), channel()
    both.processor.send(signal.SIGSTOP)
    assert both.post([message(of, number) for number in range(1, 3001)]).status == 202
    status, answer, _ = upload(both, lines(of, 5000, first=3001))
    assert (status, answer["accepted"]) == (202, 5000)
    both.processor.send(signal.SIGCONT)
    until(lambda: buffered(both) == 0, what="the acks")
    assert applied(both, of) == 3000


def test_several_uploads_at_once_beside_other_requests(pair):
    channels, statuses = [channel() for _ in range(4)], []

    def client(of):
        statuses.append(upload(pair, blocks(lines(of, 10000), 7000))[0])
    clients = [threading.Thread(target=client, args=[of]) for of in channels[:3]]
    for client in clients:
        client.start()
    for number in range(1, 101):
        assert pair.post(message(channels[3], number)).status == 202
    for client in clients:
        client.join()
    assert statuses == [202] * 3
    for of, count in zip(channels, [10000] * 3 + [100]):
        pair.rocket_when(of, lambda rocket, count=count: rocket["messagesApplied"] == count)
    until(lambda: buffered(pair) == 0, what="the acks")


def test_preferences_work_as_for_small_bodies(pair):
    of = channel()
    body = lines(of, 3000) + b"no json\n" + lines(of, 3000, first=3001)
    status, answer, fields = upload(pair, body, Prefer="handling=lenient, wait=60")
    assert (status, answer["status"], answer["accepted"]) == (200, "applied", 6000)
    assert [refused["index"] for refused in answer["refused"]] == [3000]
    assert "wait=60" in fields["Preference-Applied"] and applied(pair, of) == 6000


def test_many_bad_lines_are_counted_and_the_first_are_named(pair):
    body = b"[]\n" * 200000
    status, answer, _ = upload(pair, body)
    assert status == 400 and answer["detail"].startswith("200000 of 200000 messages are refused")
    assert [error["index"] for error in answer["errors"]] == list(range(10000))
    status, answer, _ = upload(pair, body, Prefer="handling=lenient")
    assert (status, answer["accepted"], len(answer["refused"])) == (202, 0, 10000)


@pytest.mark.parametrize("before, length, after, status", [
    (300000, 1 << 20, 0, 400), (300000, (1 << 20) + 1, 0, 413), (0, (1 << 20) + 1, 300000, 413),
    (0, 1 << 20, 300000, 400), (300000, (1 << 20) + 1, 300000, 413)])
def test_a_line_may_be_so_long_and_no_longer(pair, before, length, after, status):
    of = channel()
    body = (lines(of, before // 150) + b"x" * length + (b"\n" if after else b"") +
            lines(of, after // 150, first=5000))
    for pieces in (body, blocks(body, 9000), blocks(body, 100001)):
        found, answer, _ = upload(pair, pieces)
        assert found == status and (found == 400 or answer["type"].endswith(":line-too-long"))
    assert applied(pair, of) == 0


def test_a_blank_body_is_refused_however_large(pair):
    status, answer, _ = upload(pair, b"\xef\xbb\xbf" + b" \r\n" * 200000)
    assert status == 400 and answer["detail"] == "the body holds no message"


@pytest.mark.skipif(not pathlib.Path("/proc/self/schedstat").exists(), reason="this kernel does not tell the time")
def test_the_lines_of_a_body_are_read_as_they_come_however_short_they_are(start):
    """Lines of three bytes took half of a microsecond each: 256 KiB of them held up a worker for 50 ms."""
    both, step, took = start(gateway=("--workers", 1)), b"{}\n" * 10000, []
    head = (f"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: {TYPE}\r\n"
            f"Prefer: handling=lenient\r\nContent-Length: {32 * len(step)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", both.http), 30) as client, both.client() as other:
        client.sendall(head)
        for _ in range(32):
            before = worked_ns(both.gateway)
            client.sendall(step)
            until(lambda: unread_bytes(both.http) == 0, what="the end of the step")
            for _ in range(3):
                assert other.call("GET", "/livez").status == 200
            took.append(worked_ns(both.gateway) - before)
        assert client.recv(4096).startswith(b"HTTP/1.1 202 ")
    took = sorted(took)
    assert took[-4] < 2.5 * sum(took) / len(took), took


def work_beside_pieces(both):
    """Send pieces on many connections at once. Return the time that the gateway works between two other answers."""
    piece, took = b"{}\n" * (HTTP_PIECE_BYTES // 3), []
    with contextlib.ExitStack() as stack:
        uploads = [stack.enter_context(half(both, piece)) for _ in range(16)]
        until(lambda: unread_bytes(both.http) == 0, what="the pieces but for their last bytes")
        other = stack.enter_context(both.client())
        assert other.call("GET", "/livez").status == 200
        both.gateway.send(signal.SIGSTOP)
        for one in uploads:
            send(one, b"{}\n" * 10)
        both.gateway.send(signal.SIGCONT)
        for _ in range(10):
            before = worked_ns(both.gateway)
            assert other.call("GET", "/livez").status == 200
            took.append(worked_ns(both.gateway) - before)
        for one in uploads:
            one.sendall(b"0\r\n\r\n")
            assert one.recv(4096).startswith(b"HTTP/1.1 400 ")
    return took


@pytest.mark.skipif(IS_SANITIZED, reason="the pieces take longer than a request may")
@pytest.mark.skipif(not pathlib.Path("/proc/self/schedstat").exists(), reason="this kernel does not tell the time")
def test_many_pieces_at_once_hold_up_no_other_request(start):
    """Each piece took 50 ms, and those of all connections were read in one turn."""
    both, tries = start(gateway=("--workers", 1)), []
    #  All of the work is in one place each time, when they are read in one turn. It may be so by chance too, when this
    #  test gets no time between two turns.
    while not any(max(took) < 0.6 * sum(took) for took in tries):
        assert len(tries) < 20, tries
        tries.append(work_beside_pieces(both))


def test_a_body_that_grows_past_the_limit_is_refused(start):
    both, of = start(gateway=("--max-body", "600K")), channel()
    status, answer, _ = upload(both, blocks(lines(of, 8000)))
    assert status == 413 and answer["type"].endswith(":body-too-large")
    until(lambda: buffered(both) == 0, what="the end of it")
    assert applied(both, of) == 0


def some_line(random_, of, number):
    kind = random_.random()
    if kind < 0.002:
        return random_.choice([b"no json\n", b"[]\n", b'{"metadata":{}}\n', b"\xef\xbb\xbf{}\n",
                               b'{"a":' * 40 + b"\n", b'"\\ud800"\n', line(of, 0)])
    if kind < 0.02:
        return random_.choice([b"\n", b"  \r\n", b"\t\n"])
    text = line(of, number)
    return text[:-1] + b"\r\n" if kind < 0.1 else text


@pytest.mark.parametrize("seed", range(6))
def test_the_answer_is_the_same_however_a_body_is_cut(pair, seed):
    """Unstreamed the body would be too large, so it is sent in small bodies, and their errors put together."""
    random_, of = random.Random(seed), channel()
    small = [b"".join(some_line(random_, of, 1000 * part + number) for number in range(1, 1000))
             for part in range(6)]
    body = (b"\xef\xbb\xbf" if seed % 2 else b"") + b"".join(small)
    body = body[:-1] if seed % 3 else body
    errors, good, refused = [], 0, 0
    for part in small:
        answer = pair.call("POST", "/messages", part, Content_Type=TYPE, Prefer="handling=lenient").json()
        seen = good + refused
        errors += [{**error, "index": error["index"] + seen} for error in answer["refused"]]
        good += answer["accepted"]
        refused += len({error["index"] for error in answer["refused"]})
    cuts = [body, blocks(body, 1 << 20), blocks(body, 15013)]
    cuts.append([part for at in range(0, len(body), 40000)
                 for part in blocks(body[at:at + 40000], random_.randrange(700, 40000))])
    for pieces in cuts:
        status, answer, _ = upload(pair, pieces)
        assert status == 400 and answer["errors"] == errors
        assert answer["detail"] == (f"{refused} of {refused + good} messages are refused, "
                                    "so none was accepted")
        status, answer, _ = upload(pair, pieces, Prefer="handling=lenient")
        assert (status, answer) == (202, {"status": "accepted", "accepted": good, "refused": errors})


def announce(stack, both, size):
    """A connection that announces a body and sends one byte of it."""
    one = stack.enter_context(socket.create_connection(("127.0.0.1", both.http), 30))
    one.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n{" % size)


def test_bodies_that_are_announced_and_do_not_come_take_no_room(pair):
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            announce(stack, pair, 8 << 20)
        body = json.dumps([message(channel(), number) for number in range(1, 10000)])
        assert pair.call("POST", "/messages", body).status == 202
        assert pair.post(message(channel(), 1)).status == 202


def test_a_body_that_finds_no_memory_now_is_to_be_sent_again(start):
    """2,000 bodies of 486 KB at once got 413, as if they were too large at any time."""
    pair = start(gateway=("--workers", "1"))  # each worker has room for its own bodies
    lines = "\n".join(json.dumps(message(channel(), 1, "RocketLaunched")) for _ in range(2000))
    lines = lines[:lines.rindex("\n")].encode()
    head = (b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(lines))
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", pair.http), 30))
                   for _ in range(300)]
        for one in sockets:
            one.sendall(head + lines[:-1])
        for one in sockets:
            with contextlib.suppress(OSError):
                one.sendall(lines[-1:])
        answers = [one.recv(65536) for one in sockets]
    statuses = {answer[9:12] for answer in answers}
    assert statuses == {b"400", b"503"}  # lines of JSON are no JSON: those that were read
    assert all(b"Retry-After: 1" in answer for answer in answers if answer[9:12] == b"503")


def test_uploads_that_do_not_end_leave_room_for_everybody_else(start):
    """50 half uploads held 97 % of the buffer, and good clients got 503."""
    both = start(gateway=("--workers", "1", "--buffer", "100000", "--wait", "1s"))
    both.processor.send(signal.SIGSTOP)  # nothing is acknowledged, so only eviction makes room
    half = lines(channel(), 3900)
    head = (f"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: {TYPE}\r\n"
            f"Content-Length: {2 * len(half)}\r\n\r\n").encode()
    with contextlib.ExitStack() as stack:
        for _ in range(25):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", both.http), 30))
            one.sendall(head + half)
        until(lambda: both.call("GET", "/stats").json()["buffered"] > 70000, what="the uploads")
        for _ in range(40):
            of = channel()
            body = json.dumps([message(of, number) for number in range(1, 1001)])
            answer = both.call("POST", "/messages", body)
            assert answer.status == 202, answer.body
    both.processor.send(signal.SIGCONT)
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="the saves")


def test_an_upload_that_made_room_for_others_is_to_be_sent_again(start):
    both = start(gateway=("--workers", "1", "--buffer", "20000", "--wait", "1s"))
    body = lines(channel(), 18000)
    cut = len(body) * 3 // 4
    with socket.create_connection(("127.0.0.1", both.http), 30) as upload:
        upload.sendall((f"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: {TYPE}\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n").encode() + body[:cut])
        until(lambda: both.call("GET", "/stats").json()["buffered"] > 10000, what="the upload")
        both.processor.send(signal.SIGSTOP)
        for _ in range(10):
            of = channel()
            batch = json.dumps([message(of, number) for number in range(1, 1001)])
            assert both.call("POST", "/messages", batch).status == 202
        upload.sendall(body[cut:])
        answer = upload.recv(65536)
    both.processor.send(signal.SIGCONT)
    assert b" 503 " in answer and b"Retry-After" in answer and b"buffer-full" in answer
