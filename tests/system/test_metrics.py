"""The figures of the programs: /stats, and /metrics as Prometheus reads them."""
import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from downlink import BIN, Client, Pair, Program, channel, free_ports, message, raw, until


def stats(both):
    answer = both.call("GET", "/stats")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    return answer.json()


def metrics(answer):
    """Samples by name and labels, after promtool has found nothing to say about the text."""
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    checked = subprocess.run(["promtool", "check", "metrics"], input=answer.body,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert checked.returncode == 0 and checked.stdout == b"", checked.stdout.decode()
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_stats_count_what_every_worker_has_answered(start):
    both = start(gateway=["--workers", 2])
    for number in range(1, 21):
        assert both.post(message(channel(), number)).status == 202  # each on a new connection
    assert both.post(message(channel(), 0)).status == 400
    assert both.call("GET", "/nowhere").status == 404
    both.call("GET", "/rockets")
    until(lambda: stats(both)["saved"] == 20, what="the saves")
    told = stats(both)
    assert told["workers"] == 2 and told["partitions"] == 16 and told["uptimeMs"] > 0
    assert told["accepted"] == 20 and told["refused"] == 1 and told["dropped"] == 0
    assert told["buffered"] == 0 and told["bufferLimit"] == 1000000
    assert told["journalLimit"] == 1 << 30
    assert told["requests"]["POST /messages"] == {"202": 20, "400": 1}
    assert told["requests"]["GET /rockets"] == {"200": 1}
    assert told["requests"]["other"] == {"404": 1}
    assert told["requests"]["GET /readyz"]["200"] > 0
    assert told["refusals"] == {"message-refused": 1, "not-found": 1}, "probes before the start count elsewhere"
    for latency in "accept", "apply", "query", "journal", "deliver":
        of = told["latencyMs"][latency]
        assert 0 <= of["p50"] <= of["p99"] < 60000 and of["count"] > 0


def test_numbers_are_told_to_a_sensible_precision(pair):
    """Microseconds, both of milliseconds and of the lag in seconds."""
    pair.post([message(channel(), 1)])
    text = pair.call("GET", "/stats").body.decode()
    latencies = re.findall(r'"p(?:50|99)":([0-9.]+)', text)
    lags = re.findall(r'"lagSeconds":([0-9.]+)', text)
    assert latencies and lags
    assert all(re.fullmatch(r"\d+(\.\d{1,3})?", number) for number in latencies + lags)


def test_stats_show_who_owns_what(pair):
    told = stats(pair)
    [processor] = told["processors"]
    assert processor["isUp"] and processor["address"] == f"127.0.0.1:{pair.port}"
    assert processor["owned"] == 16 and len(processor["id"]) == 32
    assert 0 <= processor["heardMsAgo"] < 2000
    assert [route["partition"] for route in told["routing"]] == list(range(16))
    assert {route["owner"] for route in told["routing"]} == {processor["id"]}
    assert all(route["epoch"] > 0 for route in told["routing"])


def test_stats_count_the_rockets_by_status_also_after_a_restart(start):
    both = start()
    one, other = channel(), channel()
    both.post([message(one, 1, "RocketLaunched"), message(other, 2, "RocketSpeedIncreased"),
               message(channel(), 1, "RocketExploded")])
    until(lambda: stats(both)["rockets"] == {"unknown": 1, "flying": 1, "exploded": 1}, what="all three")
    both.post([message(one, 2, "RocketExploded"), message(other, 1, "RocketLaunched")])
    until(lambda: stats(both)["rockets"] == {"unknown": 0, "flying": 1, "exploded": 2}, what="changes")
    assert both.processor.stop() == 0
    until(lambda: stats(both)["rockets"] is None, what="the silence")
    both.processor = both.start_processor()
    until(lambda: stats(both)["rockets"] == {"unknown": 0, "flying": 1, "exploded": 2}, what="all again")


def test_an_answer_with_one_rocket_names_its_partition(pair):
    ids = [channel() for _ in range(20)]
    assert pair.post([message(one, 1) for one in ids], Prefer="wait=60").status == 200
    answers = [(pair.call("GET", "/rockets/" + one), pair.call("GET", "/rockets?id=" + one)) for one in ids]
    partitions = [int(one.headers["Downlink-Partition"]) for one, _ in answers]
    assert [int(other.headers["Downlink-Partition"]) for _, other in answers] == partitions
    assert max(partitions) < 16 and len(set(partitions)) > 5
    owned = {one["partition"]: one for one in stats(pair)["routing"]}
    assert all(owned[partition]["owner"] for partition in partitions)
    for target in ("/rockets?limit=1", "/rockets?id=nobody", "/rockets/nobody"):
        assert "Downlink-Partition" not in pair.call("GET", target).headers


def test_the_lag_grows_while_a_processor_is_stopped_and_goes_when_it_goes_on(start):
    both = start()
    both.processor.send(signal.SIGSTOP)
    began = time.monotonic()
    rocket = channel()
    for number in range(1, 6):
        assert both.post(message(rocket, number)).status == 202

    def lagging():
        [route] = [route for route in stats(both)["routing"] if route["lagMessages"]]
        assert route["lagMessages"] == 5
        return route["lagSeconds"] > 1
    until(lagging, what="the lag")
    told = stats(both)
    assert told["buffered"] == 5 and told["accepted"] == 5 and told["saved"] == 0
    assert max(route["lagSeconds"] for route in told["routing"]) <= time.monotonic() - began + 0.001
    until(lambda: not stats(both)["processors"][0]["isUp"], what="the silence")
    until(lambda: {route["owner"] for route in stats(both)["routing"]} == {None}, what="the same of each worker")
    both.processor.send(signal.SIGCONT)
    until(lambda: stats(both)["saved"] == 5, what="the saves")
    told = stats(both)
    assert sum(route["lagMessages"] for route in told["routing"]) == 0
    assert sum(route["lagSeconds"] for route in told["routing"]) == 0
    assert told["resent"] == 0  # the link stood all the while


def test_what_is_dropped_is_counted_and_not_as_accepted(start):
    both = start(gateway=["--overflow", "drop", "--buffer", 1, "--workers", 1])
    both.processor.send(signal.SIGSTOP)
    for number in range(1, 4):
        assert both.post(message(channel(), number)).status == 202
    told = stats(both)
    both.processor.send(signal.SIGCONT)
    assert told["dropped"] == 2 and told["accepted"] == 1


def test_the_metrics_of_a_gateway_say_what_happened_and_satisfy_promtool(start):
    both = start(gateway=["--workers", 2])
    before = metrics(both.call("GET", "/metrics"))
    assert before["downlink_gateway_accepted_messages_total"] == 0
    for number in range(1, 11):
        assert both.post(message(channel(), number)).status == 202
    assert both.post([message(channel(), 0), message(channel(), 1)]).status == 400
    both.call("GET", "/rockets/nobody")
    until(lambda: stats(both)["saved"] == 10, what="the saves")
    told = metrics(both.call("GET", "/metrics"))
    assert told["downlink_gateway_accepted_messages_total"] == 10
    assert told["downlink_gateway_saved_messages_total"] == 10
    assert told["downlink_gateway_refused_messages_total"] == 1
    assert told['downlink_gateway_refused_requests_total{reason="message-refused"}'] == 1
    requests = "downlink_gateway_http_requests_total"
    assert told[requests + '{route="POST /messages",status="202"}'] == 10
    assert told[requests + '{route="GET /rockets/{id}",status="404"}'] == 1
    assert told['downlink_gateway_partition_lag_messages{partition="0"}'] == 0
    assert told['downlink_gateway_partition_epoch{partition="15"}'] >= 1
    assert told[f'downlink_gateway_processor_up{{address="127.0.0.1:{both.port}"}}'] == 1
    assert told["downlink_gateway_unowned_partitions"] == 0
    assert told["downlink_gateway_accept_duration_seconds_count"] == 10
    assert told["downlink_gateway_deliver_duration_seconds_count"] == 10
    assert told["downlink_gateway_apply_duration_seconds_count"] == 10
    assert told["downlink_gateway_query_duration_seconds_count"] == 1
    assert abs(told["process_start_time_seconds"] - time.time()) < 60
    assert told["process_resident_memory_bytes"] > 1e6 and told["process_open_fds"] > 5
    assert 0 < told["process_cpu_seconds_total"] + 0.01 < 60


def test_the_buckets_of_a_histogram_rise_to_its_count(pair):
    assert pair.post(message(channel(), 1)).status == 202
    told = metrics(pair.call("GET", "/metrics"))
    name = "downlink_gateway_accept_duration_seconds"
    buckets = [(float(bound), told[f'{name}_bucket{{le="{bound}"}}']) for bound in
               re.findall(name + r'_bucket\{le="(.*?)"', "\n".join(told))]
    assert buckets == sorted(buckets) and len(buckets) > 10
    assert buckets[-1] == (float("inf"), told[name + "_count"])
    assert 0 < told[name + "_sum"] < 60


class Admin:
    """The processor's admin port, as a thing to call like a pair."""

    def __init__(self, port):
        self.port = port

    def call(self, method, target, body=None, **fields):
        with Client(self.port) as client:
            return client.call(method, target, body, **fields)


@pytest.fixture(scope="module")
def observed(folder):
    """A pair whose processor has an admin port."""
    port = free_ports(1)
    both = Pair(folder, processor=["--admin", f"127.0.0.1:{port}"])
    both.admin = Admin(port)
    yield both
    both.stop()


def test_the_metrics_of_a_processor_say_what_happened_and_satisfy_promtool(observed):
    before = metrics(observed.admin.call("GET", "/metrics"))
    rocket = channel()
    observed.post([message(rocket, 1), message(rocket, 1), message(rocket, 1, by=7),
                   message(rocket, 2)])
    observed.rocket_when(rocket, lambda found: found["messagesApplied"] == 2)
    until(lambda: stats(observed)["buffered"] == 0, what="the save")
    told = metrics(observed.admin.call("GET", "/metrics"))

    def risen(name):
        return told["downlink_processor_" + name] - before["downlink_processor_" + name]
    assert risen("applied_messages_total") == 2
    assert risen("duplicate_messages_total") == 1
    assert risen("conflicting_messages_total") == 1
    assert risen("late_messages_total") == 0 and risen("failed_saves_total") == 0
    assert risen("frames_total") == risen("apply_duration_seconds_count") == 1
    assert risen("save_duration_seconds_count") == 1
    assert risen("query_duration_seconds_count") >= 1
    assert told["downlink_processor_owned_partitions"] == 16
    assert told["downlink_processor_members"] == 1
    assert told['downlink_processor_partition_unsaved_messages{partition="0"}'] == 0
    rockets = [told[f'downlink_processor_partition_rockets{{partition="{partition}"}}']
               for partition in range(16)]
    assert sum(rockets) >= 1
    assert told['downlink_processor_partition_epoch{partition="3"}'] >= 1
    assert told["process_resident_memory_bytes"] > 1e6


def test_a_gap_that_is_given_up_is_counted(observed):
    name = "downlink_processor_closed_gaps_total"
    before = metrics(observed.admin.call("GET", "/metrics"))[name]
    rocket = channel()
    observed.post([message(rocket, number) for number in range(1, 2 * 1026, 2)])
    observed.rocket_when(rocket, lambda found: found["messagesApplied"] == 1026)
    assert metrics(observed.admin.call("GET", "/metrics"))[name] - before == 2


def test_the_admin_port_answers_probes_and_refuses_the_rest(observed):
    for path in "/livez", "/healthz", "/readyz", "/metrics":
        assert observed.admin.call("GET", path).status == 200
        assert observed.admin.call("HEAD", path).status == 200
        refused = observed.admin.call("POST", path, "x" * 100)
        assert refused.status == 405 and refused.headers["Allow"] == "GET, HEAD"
    assert observed.admin.call("GET", "/").status == 404
    assert observed.admin.call("GET", "/rockets").status == 404
    assert observed.admin.call("POST", "/metrics", "x" * 100000).status == 413
    smuggled = raw(observed.admin.port, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n")
    assert smuggled.startswith(b"HTTP/1.1 400 ")


HEAD = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize("sent", [b"", HEAD + b"\r\n", HEAD], ids=["silent", "answered", "half"])
def test_the_admin_port_answers_a_probe_beside_many_idle_connections(observed, sent):
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", observed.admin.port), 10))
            one.sendall(sent)
        for _ in range(5):
            began = time.monotonic()
            assert observed.admin.call("GET", "/livez").status == 200
            assert time.monotonic() - began < 5


@contextlib.contextmanager
def byte_by_byte(port, sent, count):
    """Strangers that begin a request, send it byte by byte, and come again when they are closed."""
    over = threading.Event()

    def begin():
        one = socket.create_connection(("127.0.0.1", port), 5)
        one.setblocking(False)
        one.sendall(sent)
        return one

    def go_on():
        held = [begin() for _ in range(count)]
        while not over.wait(0.001):
            for place, one in enumerate(held):
                with contextlib.suppress(BlockingIOError):
                    try:
                        one.send(b"a")
                        is_ended = one.recv(4096) == b""
                    except (ConnectionError, BrokenPipeError):
                        is_ended = True
                    if is_ended:
                        one.close()
                        held[place] = begin()
        for one in held:
            one.close()
    thread = threading.Thread(target=go_on)
    thread.start()
    time.sleep(1)
    try:
        yield
    finally:
        over.set()
        thread.join()


POST = b"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", HEAD, POST], ids=["line", "head", "body"])
def test_the_admin_port_answers_a_probe_beside_requests_that_come_byte_by_byte(observed, sent):
    with byte_by_byte(observed.admin.port, sent, 64):
        for _ in range(5):
            began = time.monotonic()
            assert observed.admin.call("GET", "/livez").status == 200
            assert time.monotonic() - began < 4


