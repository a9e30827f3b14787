"""No client takes the share of another: connections of one address, rates, large bodies."""
import concurrent.futures
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import select
import signal
import socket
import time

import pytest

from downlink import IS_SANITIZED, Answer, Client, Pair, Program, channel, free_ports, message, until
from kernel import unread_bytes, worked_ns
from own_network import CLIENTS, CLIENTS_6, SERVER, in_own_network

LIMIT = 8
HEAD = b"GET /livez HTTP/1.1\r\nHost: one\r\n\r\n"


@contextlib.contextmanager
def open_gateway(folder, *flags):
    """A gateway that every client reaches, and its port."""
    port = free_ports(1)
    gateway = Program(folder, "downlink-gateway", "--listen", f"[::]:{port}", "--insecure",
                      "--journal-dir", f"{folder}/journal-{port}", *flags)
    try:
        gateway.lines_with("listening")
        yield gateway, port
    finally:
        status = gateway.stop()
    assert status == 0


def answers(connection):
    """Return true if the gateway answers on a connection, false if it has closed it."""
    try:
        connection.sendall(HEAD)
        return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except (ConnectionResetError, BrokenPipeError):
        return False


def connect(port, source, target=SERVER):
    return socket.create_connection((target, port), 10, (source, 0))


def count_answered(stack, port, source, count, target=SERVER):
    """Open connections that stay open, and return how many of them are answered."""
    opened = [stack.enter_context(connect(port, source, target)) for _ in range(count)]
    return sum(answers(one) for one in opened)


def stats(port):
    with Client(port) as client:
        return client.call("GET", "/stats").json()


@in_own_network
def test_one_address_holds_a_bounded_number_of_connections_and_others_find_places(folder):
    with open_gateway(folder, "--connections-per-address", LIMIT, "--workers", 1) as (gateway, port):
        with contextlib.ExitStack() as stack:
            assert count_answered(stack, port, CLIENTS[0], LIMIT + 5) == LIMIT
            assert count_answered(stack, port, CLIENTS[1], LIMIT) == LIMIT
            #  IPv6 clients are told apart by their first 64 bits.
            target = CLIENTS_6[2]
            assert count_answered(stack, port, CLIENTS_6[0], LIMIT - 2, target) == LIMIT - 2
            assert count_answered(stack, port, CLIENTS_6[1], 3, target) == 2
            assert count_answered(stack, port, CLIENTS_6[2], LIMIT, target) == LIMIT
            #  This machine may have any number.
            assert count_answered(stack, port, "127.0.0.1", 3 * LIMIT, "127.0.0.1") == 3 * LIMIT
            assert stats(port)["closedConnections"] == 5 + 1
            with Client(port) as client:
                metrics = client.call("GET", "/metrics").body.decode()
            assert "downlink_gateway_closed_connections_total 6\n" in metrics
            log = gateway.lines_with("closed connections of a client that has too many")
            assert len(log) == 1 and CLIENTS[0] in log[0] and "--trusted-proxies" in log[0]
        #  Closed connections give their places back.
        with contextlib.ExitStack() as stack:
            def place_is_free():
                with connect(port, CLIENTS[0]) as one:
                    return answers(one)
            until(place_is_free, what="a free place")
            until(lambda: stats(port)["connections"] == 1, what="the end of the connections")
            assert count_answered(stack, port, CLIENTS[0], LIMIT + 1) == LIMIT


@in_own_network
def test_trusted_proxies_may_have_any_number_of_connections(folder):
    networks = f"10.0.0.0/8, {CLIENTS[0]}/31, 2001:db8:0:1::/64"
    with open_gateway(folder, "--connections-per-address", LIMIT, "--trusted-proxies", networks,
                      "--workers", 2) as (_, port):
        with contextlib.ExitStack() as stack:
            assert count_answered(stack, port, CLIENTS[0], 3 * LIMIT) == 3 * LIMIT
            assert count_answered(stack, port, CLIENTS_6[2], 2 * LIMIT, CLIENTS_6[0]) == 2 * LIMIT
            #  Both workers look at the number at the same moment, so one may let one more in.
            assert LIMIT <= count_answered(stack, port, CLIENTS[2], 3 * LIMIT) <= LIMIT + 1


