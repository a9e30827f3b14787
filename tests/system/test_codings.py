"""Content-Encoding: bodies that are compressed, and compressed answers for clients that ask."""
import ctypes
import gzip
import json
import select
import socket
import time
import zlib

import pytest

from downlink import channel, message, raw, until
from kernel import memory_of

NDJSON = "application/x-ndjson"
MIB = 1024 * 1024


def zstd(data):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(library.ZSTD_compressBound(ctypes.c_size_t(len(data))))
    size = library.ZSTD_compress(room, ctypes.c_size_t(len(room)), data, ctypes.c_size_t(len(data)), 3)
    return room.raw[:size]


CODINGS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "zstd": zstd}


def post(pair, body, coding, content_type="application/json", **fields):
    return pair.call("POST", "/messages", body, Content_Encoding=coding, Content_Type=content_type,
                     **fields)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_compressed_body_counts_as_what_it_holds(pair, coding):
    one, encode = channel(), CODINGS[coding]
    assert post(pair, encode(json.dumps(message(one, 1)).encode()), coding).status == 202
    lines = "".join(json.dumps(message(one, number)) + "\n" for number in range(2, 3000))
    answer = post(pair, encode(lines.encode()), coding, NDJSON)
    assert answer.json() == {"status": "accepted", "accepted": 2998}
    pair.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 2999)


def test_no_coding_is_named_identity_also_for_large_lines(pair):
    one = channel()
    lines = "".join(json.dumps(message(one, number)) + "\n" for number in range(1, 4001))
    assert len(lines) > 512 * 1024  # which comes in pieces
    assert post(pair, lines, "identity", NDJSON).json()["accepted"] == 4000


def test_a_bad_message_in_a_compressed_body_is_named(pair):
    body = gzip.compress(json.dumps([message(channel(), 1), message(channel(), 0)]).encode())
    answer = post(pair, body, "gzip")
    assert answer.json()["errors"][0]["pointer"] == "/metadata/messageNumber"
    assert post(pair, body, "gzip", Prefer="handling=lenient").json()["accepted"] == 1


def test_another_coding_is_refused_with_those_that_are_taken(pair):
    for coding in ("br", "deflate", "gzip, gzip"):
        answer = post(pair, "{}", coding)
        assert (answer.status, answer.json()["type"]) == (
            415, "urn:downlink:problem:unsupported-encoding")
        assert answer.headers["Accept-Encoding"] == "gzip, zstd"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_that_is_not_what_it_says_is_refused(pair, coding):
    whole = CODINGS[coding](b" " * 100)
    for body in (b"{}", b"", whole[:-1], whole + b"x", whole[:10]):
        answer = post(pair, body, coding)
        assert (answer.status, answer.json()["type"]) == (400, "urn:downlink:problem:bad-body")


def test_a_body_may_become_as_large_as_any_other_and_no_larger(start):
    both = start(gateway=("--max-body", "3M", "--workers", "1"))
    body = json.dumps([message(channel(), 1)] + [message(channel(), 1) for _ in range(2000)])
    for coding in ("gzip", "zstd"):
        fits = body.encode().ljust(3 * MIB)
        assert post(both, CODINGS[coding](fits), coding).status == 202
        answer = post(both, CODINGS[coding](fits + b" "), coding)
        assert (answer.status, answer.json()["type"]) == (413, "urn:downlink:problem:body-too-large")


def test_a_bomb_costs_no_memory(start):
    both = start(gateway=("--max-body", "1G", "--workers", "1"))
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    gzipped = b"".join(packer.compress(b" " * MIB) for _ in range(500)) + packer.flush()
    for coding, bomb in (("gzip", gzipped), ("zstd", zstd(b" " * (500 * MIB)))):
        answer = post(both, bomb, coding)
        assert (answer.status, answer.json()["type"]) == (413, "urn:downlink:problem:body-too-large")
        assert "200 times" in answer.json()["detail"]
        assert memory_of(both.gateway, "VmHWM") < 300 * MIB
    assert both.post(message(channel(), 1)).status == 202


