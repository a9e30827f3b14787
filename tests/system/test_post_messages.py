"""POST /messages: accepted and refused messages; a refusal leaves nothing behind."""
import json

import pytest

from downlink import channel, message, raw

MAX = 2**53 - 1


def test_one_message_is_accepted_and_shows_in_the_rocket(pair):
    one = channel()
    answer = pair.post(message(one, 1, "RocketLaunched"))
    assert (answer.status, answer.json()) == (202, {"status": "accepted", "accepted": 1})
    rocket = pair.rocket_when(one, lambda r: r["messagesApplied"] == 1)
    assert rocket == {"id": one, "type": "Falcon-9", "speed": 500, "mission": "ARTEMIS",
                      "status": "flying", "explosionReason": None, "lastMessageNumber": 1,
                      "lastMessageTime": "2022-02-02T18:39:05.863370Z", "messagesApplied": 1,
                      "missing": [], "conflicts": 0}


def test_an_array_is_accepted_as_a_whole(pair):
    one = channel()
    answer = pair.post([message(one, n) for n in range(1, 51)])
    assert answer.json() == {"status": "accepted", "accepted": 50}
    assert pair.rocket_when(one, lambda r: r["messagesApplied"] == 50)["speed"] == 5000


def test_ndjson_is_accepted_with_blank_lines_and_any_line_end(pair):
    one = channel()
    lines = [json.dumps(message(one, n)) for n in range(1, 6)]
    body = lines[0] + "\r\n\n" + "\n".join(lines[1:])
    answer = pair.call("POST", "/messages", body, Content_Type="application/x-ndjson")
    assert answer.json() == {"status": "accepted", "accepted": 5}
    pair.rocket_when(one, lambda r: r["messagesApplied"] == 5)


@pytest.mark.parametrize("content_type", [
    "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl",
    "application/jsonlines", "application/x-jsonlines", "application/json-lines",
    "application/ldjson", "application/x-ldjson", "application/stream+json",
    "application/x-json-stream", "text/x-ndjson", "text/ndjson", "text/jsonl; charset=utf-8"])
def test_lines_are_taken_under_each_of_their_names(pair, content_type):
    lines = "".join(json.dumps(message(channel(), 1)) + "\n" for _ in range(3))
    answer = pair.call("POST", "/messages", lines, Content_Type=content_type)
    assert answer.json() == {"status": "accepted", "accepted": 3}


@pytest.mark.parametrize("between", ["\n", "\r\n", "", " "])
def test_lines_under_the_type_of_json_get_a_hint_at_their_own_type(pair, between):
    one = json.dumps(message(channel(), 1))
    answer = pair.call("POST", "/messages", one + between + one + between)
    assert (answer.status, answer.json()["type"]) == (400, "urn:downlink:problem:bad-body")
    assert answer.json()["detail"].endswith(
        "; one message a line needs Content-Type: application/x-ndjson")
    for body in (one + "x", one + "]", one[:-1], one + "7"):
        assert "ndjson" not in pair.call("POST", "/messages", body).json()["detail"]


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8",
                                          "text/plain", "application/x-www-form-urlencoded", None])
def test_json_text_form_and_no_content_type_are_taken_as_json(pair, content_type):
    fields = {"Content_Type": content_type} if content_type else {}
    answer = pair.post(message(channel(), 1), **fields)
    assert answer.status == 202


@pytest.mark.parametrize("content_type", ["image/png", "application/xml", "application/jsonish"])
def test_other_content_types_are_refused(pair, content_type):
    answer = pair.post(message(channel(), 1), Content_Type=content_type)
    assert answer.status == 415
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_one_bad_message_refuses_all_and_every_bad_one_is_named(pair):
    one = channel()
    good, bad = message(one, 1), message(one, 0)
    answer = pair.post([good, bad, good, {"metadata": {"messageNumber": 0}, "message": {}}])
    assert answer.status == 400
    problem = answer.json()
    assert problem["errors"] == [
        {"index": 1, "pointer": "/metadata/messageNumber",
         "detail": f"must be an integer from 1 to {MAX}"},
        {"index": 3, "pointer": "/metadata/channel", "detail": "is missing"},
        {"index": 3, "pointer": "/metadata/messageNumber",
         "detail": f"must be an integer from 1 to {MAX}"},
        {"index": 3, "pointer": "/metadata/messageTime", "detail": "is missing"},
        {"index": 3, "pointer": "/metadata/messageType", "detail": "is missing"}]
    assert problem["detail"].startswith("2 of 4 messages are refused")
    other = channel()
    pair.post(message(other, 1))
    pair.rocket_when(other, lambda r: True)
    assert pair.rocket(one) is None


@pytest.mark.parametrize("handling", ["strict", "lenient"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson",
                                  "application/cloudevents-batch+json"])