@pytest.mark.parametrize("networks", ["", "localhost", "10.0.0.1/8", "10.0.0.0/33", "1.2.3.4:80", "10.0.0.0/8,",
                                      "2001:db8::/129", ",".join(["10.0.0.1"] * 65)])
def test_a_list_of_proxies_that_is_none_is_refused_in_a_sentence(folder, networks):
    gateway = Program(folder, "downlink-gateway", "--trusted-proxies=" + networks)
    assert gateway.process.wait(60) == 2
    assert "--trusted-proxies: " in gateway.text() and "10.0.0.0/8,192.0.2.7" in gateway.text()


def call(port, source="127.0.0.1", path="/openapi.json", body=None, target=None, **fields):
    """Send one request on a connection of its own."""
    with Client(port, target or SERVER) as client:
        client.connection.source_address = (source, 0)
        return client.call("POST" if body else "GET", path, body, **fields)


def statuses(count, *arguments, **named):
    return [call(*arguments, **named).status for _ in range(count)]


@in_own_network
def test_each_address_has_a_rate_and_probes_have_none(folder):
    with open_gateway(folder, "--rate", 5) as (_, port):
        begin = time.monotonic()
        found = statuses(30, port, CLIENTS[0])
        passed = time.monotonic() - begin
        allowed = [status for status in found if status != 429]
        assert found[:5] == [200] * 5 and 429 in found and len(allowed) <= 5 + 5 * passed + 1
        #  Other addresses are other clients; 128 bits of IPv6 are not.
        assert statuses(5, port, CLIENTS[1]) == [200] * 5
        source, same, target = CLIENTS_6
        assert 429 in statuses(3, port, source, target=target) + statuses(30, port, same, target=target)
        #  Probes have no rate.
        for path in ("/livez", "/healthz"):
            assert statuses(30, port, CLIENTS[0], path) == [200] * 30
        assert set(statuses(30, port, CLIENTS[0], "/readyz")) == {503}
        answer = until(lambda: next((one for one in (call(port, CLIENTS[0]) for _ in range(20))
                                     if one.status == 429), None), what="a 429")
        assert answer.json()["type"] == "urn:downlink:problem:rate-limited"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert {name: answer.headers[name] for name in ("Retry-After", "RateLimit-Policy", "RateLimit")} == {
            "Retry-After": "1", "RateLimit-Policy": '"client";q=5;w=1', "RateLimit": '"client";r=0;t=1'}
        #  The client that waits as it is told is let in.
        time.sleep(1)
        assert call(port, CLIENTS[0]).status == 200
        refused = until(lambda: call(port, CLIENTS[3], "/stats"), what="the stats").json()["refusals"]
        assert refused["rate-limited"] >= found.count(429)


def test_a_body_beyond_the_rate_is_not_read_and_a_batch_counts_once(start):
    both = start(gateway=("--rate", 1, "--workers", 2))
    many = "".join(f"{line}\n" for line in [str(message(channel(), 1)).replace("'", '"')] * 2000)

    def post():
        return both.call("POST", "/messages", many, Content_Type="application/x-ndjson")
    until(lambda: post().status == 202, what="a place")
    begin = time.monotonic()
    answers = [post().status for _ in range(20)]
    assert answers.count(202) <= 1 + (time.monotonic() - begin) and 429 in answers
    with socket.create_connection(("127.0.0.1", both.http), 30) as one:
        #  The next place is taken as soon as it is there, so there is none for a second.
        until(lambda: both.call("GET", "/rockets/none").status == 404, what="the next place")
        one.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        assert one.recv(4096).startswith(b"HTTP/1.1 429")


def test_refusals_of_browsers_count_for_the_rate(start):
    both = start(gateway=("--rate", 3))
    for field in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        found = [both.call("POST", "/messages", "{}", **field).status for _ in range(20)]
        assert found[0] in (403, 421, 429) and 429 in found, field


