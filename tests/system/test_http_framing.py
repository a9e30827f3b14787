"""HTTP as bytes: one request, one meaning, one answer."""
import http.client
import json
import re
import socket
import time

import pytest

from downlink import Program, channel, free_ports, message, raw, until
from kernel import cpu_seconds, is_quiet

HEAD_MAX_BYTES = 8192
HEAD_MAX_FIELDS = 64


def statuses(received):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d\d\d) ", received)]


def is_problem(received, status):
    """Is it one answer, and a problem with that status?"""
    head, _, body = received.partition(b"\r\n\r\n")
    fields = head.lower()
    return (statuses(received) == [status] and b"content-type: application/problem+json" in fields
            and b"connection: close" in fields and json.loads(body)["status"] == status)


def exchange(port, data, is_ending=False, seconds=30):
    """Send bytes, then the end of them if is_ending; return the answer up to the end. The
    connection is the only one: else libmicrohttpd's own refusals may not be told apart (docs/http.md)."""
    until(lambda: is_quiet(port), what="the end of connections before")
    return raw(port, data, seconds, is_ending)


def padded(begin, size, end=b"\r\n\r\n"):
    return begin + b"a" * (size - len(begin) - len(end)) + end


def head_sizes():
    near = [*range(7900, 8300, 13), *range(HEAD_MAX_BYTES - 4, HEAD_MAX_BYTES + 5)]
    return sorted({*near, *range(15900, 16500, 29), 5000, 7168, 7169, 12000, 14336, 16127, 16128})


@pytest.mark.parametrize("field", ["Cookie", "X-Other"])
def test_a_head_of_any_size_is_served_or_refused_once_and_soon(pair, field):
    for size in head_sizes():
        begin = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s: " % field.encode()
        started = time.monotonic()
        received = exchange(pair.http, padded(begin, size))
        assert time.monotonic() - started < 8, size  # and not when the time for a head is over
        if size <= HEAD_MAX_BYTES:
            assert statuses(received) == [200], (size, received)
        else:
            assert is_problem(received, 431), (size, received)