def test_the_admin_port_answers_a_probe_beside_answers_that_are_not_taken(folder):
    admin = Admin(free_ports(1))
    processor = Program(folder, "downlink-processor", "--port", free_ports(3), "--store", "memory", "--partitions", 1024,
                        "--admin", f"127.0.0.1:{admin.port}")
    until(lambda: " ready " in processor.text(), what="the processor")
    until(lambda: len(admin.call("GET", "/metrics").body) > 250_000, what="large answers")
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            one.connect(("127.0.0.1", admin.port))
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        began = time.monotonic()
        assert admin.call("GET", "/livez").status == 200
        assert time.monotonic() - began < 8
    assert processor.stop() == 0


def test_the_admin_port_is_ready_when_all_is_loaded_and_not_before(start):
    port = free_ports(1)
    both = start(processor=["--admin", f"127.0.0.1:{port}"])
    admin = Admin(port)
    lines = "\n".join(json.dumps(message(f"rocket-{index}", 1, "RocketLaunched"))
                      for index in range(20000))
    answer = both.call("POST", "/messages", lines, Content_Type="application/x-ndjson",
                       Prefer="wait=60")
    assert answer.status == 200
    assert both.processor.stop() == 0
    both.processor = both.start_processor()

    def look():
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = admin.call("GET", "/readyz")
            assert answer.status == 200 or "loading" in answer.json()["detail"]
            return answer.status == 200
        return False

    until(look, what="readiness")
    assert metrics(admin.call("GET", "/metrics"))["downlink_processor_owned_partitions"] == 16