def test_each_token_has_a_rate_of_its_own_and_others_count_by_their_address(start, folder):
    path = f"{folder}/tokens-{free_ports(1)}"
    with open(path, "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        for name in ("one", "two"):
            file.write(f"{name} read {hashlib.sha256(name.encode()).hexdigest()}\n")
    both = start(gateway=("--rate", 3, "--token-file", path))

    def get(value):
        return both.call("GET", "/rockets/none", Authorization="Bearer " + value).status
    begin = time.monotonic()
    found = [get("one") for _ in range(20)]
    assert found[:3] == [404] * 3 and 429 in found
    assert found.count(404) <= 3 + 3 * (time.monotonic() - begin) + 1
    assert [get("two") for _ in range(3)] == [404] * 3
    #  Guesses share the bucket of their address, so they are slowed down.
    guesses = [get(f"guess{number}") for number in range(40)]
    assert guesses[:3] == [401] * 3 and 429 in guesses
    until(lambda: get("one") == 404, what="a place for a good token")


def is_full(both):
    """Return true if every worker knows that the processor is full."""
    return both.by_all_workers(lambda: both.call("GET", "/stats").json()["alarms"]["fullProcessors"] == 1)


def problem(answer):
    return answer.status, answer.json().get("type", "").rpartition(":")[2]


def test_a_full_processor_gets_no_new_rockets_and_goes_on_with_the_others(start):
    admin = free_ports(1)
    both = start(gateway=("--workers", 2, "--wait", "0"), processor=("--rockets", 10, "--admin", f"127.0.0.1:{admin}"))
    known = [channel() for _ in range(10)]
    assert both.post([message(one, 1) for one in known[:9]], Prefer="wait=60").status == 200
    assert not is_full(both)
    #  All that is accepted before the gateway knows is taken in: the bound is soft.
    assert both.post([message(known[9], 1), message(known[9], 2)], Prefer="wait=60").status == 200
    until(lambda: is_full(both), what="the news that the processor is full")
    for _ in range(3):
        assert problem(both.post(message(channel(), 1))) == (503, "rockets-full")
        assert problem(both.post([message(known[0], 7), message(channel(), 1)])) == (503, "rockets-full")
        assert problem(both.post(message(channel(), 1), Prefer="handling=lenient")) == (503, "rockets-full")
    lines = "".join(json.dumps(message(one, number)) + "\n" for number in range(10, 400) for one in known)
    assert len(lines) > 1 << 18  # else it would not come in pieces
    for body in (lines, lines + json.dumps(message(channel(), 1)) + "\n"):
        answer = both.call("POST", "/messages", body, Content_Type="application/x-ndjson", Prefer="wait=60")
        assert problem(answer) == ((200, "") if body is lines else (503, "rockets-full"))
    for one in known:
        assert both.post(message(one, 3)).status == 202
        assert both.rocket_when(one, lambda rocket: rocket["lastMessageNumber"] == 399)
    assert both.call("GET", "/readyz").status == 200
    assert len(both.call("GET", "/rockets?limit=100").json()["rockets"]) == 10
    log = both.processor.lines_with("there is no room for more rockets")
    assert len(log) == 1 and "limit=10" in log[0] and "advice=" in log[0]
    with Client(admin) as client:
        metrics = client.call("GET", "/metrics").body.decode()
    assert "downlink_processor_full 1\n" in metrics and "downlink_processor_rockets_limit 10\n" in metrics
    assert "downlink_gateway_full_processors 1\n" in both.call("GET", "/metrics").body.decode()
    assert both.call("GET", "/stats").json()["refusals"]["rockets-full"] == 10


def test_replies_that_come_while_a_long_body_is_read_count(start):
    both = start(gateway=("--wait", "0"), processor=("--rockets", 3))
    known = [channel() for _ in range(3)]
    assert both.post([message(one, 1) for one in known], Prefer="wait=60").status == 200
    until(lambda: is_full(both), what="the news that the processor is full")
    #  Each body is read in several steps, and asks for its rocket in the first one.
    for number, one in enumerate(known):
        body = "[" + ",".join(json.dumps(message(one, later)) for later in range(2, 20000)) + "]"
        answer = both.call("POST", "/messages", body, Content_Type="application/json")
        assert problem(answer) == (202, ""), number


@pytest.mark.skipif(not pathlib.Path("/proc/self/schedstat").exists(), reason="this kernel does not tell the time")
def test_a_body_that_is_read_again_after_replies_has_no_deadline_meanwhile(start):
    """It was refused as if its owner had not replied: a busy worker took longer than a second to read it."""
    both = start(gateway=("--workers", 1, "--wait", "0"), processor=("--rockets", 10))
    known, took, is_paused = [channel() for _ in range(10)], 0, False
    assert both.post([message(one, 1) for one in known], Prefer="wait=60").status == 200
    until(lambda: is_full(both), what="the news that the processor is full")
    while not is_paused:
        assert known, "each second reading was over before it was seen"
        one = known.pop()
        body = "[" + ",".join(json.dumps(message(one, later)) for later in range(2, 30000)) + "]"
        with both.client() as client:
            client.connection.request("POST", "/messages", body[:-1], {"Content-Length": str(len(body))})
            until(lambda: unread_bytes(both.http) == 0, what="the body but for its last byte")
            before = worked_ns(both.gateway)
            client.connection.send(b"]")

            def has_answer():
                return select.select([client.connection.sock], [], [], 0)[0]
            if took:  # the first half was the first reading; on a busy machine each takes its own time
                until(lambda: worked_ns(both.gateway) - before > 0.7 * took or has_answer(), what="the second reading")
                both.gateway.send(signal.SIGSTOP)
                is_paused = not has_answer()
                time.sleep(1.2 if is_paused else 0)
                both.gateway.send(signal.SIGCONT)
            answer = Answer(client.connection.getresponse())
            took = worked_ns(both.gateway) - before
        assert problem(answer) == (202, "")


def test_a_gateway_that_asks_for_new_rockets_is_ready(start):
    """It said that its buffer was full."""
    both = start(gateway=("--workers", 1), processor=("--rockets", 1))
    assert both.post(message(channel(), 1), Prefer="wait=60").status == 200
    until(lambda: is_full(both), what="the news that the processor is full")
    both.processor.send(signal.SIGSTOP)
    with both.client() as client:
        client.connection.request("POST", "/messages", json.dumps(message(channel(), 1)))
        until(lambda: unread_bytes(both.http) == 0, what="the request")
        ready, stats = both.call("GET", "/readyz"), both.call("GET", "/stats").json()
        assert "buffer" not in ready.body.decode() and stats["waiting"] == 0
        both.processor.send(signal.SIGCONT)
        assert problem(Answer(client.connection.getresponse())) == (503, "rockets-full")


def test_a_full_processor_that_is_away_lets_nothing_new_in_and_says_why(start):
    both = start(gateway=("--wait", "0"), processor=("--rockets", 1))
    known = channel()
    assert both.post(message(known, 1), Prefer="wait=60").status == 200
    until(lambda: is_full(both), what="the news that the processor is full")
    both.processor.send(signal.SIGSTOP)
    assert problem(both.post(message(channel(), 1)))[1] in ("no-owner", "rockets-full")
    both.processor.send(signal.SIGCONT)
    until(lambda: both.post(message(known, 2)).status == 202, what="the rocket that exists")


def test_many_new_rockets_at_once_are_refused_as_a_whole(start):
    both = start(processor=("--rockets", 1))
    assert both.post(message(channel(), 1), Prefer="wait=60").status == 200
    until(lambda: is_full(both), what="the news that the processor is full")
    assert problem(both.post([message(channel(), 1) for _ in range(5000)])) == (503, "rockets-full")
    assert len(both.call("GET", "/rockets").json()["rockets"]) == 1


@in_own_network
def test_large_bodies_of_one_client_leave_room_for_those_of_others(folder):
    """A client that never ends its bodies of 8 MiB, but for a byte; JSON is not read in pieces."""
    size = 8 << 20
    head = f"POST /messages HTTP/1.1\r\nHost: one\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    large = json.dumps([message("one", 1)]).encode().ljust(2 << 20)
    pair = Pair(folder, gateway=("--workers", 1))
    with open_gateway(folder, "--workers", 1, "--processors", f"127.0.0.1:{pair.port}") as (_, port), \
            contextlib.ExitStack() as stack:
        for _ in range(12):
            one = stack.enter_context(connect(port, CLIENTS[0]))
            with contextlib.suppress(ConnectionError):  # refused: its share is taken
                one.sendall(head.encode() + b" " * (size - 1))
        other = http.client.HTTPConnection(SERVER, port, 30, source_address=(CLIENTS[1], 0))
        other.request("POST", "/messages", large, {"Content-Type": "application/json"})
        assert other.getresponse().status == 202
        other.close()
    pair.stop()


def test_behind_a_proxy_large_bodies_count_for_their_client_and_not_for_the_proxy(start):
    both = start(gateway=("--workers", 1, "--behind-proxy", 1, "--insecure"))
    large = json.dumps([message("one", 1)]).encode().ljust(2 << 20)
    size = 8 << 20

    def head(client, length):
        return (f"POST /messages HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {client}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n").encode()
    with contextlib.ExitStack() as stack:
        for number in range(12):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", both.http), 30))
            with contextlib.suppress(ConnectionError):  # refused: its share is taken
                one.sendall(head(f"6.6.6.{number}, 203.0.113.1", size) + b" " * (size - 1))
        other = stack.enter_context(socket.create_connection(("127.0.0.1", both.http), 30))
        other.sendall(head("203.0.113.2", len(large)) + large)
        assert other.recv(4096).startswith(b"HTTP/1.1 202 ")


@pytest.mark.skipif(IS_SANITIZED, reason="the lines take longer than a request may")
def test_clients_take_turns_with_their_uploads(start):
    """The upload of the second client waited for all pieces of the 16 of the first one, each time."""
    both = start(gateway=("--workers", 1, "--behind-proxy", 1, "--insecure"))
    body = b"{}\n" * 400_000  # short lines take the gateway longer than their client
    ended = []

    def upload(client):
        with socket.create_connection(("127.0.0.1", both.http), 60) as one:
            one.sendall(f"POST /messages HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {client}\r\n"
                        f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            one.sendall(body)
            assert one.recv(4096).startswith(b"HTTP/1.1 400 ")
        ended.append(client)
    with concurrent.futures.ThreadPoolExecutor(17) as pool:
        uploads = [pool.submit(upload, "203.0.113.1") for _ in range(16)]
        until(lambda: both.call("GET", "/stats").json()["waiting"] > 8, what="uploads that wait for their turn")
        for one in [*uploads, pool.submit(upload, "203.0.113.2")]:
            one.result()
    assert ended.index("203.0.113.2") < 8


def is_open(connection):
    """Return true if the other side has not ended a connection so far."""
    connection.setblocking(False)
    try:
        while connection.recv(4096):
            pass
        return False
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


@in_own_network
def test_one_address_opens_a_bounded_number_of_connections_to_a_processor_in_a_second(folder):
    port = free_ports(3)
    processor = Program(folder, "downlink-processor", "--bind", SERVER, "--port", port, "--insecure", "yes",
                        "--state-dir", f"{folder}/bounded")
    try:
        processor.lines_with("ready")
        for place in (port, port + 1, port + 2):
            with contextlib.ExitStack() as stack:
                began = time.monotonic()
                opened = []
                for _ in range(200):
                    with contextlib.suppress(ConnectionResetError):  # it was ended at once
                        opened.append(stack.enter_context(connect(place, CLIENTS[0])))
                other = stack.enter_context(connect(place, CLIENTS[1]))
                most = 64 * (2 + time.monotonic() - began)
                until(lambda: sum(map(is_open, opened)) <= most, what="the end of further connections")
                assert sum(map(is_open, opened)) >= 64
                assert is_open(other), "another address has its own share"
        assert processor.lines_with("its address opens more than 64 a second")
    finally:
        assert processor.stop() == 0