def begin_posts(pair, body, count):
    """Connections with a POST of this body each, which lacks its last byte."""
    head = (f"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    connections = [socket.create_connection(("127.0.0.1", pair.http), timeout=60) for _ in range(count)]
    for connection in connections:
        connection.sendall(head + body[:-1])
    return connections


def test_many_bodies_that_unpack_to_much_hold_up_nobody_else(start):
    both, one = start(), channel()
    messages = [message(one, number) for number in range(1, 40001)] + [{}]  # the last one is refused
    text = json.dumps(messages, separators=(",", ":")).encode()
    assert 5 * MIB < len(text) < 8 * MIB
    body = gzip.compress(text, 1)
    connections = begin_posts(both, body, 60)
    begin = time.monotonic()
    for connection in connections:
        connection.sendall(body[-1:])
    longest, answered = 0, []
    while len(answered) < len(connections):
        asked = time.monotonic()
        assert both.call("GET", "/livez").status == 200
        longest = max(longest, time.monotonic() - asked)
        answered = select.select(connections, [], [], 0)[0]
    assert longest < (time.monotonic() - begin) / 3  # all of it, when the bodies are read in one turn
    statuses = {int(connection.recv(65536)[9:12]) for connection in connections}
    assert 400 in statuses and statuses <= {400, 503}
    for connection in connections:
        connection.close()
    assert both.post(message(one, 1)).status == 202


def test_an_event_in_binary_mode_may_be_compressed(pair):
    one = channel()
    head = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-subject": one,
            "ce-sequence": "1", "ce-type": "RocketSpeedIncreased", "ce-time": "2022-02-02T19:39:05Z"}
    assert post(pair, gzip.compress(b'{"by": 5}'), "gzip", **head).status == 202
    pair.rocket_when(one, lambda rocket: rocket["speed"] == 5)


def unzstd(data):
    """Return the one frame without its size that an answer is."""
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(8 * MIB)
    size = library.ZSTD_decompress(room, ctypes.c_size_t(len(room)), data, ctypes.c_size_t(len(data)))
    assert not library.ZSTD_isError(ctypes.c_size_t(size))
    return room.raw[:size]


DECODERS = {"gzip": gzip.decompress, "zstd": unzstd}


def is_still_known(pair, target, coding, tag):
    """A client with the answer gets 304 twice on one connection, and not a byte of a body."""
    request = (f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {coding}\r\nIf-None-Match: {tag}\r\n"
               "Connection: %s\r\n\r\n")
    answers = raw(pair.http, ((request % "keep-alive") + (request % "close")).encode()).split(b"\r\n\r\n")
    assert len(answers) == 3 and answers[2] == b"", answers
    return all(head.startswith(b"HTTP/1.1 304 ") and f"\r\nETag: {tag}".encode() in head
               and b"\r\nVary: Accept-Encoding" in head and b"Transfer-Encoding" not in head
               for head in answers[:2])


@pytest.mark.parametrize("target", ["/rockets", "/openapi.json", "/dashboard/chart.min.js", "/metrics"])
def test_a_large_answer_is_compressed_for_a_client_that_asks(pair, target):
    for _ in range(100):
        assert pair.post(message(channel(), 1), Prefer="wait=60").status == 200  # lists stay as they are
    plain = pair.call("GET", target)
    assert plain.headers["Vary"] == "Accept-Encoding" and "Content-Encoding" not in plain.headers
    tags = {plain.headers.get("ETag")}
    for coding, decode in DECODERS.items():
        answer = pair.call("GET", target, Accept_Encoding=coding)
        assert answer.headers["Content-Encoding"] == coding and answer.headers["Vary"] == "Accept-Encoding"
        assert len(answer.body) < len(plain.body) / 2
        assert target == "/metrics" or decode(answer.body) == plain.body
        if "ETag" in plain.headers:
            tags.add(answer.headers["ETag"])
            assert is_still_known(pair, target, coding, answer.headers["ETag"])
            assert pair.call("GET", target, If_None_Match=answer.headers["ETag"]).status == 200
        head = pair.call("HEAD", target, Accept_Encoding=coding)
        assert (head.status, head.body) == (200, b"") and "Content-Encoding" not in head.headers
        assert int(head.headers["Content-Length"]) >= 2048
    assert len(tags) == 3 or tags == {None}, "each coding has a tag of its own"


def test_a_small_answer_is_sent_as_it_is(pair):
    answer = pair.call("GET", "/livez", Accept_Encoding="gzip, zstd")
    assert "Content-Encoding" not in answer.headers and "Vary" not in answer.headers


def test_answers_that_nobody_takes_leave_others_uncompressed_and_memory_bounded(pair):
    request = (b"GET /dashboard/chart.min.js HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: zstd\r\n\r\n")
    before, clients = memory_of(pair.gateway), []
    for _ in range(300):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(("127.0.0.1", pair.http))
        client.sendall(request * 10)
        clients.append(client)

    def coding():
        answer = pair.call("GET", "/openapi.json", Accept_Encoding="zstd")
        return answer.status == 200 and answer.headers.get("Content-Encoding", "identity")
    until(lambda: coding() == "identity", what="an answer as it is")
    assert memory_of(pair.gateway) - before < 200 * MIB
    for client in clients:
        client.close()
    until(lambda: coding() == "zstd", what="a compressed answer again")