def test_a_body_with_very_many_bad_messages_is_not_read_to_its_end(pair, kind, handling):
    is_lines = kind.endswith("ndjson")
    bad = "{}\n" * 12000 if is_lines else "[" + "{}," * 2000000 + "{}]"
    answer = pair.call("POST", "/messages", bad, Content_Type=kind, Prefer=f"handling={handling}")
    assert (answer.status, answer.json()["type"]) == (400, "urn:downlink:problem:message-refused")
    assert answer.json()["detail"].startswith("more than 10000 messages are refused")
    assert len(answer.json()["errors"]) == 10000


def test_lenient_handling_takes_the_good_ones(pair):
    one = channel()
    answer = pair.post([message(one, 1), 7, message(one, 2)], Prefer="handling=lenient")
    assert answer.status == 202
    assert answer.headers["Preference-Applied"] == "handling=lenient"
    result = answer.json()
    assert result["accepted"] == 2
    assert [refusal["index"] for refusal in result["refused"]] == [1]
    pair.rocket_when(one, lambda r: r["messagesApplied"] == 2)


def without(path):
    bad = message(channel(), 1)
    *parents, last = path.strip("/").split("/")
    place = bad
    for parent in parents:
        place = place[parent]
    del place[last]
    return bad


@pytest.mark.parametrize("pointer", [
    "/metadata", "/metadata/channel", "/metadata/messageNumber", "/metadata/messageTime",
    "/metadata/messageType", "/message", "/message/by"])
def test_a_missing_member_is_refused_by_name(pair, pointer):
    answer = pair.post(without(pointer))
    assert answer.status == 400
    assert answer.json()["errors"] == [{"index": 0, "pointer": pointer, "detail": "is missing"}]


def bad_messages():
    yield "/metadata/channel", {"channel": ""}
    yield "/metadata/channel", {"channel": "x" * 129}
    for hidden in "\u0007\u009b\u00ad\u200b\u202e\u2028\u2029\ufeff\U000e0041":
        yield "/metadata/channel", {"channel": f"a{hidden}b"}
    yield "/metadata/channel", {"channel": "\ufeff"}
    yield "/metadata/channel", {"channel": 7}
    for number in (0, -1, MAX + 1, 1.5, "1", None, 10**30, True):
        yield "/metadata/messageNumber", {"messageNumber": number}
    for time in ("2022-02-02T19:39:05", "2022-02-30T19:39:05Z", "yesterday", 7, ""):
        yield "/metadata/messageTime", {"messageTime": time}
    for kind in ("RocketLanded", "", 7):
        yield "/metadata/messageType", {"messageType": kind}


@pytest.mark.parametrize("pointer,members", bad_messages())
def test_a_member_out_of_its_range_is_refused_by_pointer(pair, pointer, members):
    bad = message(channel(), 1)
    bad["metadata"].update(members)
    answer = pair.post(bad)
    assert answer.status == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("members", [{"channel": "x" * 128}, {"channel": "\u706b" * 42},
                                     {"messageNumber": MAX}, {"unknown": {"deep": [1, 2]}},
                                     {"messageTime": "2022-02-02t18:39:05.123456789z"}])
def test_the_limits_themselves_and_unknown_members_are_accepted(pair, members):
    good = message(channel(), 1)
    good["metadata"].update(members)
    assert pair.post(good).status == 202


@pytest.mark.parametrize("body", [b"", b"   ", b"{", b"[1,", b"nope", b"\xff\xfe", b"[" * 5000,
                                  b"{\"a\":\"\\ud800\"}", b"7", b"\"text\"", b"null"])
def test_a_body_that_is_no_message_is_refused(pair, body):
    answer = pair.call("POST", "/messages", body)
    assert answer.status == 400
    assert answer.json()["detail"]


def test_a_member_given_twice_is_refused(pair):
    text = json.dumps(message(channel(), 1)).replace('"by": 100', '"by": 100, "by": 100')
    answer = pair.call("POST", "/messages", text)
    assert answer.status == 400
    assert answer.json()["errors"][0]["pointer"] == "/message/by"


def test_an_empty_array_is_accepted_with_nothing_in_it(pair):
    assert pair.post([]).json() == {"status": "accepted", "accepted": 0}


def test_a_body_over_the_limit_is_refused_however_it_is_sent(start):
    both = start(gateway=("--max-body", "1000"))
    assert both.call("POST", "/messages", b" " * 1001).status == 413
    chunked = b"".join(b"64\r\n" + b" " * 100 + b"\r\n" for _ in range(11)) + b"0\r\n\r\n"
    answer = raw(both.http, b"POST /messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n" + chunked)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_is_taken(pair):
    body = json.dumps(message(channel(), 1)).encode()
    answer = raw(pair.http, b"POST /messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
                 % (len(body), body))
    assert answer.startswith(b"HTTP/1.1 202 ")


def test_late_repeated_and_conflicting_messages_are_told_apart(pair):
    one = channel()
    pair.post([message(one, 7), message(one, 5), message(one, 5), message(one, 5, by=1)])
    rocket = pair.rocket_when(one, lambda r: r["conflicts"] == 1)
    assert (rocket["speed"], rocket["messagesApplied"]) == (200, 2)
    assert rocket["missing"] == [[1, 4], [6, 6]]
