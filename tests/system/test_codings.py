"""Content-Encoding: bodies that are compressed, and answers that are compressed for those who ask."""
import ctypes
import gzip
import json
import zlib

import pytest

from downlink import channel, message
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


def test_an_event_in_binary_mode_may_be_compressed(pair):
    one = channel()
    head = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-subject": one,
            "ce-sequence": "1", "ce-type": "RocketSpeedIncreased", "ce-time": "2022-02-02T19:39:05Z"}
    assert post(pair, gzip.compress(b'{"by": 5}'), "gzip", **head).status == 202
    pair.rocket_when(one, lambda rocket: rocket["speed"] == 5)