def test_a_slow_client_of_the_admin_port_holds_up_nobody(observed):
    with socket.create_connection(("127.0.0.1", observed.admin.port)) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\nHo")
        rocket = channel()
        observed.post(message(rocket, 1))
        observed.rocket_when(rocket, lambda found: found["messagesApplied"] == 1)
        assert observed.admin.call("GET", "/livez").status == 200


def test_a_processor_stops_well_with_a_connection_to_its_admin_port_open(folder):
    port = free_ports(1)
    both = Pair(folder, processor=["--admin", f"127.0.0.1:{port}"])
    with Client(port) as client:
        assert client.call("GET", "/readyz").status == 200
        both.stop()


@pytest.mark.parametrize("address", ["9100", "nowhere:", "127.0.0.1:0", "127.0.0.1:70000"])
def test_an_admin_address_that_is_none_is_refused(address):
    refused = subprocess.run([BIN / "downlink-processor", "--admin", address],
                             capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2 and "--admin" in refused.stderr


def test_an_admin_port_that_is_taken_is_said_with_status_1(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        refused = subprocess.run([BIN / "downlink-processor", "--store", "memory", "--port",
                                  str(free_ports(3)), "--admin", address], cwd=folder,
                                 capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "cannot listen" in refused.stderr and address.rpartition(":")[2] in refused.stderr
