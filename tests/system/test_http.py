"""HTTP itself: methods, errors, abuse, many connections."""
import concurrent.futures
import contextlib
import email.utils
import json
import os
import re
import select
import socket
import struct
import subprocess
import time

import pytest

from downlink import BIN, Pair, channel, message, raw, until
from kernel import is_quiet

ROUTES = {"/messages": "POST", "/rockets": "GET", "/rockets/x": "GET", "/livez": "GET",
          "/healthz": "GET", "/readyz": "GET"}


@pytest.mark.parametrize("path", ROUTES)
def test_another_method_gets_405_and_the_methods_there_are(pair, path):
    answer = pair.call("PUT", path)
    assert answer.status == 405
    assert ROUTES[path] in answer.headers["Allow"]
    options = pair.call("OPTIONS", path)
    assert (options.status, options.headers["Allow"]) == (204, answer.headers["Allow"])


@pytest.mark.parametrize("path", ["/nothing", "/messages/", "/rocket"])
def test_an_unknown_path_gets_404_as_a_problem(pair, path):
    answer = pair.call("GET", path)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= answer.json().keys()


def test_a_page_of_another_origin_may_post_json_and_read_the_answer(start):
    both = start(gateway=["--cors", "https://control.example"])
    asked = {"Origin": "https://control.example", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type,prefer"}
    leave = both.call("OPTIONS", "/messages", **asked)
    assert leave.status == 204
    assert leave.headers["Access-Control-Allow-Origin"] == "https://control.example"
    assert "POST" in leave.headers["Access-Control-Allow-Methods"].split(", ")
    assert leave.headers["Access-Control-Allow-Headers"] == "content-type,prefer"
    assert int(leave.headers["Access-Control-Max-Age"]) > 0
    posted = both.post(message(channel(), 1), Origin="https://control.example")
    for answer in (posted, both.call("GET", "/nothing"), both.call("GET", "/rockets")):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://control.example"
        assert {"ETag", "Link", "X-Request-Id"} <= set(
            answer.headers["Access-Control-Expose-Headers"].split(", "))


def test_without_cors_nothing_is_said_of_origins(pair):
    for answer in (pair.call("OPTIONS", "/messages", Access_Control_Request_Headers="prefer"),
                   pair.call("GET", "/livez", Origin="https://control.example")):
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]


