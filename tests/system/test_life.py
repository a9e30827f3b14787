"""The programs start, stop, overflow, and take the load of downlink-launch."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from downlink import BIN, Pair, channel, free_ports, message, until
from kernel import unread_bytes

PROGRAMS = ["downlink-gateway", "downlink-processor", "downlink-query", "downlink-launch"]
SHORT_STOP_SECONDS = 6  # a stop takes 3 s at most; ThreadSanitizer adds a second to the end of each process


def run(program, *flags, seconds=60, **environment):
    return subprocess.run([BIN / program, *map(str, flags)], capture_output=True, text=True,
                          timeout=seconds, env={**os.environ, **environment})


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_and_version_are_answered(program):
    shown = run(program, "--help")
    assert shown.returncode == 0
    assert "usage: " + program in shown.stdout and "exit status" in shown.stdout
    assert run(program, "--version").stdout.startswith(program + " ")


@pytest.mark.parametrize("program,flags,named", [
    ("downlink-gateway", ["--nonsense"], "--nonsense"),
    ("downlink-gateway", ["--buffer", "none"], "--buffer"),
    ("downlink-gateway", ["--overflow=explode"], "explode"),
    ("downlink-gateway", ["--listen", "8088"], "--listen"),
    ("downlink-gateway", ["--processors", "no where"], "--processors"),
    ("downlink-processor", ["--port", "70000"], "--port"),
    ("downlink-processor", ["surplus"], "surplus"),
    ("downlink-query", ["fly"], "fly"),
    ("downlink-launch", ["ftp://x"], "ftp://x")])
def test_wrong_usage_is_explained_with_status_2(program, flags, named):
    refused = run(program, *flags)
    assert refused.returncode == 2
    assert named in refused.stderr


def test_a_flag_can_come_from_the_environment_and_is_checked_there_too():
    refused = run("downlink-gateway", DOWNLINK_BUFFER="many")
    assert refused.returncode == 2
    assert "DOWNLINK_BUFFER" in refused.stderr


def test_a_flag_wins_over_the_environment_even_over_a_bad_value():
    environment = {"DOWNLINK_SEED": "many", "DOWNLINK_ROCKETS": "7"}
    refused = run("downlink-launch", "--seed=1", "--rockets", "many", **environment)
    assert refused.returncode == 2
    assert "--rockets" in refused.stderr and "SEED" not in refused.stderr
    refused = run("downlink-launch", "--seed=1", "ftp://x", **environment)
    assert "ftp://x" in refused.stderr


@pytest.mark.parametrize("program,flag", [("downlink-gateway", "--listen"),
                                          ("downlink-processor", "--port")])
def test_an_address_that_cannot_be_bound_is_said_with_status_1(program, flag):
    port = free_ports(3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        value = f"127.0.0.1:{port}" if flag == "--listen" else port
        refused = run(program, flag, value)
    assert refused.returncode == 1
    assert "cannot listen" in refused.stderr and str(port) in refused.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_both_well_with_connections_open(folder, number):
    both = Pair(folder)
    idle = socket.create_connection(("127.0.0.1", both.http))
    half = socket.create_connection(("127.0.0.1", both.http))
    half.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
    both.post(message(channel(), 1))
    began = time.monotonic()
    assert both.gateway.stop(number) == 0
    assert both.processor.stop(number) == 0
    assert time.monotonic() - began < SHORT_STOP_SECONDS
    idle.close()
    half.close()


def is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return False
    except ConnectionRefusedError:
        return True


def answer_of(client):
    """All that comes on a connection until it ends."""
    client.settimeout(10)
    return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize("half", [
    b"GET /rockets HTTP/1.1\r\nHost: localhost\r\n",
    b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{",
    b"POST /messages HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[",
    b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
    b"Content-Length: 1000000\r\n\r\n" + b"\n" * 600000], ids=["head", "body", "chunk", "upload"])
def test_a_request_that_is_not_complete_at_the_stop_is_told_so_in_time(folder, half):
    both = Pair(folder)
    client = socket.create_connection(("127.0.0.1", both.http))
    client.sendall(half)
    until(lambda: unread_bytes(both.http) == 0, what="the client")
    began = time.monotonic()
    both.gateway.send(signal.SIGTERM)
    answer = answer_of(client)
    assert answer.startswith(b"HTTP/1.1 503 ") and b"problem:stopping" in answer, answer
    assert b"\r\nRetry-After: 1\r\n" in answer
    assert both.gateway.process.wait(60) == 0
    assert time.monotonic() - began < SHORT_STOP_SECONDS
    both.processor.stop()


def test_a_request_that_trickles_through_the_stop_ends_two_seconds_after_it(folder):
    both = Pair(folder)
    client = socket.create_connection(("127.0.0.1", both.http))
    client.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
    until(lambda: unread_bytes(both.http) == 0, what="the client")
    began = time.monotonic()
    both.gateway.send(signal.SIGTERM)
    client.settimeout(0.1)
    answer = b""
    while not answer and time.monotonic() - began < 10:
        client.sendall(b" ")
        try:
            answer = client.recv(65536)
        except TimeoutError:
            pass
    assert answer.startswith(b"HTTP/1.1 503 ") and b"problem:stopping" in answer, answer
    assert both.gateway.process.wait(60) == 0
    assert time.monotonic() - began < SHORT_STOP_SECONDS
    both.processor.stop()


def test_a_request_that_becomes_complete_after_the_signal_is_answered(folder):
    both = Pair(folder)
    body = json.dumps(message(channel(), 1)).encode()
    client = socket.create_connection(("127.0.0.1", both.http))
    client.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body))
    until(lambda: unread_bytes(both.http) == 0, what="the client")
    both.gateway.send(signal.SIGTERM)
    until(lambda: is_refused(both.http), what="the end of listening")
    client.sendall(body)
    assert answer_of(client).startswith(b"HTTP/1.1 202 ")
    assert both.gateway.process.wait(60) == 0
    both.processor.stop()


def last_request(both):
    """Send a request on an idle connection of a gateway that stops. Return the answer, and the time since the signal."""
    body = json.dumps(message(channel(), 1)).encode()
    request = b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with socket.create_connection(("127.0.0.1", both.http)) as client:
        client.sendall(request)
        assert b"Connection: close" not in client.recv(65536)
        signalled = time.monotonic()
        both.gateway.send(signal.SIGTERM)
        until(lambda: is_refused(both.http), what="the end of listening")
        with contextlib.suppress(ConnectionError):
            client.sendall(request)
        passed = time.monotonic() - signalled
        try:
            return answer_of(client), passed
        except ConnectionError:
            return b"", passed


def test_a_request_on_an_idle_connection_is_answered_after_the_signal_and_is_the_last_one(folder):
    both = Pair(folder)
    for _ in range(10):
        answer, passed = last_request(both)
        assert both.gateway.process.wait(60) == 0
        if answer or passed < 0.2:  # a client has half a second, and on a busy machine this test may be late
            break
        both.gateway = both.start_gateway()
        assert both.await_ready()
    assert answer.startswith(b"HTTP/1.1 202 ") and b"\r\nConnection: close\r\n" in answer, answer
    both.processor.stop()


def test_an_answer_that_nobody_takes_does_not_hold_up_the_stop(folder):
    both = Pair(folder)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", both.http))
    client.sendall(b"GET /dashboard/chart.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
    client.recv(1)
    began = time.monotonic()
    assert both.gateway.stop() == 0
    assert time.monotonic() - began < SHORT_STOP_SECONDS
    client.close()
    both.processor.stop()


def test_a_processor_that_comes_back_is_found_again(folder):
    both = Pair(folder)
    both.processor.stop()
    until(lambda: both.call("GET", "/readyz").status == 503, what="unreadiness")
    one = channel()
    assert both.post(message(one, 1)).status == 202
    both.processor = both.start_processor()
    assert both.rocket_when(one, lambda r: True)["messagesApplied"] == 1
    both.stop()


def test_a_full_buffer_is_waited_for_then_refused_and_nothing_is_lost(folder):
    both = Pair(folder, gateway=("--workers", "1", "--buffer", "10", "--wait", "300ms"))
    both.processor.send(signal.SIGSTOP)
    one = channel()
    answers = [both.post(message(one, number)) for number in range(1, 13)]
    assert [answer.status for answer in answers] == [202] * 10 + [503] * 2
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert both.post([message(one, number) for number in range(1, 12)]).status == 413
    both.processor.send(signal.SIGCONT)
    assert both.rocket_when(one, lambda r: r["messagesApplied"] == 10)["missing"] == []
    until(lambda: both.post(message(one, 11)).status == 202, what="room")
    both.stop()


def test_a_request_that_waits_for_room_is_answered_when_there_is_some(folder):
    both = Pair(folder, gateway=("--workers", "1", "--buffer", "1", "--wait", "30s"))
    both.processor.send(signal.SIGSTOP)
    one = channel()
    assert both.post(message(one, 1)).status == 202
    waiting = both.client()
    waiting.connection.request("POST", "/messages", json.dumps(message(one, 2)))
    until(lambda: both.call("GET", "/stats").json()["waiting"] == 1, what="the request that waits")
    both.processor.send(signal.SIGCONT)
    assert waiting.connection.getresponse().status == 202
    both.rocket_when(one, lambda r: r["messagesApplied"] == 2)
    waiting.connection.close()
    both.stop()


def test_with_overflow_drop_everything_is_answered_202(folder):
    both = Pair(folder, gateway=("--workers", "1", "--buffer", "5", "--overflow", "drop"))
    both.processor.send(signal.SIGSTOP)
    one = channel()
    assert {both.post(message(one, number)).status for number in range(1, 21)} == {202}
    both.processor.send(signal.SIGCONT)
    assert both.rocket_when(one, lambda r: r["messagesApplied"] == 5)["lastMessageNumber"] == 5
    both.stop()


def launch(both, *flags):
    return run("downlink-launch", f"http://localhost:{both.http}/messages", "--json", *flags,
               seconds=100)


def test_launched_rockets_are_all_right_in_any_order_and_however_often_sent(pair):
    for flags in (["--new-connections", "no"], ["--new-connections", "no", "--batch", "50"], []):
        done = launch(pair, "--rockets", 50, "--max-messages", 3000, "--shuffle", 100,
                      "--duplicates", 0.05, "--seed", len(flags), "--verify", *flags)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "verified: 50 of 50 rockets are right" in done.stderr


def test_the_client_of_the_contract_sees_no_error_and_no_retry(pair):
    done = launch(pair, "--max-messages", 5000)
    summary = json.loads(done.stdout)
    assert done.returncode == 0
    assert summary["statuses"] == {"202": 5000}
    assert summary["retries"] == summary["timeouts"] == summary["connection_errors"] == 0


def test_each_launch_plays_new_flights_unless_it_is_given_a_seed(pair):
    """A second launch sent only duplicates, and no rocket changed, so no event came."""
    flags = ["--rockets", 5, "--max-messages", 50, "--new-connections", "no"]
    first, second = (json.loads(launch(pair, *flags, "--verify").stdout) for _ in range(2))
    assert first["seed"] != second["seed"] and not first["isRepeat"] and not second["isRepeat"]
    again = launch(pair, *flags, "--seed", first["seed"], "--verify")
    assert again.returncode == 0 and json.loads(again.stdout)["isRepeat"]
    shown = run("downlink-launch", *flags, "--seed", first["seed"],
                f"http://127.0.0.1:{pair.http}/messages").stdout
    assert f"seed                {first['seed']}\n" in shown
    assert "an earlier run has played these flights" in shown and "leave out --seed" in shown


def test_wrong_rockets_are_noticed(pair):
    flags = ["--rockets", 5, "--max-messages", 50, "--seed", 99, "--new-connections", "no"]
    assert launch(pair, *flags, "--verify").returncode == 0
    rockets = pair.call("GET", "/rockets?limit=1000").json()["rockets"]
    assert pair.post([message(rocket["id"], 1000) for rocket in rockets], Prefer="wait=60").status == 200
    refused = launch(pair, *flags, "--verify", "--max-duration", "30s")
    assert refused.returncode == 1
    assert "verified: 0 of 5" in refused.stderr


def test_query_prints_what_the_processor_says(pair):
    one = channel()
    pair.post(message(one, 1, "RocketLaunched"))
    rocket = pair.rocket_when(one, lambda r: True)
    processors = ["--processors", f"127.0.0.1:{pair.port}"]
    assert run("downlink-query", "ping", *processors).returncode == 0
    assert json.loads(run("downlink-query", "get", one, "--json", *processors).stdout) == rocket
    assert one in run("downlink-query", "list", "--limit", 1000, *processors).stdout
    assert run("downlink-query", "get", "nobody", *processors).returncode == 1
    stats = json.loads(run("downlink-query", "stats", "--json", *processors).stdout)
    assert stats["partitions"] == 16 and len(stats["owned"]) == 16
    silent = run("downlink-query", "ping", "--processors", f"127.0.0.1:{free_ports(3)}",
                 "--timeout", "200ms")
    assert silent.returncode == 1 and "does not answer" in silent.stderr