def test_the_head_of_a_post_of_any_size_is_served_or_refused_and_then_not_counted(pair):
    one, numbers = channel(), []
    for number, size in enumerate(head_sizes(), 1):
        body = json.dumps(message(one, number, by=1)).encode()
        begin = (b"POST /messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                 b"Content-Length: %d\r\nX-Other: " % len(body))
        received = exchange(pair.http, padded(begin, size) + body)
        if size <= HEAD_MAX_BYTES:
            numbers.append(number)
            assert statuses(received) == [202], (size, received)
        else:
            assert is_problem(received, 431), (size, received)
    rocket = pair.rocket_when(one, lambda rocket: rocket["messagesApplied"] >= len(numbers))
    assert rocket["messagesApplied"] == len(numbers)


@pytest.mark.parametrize("fields", [1, HEAD_MAX_FIELDS - 2, HEAD_MAX_FIELDS - 1, 80, 100])
def test_many_fields_are_served_or_refused(pair, fields):
    """Host and Connection are two of them."""
    head = b"GET /rockets?limit=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    received = exchange(pair.http, head + b"a: b\r\n" * fields + b"\r\n")
    if fields + 2 <= HEAD_MAX_FIELDS:
        assert statuses(received) == [200], received
    else:
        assert is_problem(received, 431), received


def test_the_largest_head_with_the_most_fields_leaves_room_for_an_answer(pair):
    query = "&".join(f"{name}={'%41' * 256}" for name in ("type", "mission"))
    begin = b"GET /rockets?limit=1&%s HTTP/1.1\r\nHost: localhost\r\n" % query.encode()
    begin += b"a: b\r\n" * (HEAD_MAX_FIELDS - 3) + b"Connection: close\r\nX-Request-Id: "
    rest = b"i" * 128 + b"\r\nb: "
    begin = begin.replace(b"a: b\r\n", b"", 1) + rest
    assert statuses(exchange(pair.http, padded(begin, HEAD_MAX_BYTES))) == [200]


@pytest.mark.parametrize("target", ["/rockets?" + "&" * 8000, "/rockets?" + "a=1&" * 1990,
                                    "/livez?" + "a" * 8000])
def test_a_query_with_many_parameters_has_one_answer(pair, target):
    received = exchange(pair.http, b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                        % target.encode())
    assert len(statuses(received)) == 1 and statuses(received)[0] in (200, 400), received


def test_a_cookie_of_many_pieces_has_one_answer(pair):
    received = exchange(pair.http, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        b"Cookie: " + b"a=b; " * 1600 + b"\r\n\r\n")
    assert statuses(received) == [200], received


def is_refused_line(received):
    """libmicrohttpd 1.0 bounds the line by itself, and calls it too large."""
    return is_problem(received, 400) or is_problem(received, 413)


CHUNKED = b"POST /messages HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


LINES = {"a size": b"0" * 20000, "an extension": b"1;" + b"a" * 20000, "a long size": b"0" * 70000}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_a_chunk_size_line_that_does_not_end_is_refused_and_costs_nothing(pair, line):
    before = cpu_seconds(pair.gateway)
    assert is_refused_line(exchange(pair.http, CHUNKED + line))
    connections = [socket.create_connection(("127.0.0.1", pair.http)) for _ in range(50)]
    for connection in connections:
        connection.sendall(CHUNKED + line)
    for connection in connections:
        connection.settimeout(10)
        assert statuses(connection.recv(65536)) in ([400], [413])
        connection.close()
    assert cpu_seconds(pair.gateway) - before < 5


HALF = {
    "half a head": b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-",
    "half a body": b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
    "half a chunked body": CHUNKED + b"5\r\n{",
    "half a body that is read in pieces": b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
    b"application/x-ndjson\r\nContent-Length: 900000\r\n\r\n" + b" " * 5000,
}


@pytest.mark.parametrize("data", HALF.values(), ids=HALF.keys())
@pytest.mark.parametrize("pause", [0, 0.3])
def test_half_a_request_that_ends_is_answered_at_once(pair, data, pause):
    with socket.create_connection(("127.0.0.1", pair.http), timeout=30) as connection:
        connection.sendall(data)
        time.sleep(pause)
        connection.shutdown(socket.SHUT_WR)
        started = time.monotonic()
        received = b""
        while piece := connection.recv(65536):
            received += piece
        assert time.monotonic() - started < 8  # and not when the time for a head is over
    assert is_problem(received, 400), received
    assert b"ended in the middle" in received


def test_a_client_that_ends_after_its_request_is_answered_and_closed_at_once(pair):
    get = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for data in (get, get + get):
        started = time.monotonic()
        assert statuses(exchange(pair.http, data, is_ending=True)) == [200] * data.count(b"GET")
        assert time.monotonic() - started < 8  # and not when the time for a head is over


@pytest.mark.parametrize("has_asked", [False, True])
def test_as_many_idle_connections_as_descriptors_keep_nobody_out(pair, folder, has_asked):
    """has_asked: they are idle after an answer, and not silent from the start."""
    port = free_ports(1)
    get = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    gateway = Program(folder, "downlink-gateway", "--journal", "off", "--listen",
                      f"127.0.0.1:{port}", "--processors", f"127.0.0.1:{pair.port}", "--workers",
                      "1", "--idle-connections", "10000", wrapper=("prlimit", "--nofile=400:400"))
    until(lambda: "listening" in gateway.text(), what="a gateway that listens")
    idle, slowest = [], 0
    try:
        for _ in range(450):
            idle.append(socket.create_connection(("127.0.0.1", port), timeout=30))
            if has_asked:
                idle[-1].sendall(get)
                assert statuses(idle[-1].recv(65536)) == [200]
        for _ in range(20):
            started = time.monotonic()
            assert statuses(raw(port, get.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
                                seconds=30)) == [200]
            slowest = max(slowest, time.monotonic() - started)
        #  The oldest had to go, the newest did not.
        assert idle[0].recv(1) == b""
        idle[-1].sendall(get)
        assert statuses(idle[-1].recv(65536)) == [200]
    finally:
        for one in idle:
            one.close()
        assert gateway.stop() == 0
    assert slowest < 5  # and not when the idle time is over


TOO_LARGE = 10 * 1024 * 1024


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_common_client_that_sends_too_large_a_body_sees_the_413(pair, is_chunked):
    piece = b" " * 65536
    for _ in range(10):
        client = http.client.HTTPConnection("127.0.0.1", pair.http, timeout=30)
        body = iter([piece] * (TOO_LARGE // len(piece))) if is_chunked else piece * (
            TOO_LARGE // len(piece))
        client.request("POST", "/messages", body, encode_chunked=is_chunked,
                       headers={"Transfer-Encoding": "chunked"} if is_chunked else {})
        answer = client.getresponse()
        assert answer.status == 413 and json.loads(answer.read())["status"] == 413
        client.close()


@pytest.mark.parametrize("head", [b"Content-Length: 999999999999\r\n\r\n",
                                  b"Transfer-Encoding: chunked\r\n\r\n" + b"ffffffff\r\n"])
def test_a_body_without_end_is_answered_and_cut_off(pair, head):
    """The bytes that are skipped are bounded."""
    piece, sent = b" " * (1024 * 1024), 0
    with socket.create_connection(("127.0.0.1", pair.http), timeout=30) as connection:
        connection.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\n" + head)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while sent < 300:
                connection.sendall(piece)
                sent += 1
    assert 10 < sent < 300


#  Each is the beginning of a request, of which somebody on the way may hear another end than we do. A
#  second request follows it, which must not be answered, and a message, which must not be counted.
POST = b"POST /messages HTTP/1.1\r\nHost: localhost\r\n"
GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
BAD_HEADS = {
    "a zero byte in the method": b"GE\0T /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a zero byte in the target": b"GET /livez\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an escaped zero byte in the target": b"GET /livez%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a zero byte in a length": POST + b"Content-Length: 0\0\r\n\r\n",
    "a zero byte in an encoding": POST + b"Transfer-Encoding: chunked\0x\r\n\r\n0\r\n\r\n",
    "a zero byte in a value": GET + b"X-Other: a\0b\r\n\r\n",
    "a zero byte in a name": GET + b"X-Ot\0her: a\r\n\r\n",
    "a name that is empty": POST + b": v\r\n",
    "a name and a value that are empty": POST + b":\r\n",
    "a name that is empty, before others": b"POST /messages HTTP/1.1\r\n: v\r\nHost: localhost\r\n\r\n",
    "a name that is empty, with a length": POST + b"Content-Length: 0\r\n: v\r\n",
    "a line without a colon": GET + b"X-Other\r\n\r\n",
    "a folded value": GET + b"X-Other: a\r\n b\r\n\r\n",
    "a folded value, with a tab": GET + b"X-Other: a\r\n\tb\r\n\r\n",
    "a fold that completes a name": POST + b"Content-Lengt: 172\r\n h\r\n\r\n",
    "a fold before the first field": b"GET /livez HTTP/1.1\r\n X: y\r\nHost: localhost\r\n\r\n",
    "a bare LF behind a field": GET + b"X-Other: a\n\r\n",
    "a bare LF behind the request line": b"GET /livez HTTP/1.1\nHost: localhost\r\n\r\n",
    "a bare LF as the empty line": GET + b"\n",
    "a bare CR in a value": GET + b"X-Other: a\rb\r\n\r\n",
    "a bare CR at the end of a value": GET + b"X-Other: a\r\r\n\r\n",
    "an encoding under HTTP/1.0": b"POST /messages HTTP/1.0\r\nHost: localhost\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two spaces before the target": b"GET  /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two spaces behind the target": b"GET /livez  HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another host in the target": b"GET http://y/livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another scheme in the target": b"GET ftp://localhost/livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no host in the target": b"GET http:///livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a target that is no path": b"GET livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a host with a space": b"GET /livez HTTP/1.1\r\nHost: x y\r\n\r\n",
    "a host with a slash": b"GET /livez HTTP/1.1\r\nHost: x/y\r\n\r\n",
    "a host with a user": b"GET /livez HTTP/1.1\r\nHost: u@x\r\n\r\n",
    "a host list": b"GET /livez HTTP/1.1\r\nHost: x:80, y\r\n\r\n",
    "a host with a port that is none": b"GET /livez HTTP/1.1\r\nHost: x:8o\r\n\r\n",
    "a host twice": GET + b"Host: localhost\r\n\r\n",
    "no host": b"GET /livez HTTP/1.1\r\n\r\n",
    "a length with a sign": POST + b"Content-Length: +0\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length list": POST + b"Content-Length: 0, 0\r\n\r\n",
    "a hexadecimal length": POST + b"Content-Length: 0x0\r\n\r\n",
    "a length with a space in it": POST + b"Content-Length: 1 0\r\n\r\n",
    "an empty length": POST + b"Content-Length: \r\n\r\n",
    "both lengths": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": POST + b"Content-Length : 0\r\n\r\n",
    "another encoding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
}


def hidden(of):
    """A request that may be hidden in another one, with a message."""
    body = json.dumps(message(of, 1)).encode()
    return (b"POST /messages HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=5\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body))


def drip(port, data):
    """The same as exchange, with the bytes one by one."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        try:
            for place in range(len(data)):
                connection.sendall(data[place:place + 1])
                time.sleep(0.0005)
            while piece := connection.recv(65536):
                received += piece
        except ConnectionError:
            pass
        return received


@pytest.mark.parametrize("head", BAD_HEADS.values(), ids=BAD_HEADS.keys())
def test_a_head_that_may_be_heard_otherwise_gets_one_400_and_nothing_after_it_is_heard(pair, head):
    one = channel()
    if b"\0" in head.split(b"\r\n")[0] and not exchange(pair.http, head):
        return  # libmicrohttpd 1.0 closes without a word

    def is_refused():
        received = exchange(pair.http, head + hidden(one))
        assert statuses(received) == [400], received
        return is_problem(received, 400)
    #  libmicrohttpd 1.0 may say it in its own words, as long as another connection is being closed.
    until(is_refused, seconds=5, what="a problem")
    #  The same behind another request on the connection, and byte by byte.
    first = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert statuses(exchange(pair.http, first + head + hidden(one))) == [200, 400]
    assert statuses(drip(pair.http, head + hidden(one)))[:1] in ([400], [])
    assert pair.rocket(one) is None


GOOD_HEADS = {
    "a URL with the same host": b"GET http://LOCALHOST/livez HTTP/1.1\r\nHost: localhost\r\n",
    "a URL with parameters": b"GET http://localhost?a=b HTTP/1.1\r\nHost: localhost\r\n",
    "a host with a port": b"GET /livez HTTP/1.1\r\nHost: localhost:8088\r\n",
    "an address": b"GET /livez HTTP/1.1\r\nHost: [::1]:8088\r\n",
    "an empty host": b"GET /livez HTTP/1.1\r\nHost: \r\n",
    "no host under HTTP/1.0": b"GET /livez HTTP/1.0\r\n",
    "spaces around a value": GET + b"X-Other: \t a b \t\r\n",
    "no space before a value": GET + b"X-Other:a\r\n",
    "an empty value": GET + b"X-Other:\r\n",
    "a value in Latin-1": GET + b"X-Other: \xe4\r\n",
}


@pytest.mark.parametrize("head", GOOD_HEADS.values(), ids=GOOD_HEADS.keys())
def test_an_unusual_head_is_served(pair, head):
    received = exchange(pair.http, head + b"Connection: close\r\n\r\n")
    assert statuses(received) == [200], received
    assert statuses(drip(pair.http, head + b"Connection: close\r\n\r\n")) == [200]


BAD_CHUNKS = {
    "a size ended by a bare LF": b"%(size)x\n%(body)s\r\n0\r\n\r\n",
    "a last size ended by a bare LF": b"%(size)x\r\n%(body)s\r\n0\n\r\n",
    "data ended by a bare LF": b"%(size)x\r\n%(body)s\n0\r\n\r\n",
    "an extension ended by a bare LF": b"%(size)x;a=b\n%(body)s\r\n0\r\n\r\n",
    "an extension with a bare CR": b"%(size)x;a\rb\r\n%(body)s\r\n0\r\n\r\n",
    "the end ended by a bare LF": b"%(size)x\r\n%(body)s\r\n0\r\n\n",
}
BROKEN_CHUNKS = {
    "a size with a prefix": b"0x%(size)x\r\n%(body)s\r\n0\r\n\r\n",
    "a size with a sign": b"+%(size)x\r\n%(body)s\r\n0\r\n\r\n",
    "no size": b"\r\n%(body)s\r\n0\r\n\r\n",
    "data longer than its size": b"1\r\n%(body)s\r\n0\r\n\r\n",
}


def chunked(form, of):
    body = json.dumps(message(of, 1)).encode()
    return CHUNKED + form % {b"size": len(body), b"body": body}


@pytest.mark.parametrize("form", BAD_CHUNKS.values(), ids=BAD_CHUNKS.keys())
def test_nothing_is_heard_behind_a_chunked_body_with_an_end_that_others_may_not_hear(pair, form):
    """libmicrohttpd before 1.0 takes these, see docs/http.md; then it is the last request."""
    one, other = channel(), channel()
    received = exchange(pair.http, chunked(form, one) + hidden(other))
    assert statuses(received) in ([202], [400]), received
    assert b"connection: close" in received.lower()
    assert pair.rocket(other) is None


@pytest.mark.parametrize("form", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS.keys())
def test_a_broken_chunked_body_gets_one_400(pair, form):
    one, other = channel(), channel()
    assert is_problem(exchange(pair.http, chunked(form, one) + hidden(other)), 400)
    assert pair.rocket(one) is None and pair.rocket(other) is None


def test_a_chunk_of_more_bytes_than_can_be_counted_gets_one_413(pair):
    assert is_problem(exchange(pair.http, CHUNKED + b"f" * 17 + b"\r\n"), 413)


def test_another_version_gets_one_505(pair):
    assert is_problem(exchange(pair.http, b"GET /livez HTTP/3.0\r\nHost: localhost\r\n\r\n"), 505)


def head_fields(received):
    lines = received.partition(b"\r\n\r\n")[0].split(b"\r\n")
    fields = dict(line.split(b": ", 1) for line in lines[1:])
    return {lines[0], *(name for name in fields)} - {b"Connection"}


@pytest.mark.parametrize("path", ["/events", "/rockets", "/rockets/none", "/livez", "/", "/stats",
                                  "/openapi.json", "/metrics", "/events?bad=1"])
def test_a_head_equals_its_get_without_the_body(pair, path):
    def ask(method):
        with socket.create_connection(("127.0.0.1", pair.http), timeout=30) as connection:
            connection.sendall(b"%s %s HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\r\nConnection: close"
                               b"\r\n\r\n" % (method, path.encode()))
            received = connection.recv(65536)
            while method == b"HEAD" and (piece := connection.recv(65536)):
                received += piece
            return received
    got, told = ask(b"GET"), ask(b"HEAD")
    assert head_fields(told) == head_fields(got)
    assert told.endswith(b"\r\n\r\n") and told.count(b"\r\n\r\n") == 1