def test_a_header_or_target_that_is_too_large_is_refused(pair):
    huge = raw(pair.http, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"a" * 70000 + b"\r\n\r\n")
    assert huge.startswith(b"HTTP/1.1 431 ")
    long = raw(pair.http, b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert long.startswith(b"HTTP/1.1 414 ")


AMBIGUOUS = {
    "both lengths": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "two lengths": b"Content-Length: 3\r\nContent-Length: 40\r\n",
    "the same length twice": b"Content-Length: 3\r\nContent-Length: 3\r\n",
    "space before the colon": b"Content-Length : 3\r\n",
    "a folded length": b"Content-Length:\r\n 3\r\n",
    "another encoding": b"Transfer-Encoding: gzip, chunked\r\n",
    "identity": b"Transfer-Encoding: identity\r\n",
    "two encodings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "two hosts": b"Host: y\r\nContent-Length: 3\r\n",
    "a length list": b"Content-Length: 3, 3\r\n",
    "a signed length": b"Content-Length: +3\r\n",
    "a hexadecimal length": b"Content-Length: 0x3\r\n",
    "an odd name": b"Content\x01: 3\r\n",
}


@pytest.mark.parametrize("fields", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_an_ambiguous_request_is_refused_and_what_follows_is_not_heard(pair, fields):
    one = channel()
    body = json.dumps(message(one, 1)).encode()
    hidden = b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    answer = raw(pair.http, b"POST /messages HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\nabc" + hidden)
    assert answer.startswith(b"HTTP/1.1 4"), answer
    assert b" 202 " not in answer
    assert pair.rocket(one) is None


#  libmicrohttpd 1.0 refuses these by itself, so the wording is its own.
IN_GENERAL = b'"detail":"the request is not well-formed"'


@pytest.fixture
def alone(pair):
    """Let the gateway notice that the connections of earlier tests are gone: beside one that it has just answered, a
    refusal of libmicrohttpd itself cannot be told to be of which of the two, and comes in its own words (docs/http.md)."""
    until(lambda: is_quiet(pair.http), what="the end of earlier connections")


def test_a_missing_host_is_refused(pair, alone):
    answer = raw(pair.http, b"GET /livez HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1") == 1
    assert b'"detail":"Host is missing"' in answer or IN_GENERAL in answer


def test_a_space_in_the_target_is_refused(pair, alone):
    answer = raw(pair.http, b"GET /li vez HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1") == 1
    assert b"the request target holds a space" in answer or IN_GENERAL in answer


def test_a_list_may_come_in_several_lines(pair):
    one = channel()
    body = json.dumps([message(one, 1), {"metadata": {}}]).encode()
    answer = raw(pair.http, b"POST /messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                 b"Prefer: wait=9\r\nPrefer: handling=lenient\r\nContent-Length: %d\r\n\r\n%s"
                 % (len(body), body))
    assert answer.startswith(b"HTTP/1.1 200 ") and b'"status":"applied"' in answer
    tag = pair.call("GET", f"/rockets/{one}").headers["ETag"].encode()
    again = raw(pair.http, b"GET /rockets/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                b'If-None-Match: "x"\r\nif-none-match: %s\r\n\r\n' % (one.encode(), tag))
    assert again.startswith(b"HTTP/1.1 304 ")


def test_pipelined_requests_are_answered_in_order(pair):
    get = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = raw(pair.http, get % b"/rockets/none" + get % b"/nothing" + last)
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"404", b"404", b"200"]


def test_half_a_request_does_not_hold_its_connection(pair):
    """All at once, as each takes as long as a client may."""
    begins = [b"", b"POST /mess", b"GET /livez HTTP/1.1\r\nHost: localhost\r\n",
              b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"]
    with concurrent.futures.ThreadPoolExecutor(len(begins)) as pool:
        for received in pool.map(lambda begin: raw(pair.http, begin, seconds=40), begins):
            assert received == b"" or received.startswith(b"HTTP/1.1 408 ")


def converse(port, connections, rounds):
    """Keep connections busy, each with one request after another; count the answers."""
    body = json.dumps(message(channel(), 1)).encode()
    request = b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body), body)
    sockets, left, answers = {}, {}, 0
    poller = select.epoll()
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        sockets[one.fileno()], left[one.fileno()] = one, rounds
        poller.register(one.fileno(), select.EPOLLIN)
    for one in sockets.values():
        one.sendall(request)
    while left:
        events = poller.poll(30)
        assert events, f"stalled after {answers} answers, {len(left)} connections left"
        for descriptor, _ in events:
            answer = sockets[descriptor].recv(65536)
            assert answer.startswith(b"HTTP/1.1 202 "), answer
            answers += 1
            left[descriptor] -= 1
            if left[descriptor]:
                sockets[descriptor].sendall(request)
            else:
                poller.unregister(descriptor)
                del left[descriptor]
    for one in sockets.values():
        one.close()
    return answers


@pytest.mark.parametrize("connections", [128, 256, 1000, 1024])
def test_many_busy_connections_on_one_worker_do_not_stall(start, connections):
    both = start(gateway=("--workers", "1", "--idle-connections", "10000"))
    assert converse(both.http, connections, 10) == 10 * connections


def closed_after(port, sent):
    """The seconds until the gateway closes a new connection, and its answer."""
    began, answer = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        while received := connection.recv(65536):
            answer += received
    return time.monotonic() - began, answer


def test_flags_set_how_long_clients_may_take(start):
    both = start(gateway=("--idle-timeout", "1500ms", "--head-timeout", "700ms", "--body-timeout", "1s"))
    cases = [(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", b" 200 ", 1.5),
             (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n", b" 408 ", 0.7),
             (b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n[", b" 408 ", 1)]
    for sent, status, seconds in cases:
        took, answer = closed_after(both.http, sent)
        assert status in answer.partition(b"\r\n")[0] and took >= seconds


def test_a_live_stream_of_lines_is_refused_in_the_time_of_a_body_and_none_of_it_counts(start):
    both = start(gateway=("--body-timeout", "1s"))
    of, began, answer = channel(), time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", both.http), timeout=30) as connection:
        connection.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n")
        for number in range(1, 100):
            line = json.dumps(message(of, number)).encode() + b"\n"
            connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            connection.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                answer = connection.recv(65536)
            if answer:
                break
        assert b" 408 " in answer.partition(b"\r\n")[0] and 0.9 <= time.monotonic() - began < 10
    assert both.call("GET", "/rockets/" + of).status == 404


def test_by_default_an_idle_connection_outlives_those_of_usual_proxies():
    text = subprocess.run([BIN / "downlink-gateway", "--help"], capture_output=True, text=True).stdout
    defaults = dict(re.findall(r"--(\w+-timeout) .*?\((\w+)\)", text, re.DOTALL))
    assert defaults == {"idle-timeout": "75s", "head-timeout": "10s", "body-timeout": "15s"}


def test_idle_connections_do_not_pile_up_and_a_reused_one_is_left_alone(start):
    both = start(gateway=("--workers", "1", "--idle-connections", "50"))
    body = json.dumps(message(channel(), 1)).encode()
    request = b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body), body)
    reused = socket.create_connection(("127.0.0.1", both.http))
    closed, opened = 0, []
    for _ in range(200):
        one = socket.create_connection(("127.0.0.1", both.http))
        one.sendall(request)
        closed += b"connection: close" in one.recv(65536).lower()
        opened.append(one)
        reused.sendall(request)
        reply = reused.recv(65536)
        assert b" 202 " in reply
    assert b"connection: close" not in reply.lower()
    assert 140 <= closed <= 155
    until(lambda: descriptors(both.gateway.process.pid) < 120, what="closing")
    for one in opened + [reused]:
        one.close()


@pytest.mark.parametrize("prefer", ["handling=strict", "wait=5"])
def test_clients_that_leave_while_their_requests_are_held_do_no_harm(pair, prefer):
    of = channel()
    for number in range(1, 301):
        body = json.dumps(message(of, number, by=1)).encode()
        one = socket.create_connection(("127.0.0.1", pair.http))
        #  A reset, not a goodbye.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nPrefer: %s\r\nContent-Length: %d\r\n\r\n%s" % (
            prefer.encode(), len(body), body))
        one.close()
    last = pair.post(message(of, 301, by=1), Prefer="wait=60")
    assert last.status == 200
    rocket = pair.rocket(of)
    assert rocket["speed"] == rocket["messagesApplied"] <= 301


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_without_a_processor_nothing_is_ready_and_a_post_waits_then_gets_503(folder):
    both = Pair(folder, gateway=("--wait", "300ms"))
    both.processor.stop()
    until(lambda: both.call("GET", "/readyz").status == 503, what="unreadiness")
    assert both.call("GET", "/livez").status == 200
    assert both.call("GET", "/rockets/none").status == 503
    assert both.call("GET", "/rockets").status == 503
    both.gateway.stop()
    both.gateway = both.start_gateway()
    until(lambda: answers(both), what="a gateway that listens")
    refused = both.post(message(channel(), 1))
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) >= 1
    both.gateway.stop()


def answers(both):
    try:
        return both.call("GET", "/livez").status == 200
    except OSError:
        return False


def test_answers_have_the_date_of_now(pair):
    seen = set()
    for _ in range(2):
        before = int(time.time())
        date = pair.call("GET", "/livez").headers["Date"]
        told = email.utils.parsedate_to_datetime(date).timestamp()
        assert before - 1 <= told <= time.time() and date.endswith(" GMT")
        seen.add(date)
        time.sleep(1.1)
    assert len(seen) == 2


def test_a_page_of_another_site_changes_nothing(pair):
    one = message(channel(), 1)
    for fields in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = pair.post(one, **fields, Content_Type="text/plain")
        assert refused.status == 403 and refused.json()["type"] == "urn:downlink:problem:cross-site"
    own = f"http://127.0.0.1:{pair.http}"
    assert pair.post(one, Origin=own, Sec_Fetch_Site="same-origin").status == 202


@pytest.mark.parametrize("fields", [("Origin: {own}", "Origin: http://evil.example"), ("Origin: {own}", "Origin: {own}"),
                                    ("Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site")])
def test_a_request_with_several_origins_changes_nothing(pair, fields):
    host = f"127.0.0.1:{pair.http}"
    head = ["POST /messages HTTP/1.1", f"Host: {host}", "Connection: close", "Content-Length: 2",
            *(field.format(own=f"http://{host}") for field in fields)]
    answer = raw(pair.http, "\r\n".join(head).encode() + b"\r\n\r\n[]")
    assert answer.startswith(b"HTTP/1.1 403 ") and b":cross-site" in answer


def test_a_page_of_another_site_changes_nothing_with_a_body_in_pieces(pair):
    """Lines of a long body are taken in before its end, so the refusal comes before the first of them."""
    of = channel()
    lines = "\n".join(json.dumps(message(of, number)) for number in range(1, 4000))
    with pair.client() as client:
        refused = client.call("POST", "/messages", lines, Origin="http://evil.example",
                              Content_Type="application/x-ndjson")
    assert refused.status == 403
    assert pair.call("GET", f"/rockets/{of}").status == 404


def test_a_foreign_name_for_this_machine_reads_nothing(pair, start):
    for host in ("evil.example", f"evil.example:{pair.http}", "10.0.0.1"):
        refused = pair.call("GET", "/rockets", Host=host)
        assert refused.status == 421 and refused.json()["type"] == "urn:downlink:problem:unknown-host"
    for host in ("localhost", f"localhost:{pair.http}", f"127.0.0.1:{pair.http}", "[::1]"):
        assert pair.call("GET", "/rockets", Host=host).status == 200
    named = start(gateway=["--host", "rockets.example, control.example"])
    assert named.call("GET", "/rockets", Host="control.example").status == 200
    assert named.call("GET", "/rockets", Host="evil.example").status == 421
