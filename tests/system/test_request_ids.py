"""A request's id goes through the answer, the refusal and the log; and requests that are not logged."""
import json
import re
import time

import pytest

from downlink import channel, message, raw, until

REFUSALS_PER_SECOND = 20  # that are logged
TRACE = "0af7651916cd43dd8448eb211c80319c"


def refuse(both, **fields):
    answer = both.call("POST", "/messages", json.dumps(message(channel(), 0)), **fields)
    assert answer.status == 400
    return answer


@pytest.mark.parametrize("fields,wanted", [
    ({"X-Request-Id": "my-id.42"}, "my-id.42"),
    ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, TRACE),
    ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-Id": "mine"}, "mine"),
    ({"X-Request-Id": "mine", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, "mine"),
    ({"X-Request-Id": 'a" b', "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, TRACE)])
def test_the_id_that_a_client_gives_comes_back(pair, fields, wanted):
    for method, target, body, status in [
            ("POST", "/messages", json.dumps(message(channel(), 1)), 202),
            ("GET", "/rockets", None, 200), ("GET", "/readyz", None, 200),
            ("OPTIONS", "/rockets", None, 204)]:
        answer = pair.call(method, target, body, **fields)
        assert answer.status == status
        assert answer.headers["X-Request-Id"] == wanted
    answer = refuse(pair, **fields)
    assert answer.headers["X-Request-Id"] == answer.json()["requestId"] == wanted
    assert pair.gateway.lines_with(f"request_id={wanted} ")


def test_an_accepted_request_without_an_id_gets_none_and_no_line(pair):
    def refuse_and_read_up_to_that():
        """Lines are written in order: those up to the one of this refusal."""
        refuse(pair, X_Request_Id=(last := channel()))
        pair.gateway.lines_with(last)
        return pair.gateway.text().splitlines()
    before = refuse_and_read_up_to_that()
    for number in range(1, 6):
        answer = pair.post(message(channel(), number))
        assert answer.status == 202 and answer.headers["X-Request-Id"] is None
    assert pair.call("GET", "/rockets/" + channel()).status == 404
    assert len(refuse_and_read_up_to_that()) == len(before) + 1


@pytest.mark.parametrize("bad", ['a"b', "a b", "a=b c=d", "x" * 129, ""])
def test_a_refusal_without_a_sane_id_gets_one_that_the_log_knows(pair, bad):
    answer = refuse(pair, X_Request_Id=bad)
    made = answer.json()["requestId"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert answer.headers["X-Request-Id"] == made
    [line] = pair.gateway.lines_with(made)
    assert " info " in line and "request refused" in line
    assert "method=POST target=/messages status=400 problem=message-refused" in line


def test_what_is_refused_before_it_is_read_has_an_id_too(pair):
    answer = raw(pair.http, b"GET /a%00 HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: early\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ") and b"\r\nX-Request-Id: early\r\n" in answer
    assert '"requestId":"early"' in answer.decode()
    assert pair.gateway.lines_with("request_id=early ")


def test_nothing_that_a_client_sends_forges_the_log(pair):
    raw(pair.http, b"GET /\x1fstatus=200\x1fforged=yes HTTP/1.1\r\nHost: localhost\r\n"
        b"Connection: close\r\nX-Request-Id: forger\r\n\r\n")
    [line] = pair.gateway.lines_with("request_id=forger ")
    assert " forged=yes" not in line and " status=400 " in line


def test_at_level_debug_every_answer_has_a_line_and_an_id(start):
    both = start(gateway=["--log-level", "debug", "--log-format", "json"])
    answer = both.post(message(channel(), 1))
    made = answer.headers["X-Request-Id"]
    assert answer.status == 202 and re.fullmatch("[0-9a-f]{32}", made)
    lines = [json.loads(line) for line in both.gateway.lines_with(made)]
    assert len(lines) == 1 and lines[0]["event"] == "answered"
    assert lines[0]["level"] == "debug" and lines[0]["status"] == "202"
    assert int(lines[0]["us"]) > 0


def test_refusals_do_not_fill_the_log_and_those_left_out_are_told(start):
    both, sent = start(gateway=["--workers", 1]), 0
    began = time.monotonic()
    with both.client() as client:
        def told():
            nonlocal sent
            for _ in range(100):
                assert client.call("POST", "/messages", "[").status == 400
                sent += 1
            return [int(number) for number in re.findall(r"refusals=(\d+)", both.gateway.text())]
        until(lambda: sum(told()) > 50, what="the number of those left out")
    #  A line that tells of others left out comes after those that were logged in its second.
    lines = both.gateway.text().count("request refused")
    seconds = time.monotonic() - began + 2  # it begins in one second of the clock and ends in another
    assert REFUSALS_PER_SECOND <= lines <= min(sent - 50, REFUSALS_PER_SECOND * seconds)
