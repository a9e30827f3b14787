"""GET /events: the current rockets, then the changes; clients that do not read delay no others."""
import contextlib
import json
import re
import selectors
import signal
import socket
import subprocess
import threading
import time

import pytest

from downlink import BIN, IS_SANITIZED, Client, Pair, Program, channel, free_ports, message, until
from event_client import Stream, all_rockets, await_streams, streams, synced
from kernel import memory_of


@contextlib.contextmanager
def changing(pair, rockets, pause=0.0, batch=1):
    """Messages for these rockets, one after the other, until the end. Yields the last number of each;
    the first one is a repeat of the launch, with other content."""
    stop, numbers = threading.Event(), dict.fromkeys(rockets, 0)

    def post():
        with Client(pair.http) as client:
            while not stop.is_set():
                for start in range(0, len(rockets), batch):
                    some = rockets[start:start + batch]
                    numbers.update((one, numbers[one] + 1) for one in some)
                    body = json.dumps([message(one, numbers[one]) for one in some])
                    assert client.call("POST", "/messages", body).status == 202
                time.sleep(pause)
    writer = threading.Thread(target=post)
    writer.start()
    try:
        yield numbers
    finally:
        stop.set()
        writer.join()


STREAMS_PAST_THE_BOUND = 3300  # of ids of 128 bytes: 167 each, of 512 KiB
LARGE = {"type": "\x01" * 256, "launchSpeed": 1, "mission": "\x02" * 256}  # 3 KB as JSON


def launched(pair, count, **body):
    """So many new rockets, whose state is saved."""
    rockets = [channel() for _ in range(count)]
    for start in range(0, count, 1000):
        some = rockets[start:start + 1000]
        answer = pair.post([message(one, 1, "RocketLaunched", **body) for one in some])
        assert answer.status == 202
    until(lambda: pair.call("GET", "/stats").json()["buffered"] == 0, what="the saves")
    return rockets


def test_what_there_is_comes_first_and_then_what_changes(pair):
    one, two = launched(pair, 2)
    with Stream(pair.http) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store"
        first = stream.until("synced")
        assert first[-1].id and all(event.id is None for event in first[:-1])
        assert first[-1].data == {"rockets": len(first) - 1}
        assert stream.rockets == all_rockets(pair)
        before = stream.last_id
        pair.post(message(one, 2))
        shown = stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 2)
        assert shown == pair.rocket(one) and stream.last_id != before
        pair.post(message(two, 3))
        shown = stream.rocket_when(two, lambda rocket: rocket["messagesApplied"] == 2)
        assert shown["missing"] == [[2, 2]]


def test_a_rocket_is_shown_at_most_every_100_ms_and_ends_in_its_last_state(pair):
    [one] = launched(pair, 1)
    count = 0
    with synced(pair.http) as stream:
        began = time.monotonic()  # of the test's times, only those before the first and after the last event bound them
        with changing(pair, [one]) as numbers:
            while count < 3 or time.monotonic() < began + 2:
                stream.rocket(one)
                count += 1
            seconds = time.monotonic() - began
        stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == numbers[one])
    assert count <= seconds / 0.1 + 2


def test_a_stream_of_one_rocket_has_no_other(pair):
    one, two = launched(pair, 2)
    with Stream(pair.http, "/events?id=" + one) as stream:
        assert [event.name for event in stream.until("synced")] == ["rocket", "synced"]
        for number in range(2, 5):
            pair.post([message(two, number), message(one, number)])
            stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == number)
        assert list(stream.rockets) == [one]


def test_a_rocket_that_is_not_there_yet_is_waited_for(pair):
    one = channel()
    with synced(pair.http, "/events?id=" + one) as stream:
        assert stream.rockets == {}
        pair.post(message(one, 1))
        assert stream.rocket() == pair.rocket(one)


def test_a_stream_of_chosen_rockets_has_no_other_and_follows_each(pair):
    one, two, three = channel(), "a, b", channel()
    assert pair.post([message(name, 1) for name in (one, two, three)], Prefer="wait=60").status == 200
    target = f"/events?ids={one},a%2C%20b,not-yet,{one}"
    with Stream(pair.http, target) as stream:
        events = stream.until("synced")
        assert [event.name for event in events] == ["rocket", "rocket", "synced"]
        assert events[-1].data == {"rockets": 2} and events[-1].id is None
        assert set(stream.rockets) == {one, two}
        for number in range(2, 5):
            pair.post([message(name, number) for name in (three, two, one)])
            for name in (one, two):
                stream.rocket_when(name, lambda rocket: rocket["messagesApplied"] == number)
        pair.post(message("not-yet", 1))
        stream.rocket_when("not-yet", lambda rocket: rocket["messagesApplied"] == 1)
        assert set(stream.rockets) == {one, two, "not-yet"}


def test_a_stream_of_chosen_rockets_goes_on_after_a_processor_was_killed(start):
    both = start()
    rockets = launched(both, 100)
    with Stream(both.http, "/events?ids=" + ",".join(rockets)) as stream:
        assert stream.until("synced")[-1].data == {"rockets": 100}
        for number in (2, 3):
            both.processor.send(signal.SIGKILL)
            both.processor.stop()
            both.post([message(one, number) for one in rockets])
            both.processor = both.start_processor()
            for one in rockets:
                stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == number)


@pytest.mark.parametrize("target", ["/events?ids=", "/events?ids=a,", "/events?ids=a&id=b",
                                    "/events?ids=a,%00", "/events?ids=" + "x" * 129,
                                    "/events?ids=" + ",".join(map(str, range(257))),
                                    "/events?id=", "/events?id=" + "x" * 129,
                                    "/events?id=a&id=b", "/events?id=%00"])
def test_a_parameter_that_is_none_is_refused(pair, target):
    assert pair.call("GET", target).status == 400


def test_unknown_parameters_change_nothing_as_an_event_source_gives_up_after_an_error(pair):
    [one] = launched(pair, 1)
    with synced(pair.http, f"/events?_=17&id={one}&lastEventId=&_=18") as stream:
        assert list(stream.rockets) == [one]


def test_other_methods_open_no_stream(pair):
    head = pair.call("HEAD", "/events")
    assert head.status == 200 and head.headers["Content-Type"] == "text/event-stream"
    assert pair.call("POST", "/events", "{}").status == 405
    assert "GET" in pair.call("OPTIONS", "/events").headers["Allow"]


@pytest.fixture(scope="module")
def lone(folder):
    """A pair whose gateway has one worker: another worker has another log of updates, and begins again."""
    both = Pair(folder, gateway=("--workers", "1"))
    yield both
    both.stop()


def test_who_comes_back_goes_on_where_it_was(lone):
    pair = lone
    one, two, three = launched(pair, 3)
    with synced(pair.http) as stream:
        pair.post(message(one, 2))
        stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 2)
    for number in range(2, 5):
        pair.post(message(two, number))
    until(lambda: pair.call("GET", "/stats").json()["buffered"] == 0, what="the saves")
    with synced(pair.http) as witness:
        pair.post(message(three, 2))
        witness.rocket_when(three, lambda rocket: rocket["messagesApplied"] == 2)
    with Stream(pair.http, last_id=stream.last_id) as again:
        events = again.until("synced")
        assert all(event.name == "rocket" for event in events[:-1])
        assert {two, three} <= set(again.rockets)
        assert one not in again.rockets, "what it had seen does not come again"
        assert again.rockets[two]["messagesApplied"] == 4
        pair.post(message(one, 3))
        again.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 3)


def test_the_last_event_may_be_named_in_the_target_and_a_field_is_newer(lone):
    pair = lone
    one, two = launched(pair, 2)
    with synced(pair.http) as stream:
        pair.post(message(one, 2))
        stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 2)
    with synced(pair.http) as witness:
        pair.post(message(two, 2))
        witness.rocket_when(two, lambda rocket: rocket["messagesApplied"] == 2)
    with Stream(pair.http, "/events?lastEventId=" + stream.last_id) as again:
        assert all(event.name != "reset" for event in again.until("synced"))
        assert two in again.rockets
    with Stream(pair.http, "/events?lastEventId=nonsense", last_id=stream.last_id) as again:
        assert all(event.name != "reset" for event in again.until("synced"))


@pytest.mark.parametrize("last_id", ["0", "00000000-1", "nonsense", "-"])
def test_who_cannot_go_on_begins_again(pair, last_id):
    launched(pair, 1)
    with Stream(pair.http, last_id=last_id) as stream:
        events = stream.until("synced")
        assert events[0].name == "reset" and events[0].data == {"reason": "resume"}
        assert stream.rockets == all_rockets(pair)


def test_many_rockets_are_shown_page_by_page_while_they_change(start):
    both = start()
    rockets = launched(both, 4000)
    with changing(both, rockets, batch=500) as numbers:
        time.sleep(0.2)
        with Stream(both.http) as stream:
            events = stream.until("synced")
            assert events[-1].data == {"rockets": 4000}
            assert sum(event.id is None for event in events) == 4000, "one by a page, each"
            assert set(stream.rockets) == set(rockets)
            stream.rocket()
    with synced(both.http) as stream:
        for one in rockets:
            stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == numbers[one])


def test_a_stream_that_watches_all_the_time_ends_with_the_same_as_a_list(start):
    both = start()
    rockets = launched(both, 1000)
    with Stream(both.http) as stream:
        with changing(both, rockets, batch=100) as numbers:
            stream.until("synced")
            end = time.monotonic() + 2
            while time.monotonic() < end:
                stream.rocket()
        until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="the saves")
        expected = all_rockets(both)
        while stream.rockets != expected:
            stream.rocket()
        assert all(expected[one]["messagesApplied"] == numbers[one] for one in rockets)


def test_a_client_that_reads_slowly_is_shown_the_newest_and_holds_up_nobody(start):
    both = start()
    rockets = launched(both, 200)
    with Stream(both.http, receive_bytes=4096) as slow, synced(both.http) as quick:
        with changing(both, rockets, batch=200) as numbers:
            for _ in range(3000):
                quick.rocket()
        events = slow.until("synced")
        while any(slow.rockets[one]["messagesApplied"] < numbers[one] for one in rockets):
            events.append(next(slow))
        assert all(event.name != "reset" for event in events)
        assert len(events) < 3000 / 2


def test_a_client_that_is_too_far_behind_is_reset_and_shown_everything_again(start):
    both = start()
    launched(both, 10)
    with synced(both.http, receive_bytes=4096) as slow:
        many = launched(both, 7000, **LARGE)
        with synced(both.http) as quick:
            both.post(message(many[0], 2))
            quick.rocket_when(many[0], lambda rocket: rocket["messagesApplied"] == 2)
        events = slow.until("reset")
        assert events[-1].data == {"reason": "slow"}
        assert slow.until("synced")[-1].data == {"rockets": 7010}
        assert set(many) <= set(slow.rockets)
        both.post(message(many[0], 3))
        slow.rocket_when(many[0], lambda rocket: rocket["messagesApplied"] == 3)


def test_a_processor_that_comes_back_means_a_new_beginning(start):
    both = start()
    one, two = launched(both, 2)
    with synced(both.http) as stream, synced(both.http, "/events?id=" + two) as single:
        both.processor.send(signal.SIGKILL)
        both.processor.stop()
        both.post([message(one, 2), message(two, 2)])
        both.processor = both.start_processor()
        assert stream.until("reset")[-1].data == {"reason": "missed"}
        stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 2)
        stream.rocket_when(two, lambda rocket: rocket["messagesApplied"] == 2)
        single.rocket_when(two, lambda rocket: rocket["messagesApplied"] == 2)
        both.post([message(one, 3), message(two, 3)])
        stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 3)
        single.rocket_when(two, lambda rocket: rocket["messagesApplied"] == 3)


def owners(pair):
    return {route["owner"] for route in pair.call("GET", "/stats").json()["routing"]}


def test_partitions_that_move_while_rockets_change_lose_no_state(start):
    both, port = start(), free_ports(3)
    both.gateway.stop()
    both.gateway_flags = ["--processors", f"127.0.0.1:{both.port},127.0.0.1:{port}"]
    both.gateway = both.start_gateway()
    assert both.await_ready()
    rockets = launched(both, 200)
    with synced(both.http) as stream, synced(both.http, "/events?id=" + rockets[0]) as single:
        with changing(both, rockets, pause=0.01, batch=100) as numbers:
            other = Program(both.folder, "downlink-processor", "--port", port, "--state-dir",
                            both.state)
            try:
                until(lambda: len(owners(both)) == 2 and None not in owners(both), what="two owners")
                stream.until("synced")
                both.processor.send(signal.SIGKILL)
                both.processor.stop()
                until(lambda: len(owners(both)) == 1 and None not in owners(both), what="one owner")
                stream.until("synced")
            finally:
                both.processor = other
        for one in rockets:
            stream.rocket_when(one, lambda rocket: rocket["messagesApplied"] == numbers[one])
        single.rocket_when(
            rockets[0], lambda rocket: rocket["messagesApplied"] == numbers[rockets[0]])


def test_a_stream_without_a_processor_waits_for_one(start):
    both = start()
    [one] = launched(both, 1)
    assert both.processor.stop() == 0
    until(lambda: both.call("GET", "/readyz").status == 503, what="the gateway to notice")
    with Stream(both.http) as stream, Stream(both.http, "/events?id=" + one) as single:
        both.processor = both.start_processor()
        stream.until("synced")
        single.until("synced")
        assert list(stream.rockets) == list(single.rockets) == [one]


def test_a_stream_that_is_quiet_is_told_that_we_are_there(pair):
    with synced(pair.http, "/events?id=" + channel(), seconds=15) as stream:
        while b":\n\n" not in stream.text:
            stream._chunk()


def test_streams_end_when_the_gateway_stops(start):
    both = start()
    launched(both, 3000)
    readers = [synced(both.http) for _ in range(20)]
    stuck = [Stream(both.http, receive_bytes=4096) for _ in range(5)]
    await_streams(both, 25)
    began = time.monotonic()
    assert both.gateway.stop() == 0
    assert time.monotonic() - began < 8
    for stream in readers:
        assert list(stream) == [] and stream.is_ended
        stream.close()
    for stream in stuck:
        stream.close()


def test_a_client_that_is_gone_is_noticed_and_past_the_limit_is_said_so(start):
    both = start(gateway=["--event-streams", 2, "--workers", 1])
    first, second = synced(both.http), synced(both.http, "/events?id=x")
    refused = both.call("GET", "/events")
    assert refused.status == 503 and refused.headers["Retry-After"]
    assert refused.json()["type"] == "urn:downlink:problem:too-many-streams"
    first.close()
    await_streams(both, 1)
    synced(both.http).close()
    second.close()
    await_streams(both, 0)


def all_see(clients, text, seconds=60):
    """Read from all of them until each has got the text."""
    with selectors.DefaultSelector() as selector:
        seen = {}
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        deadline = time.monotonic() + seconds
        while selector.get_map():
            assert time.monotonic() < deadline, f"{len(selector.get_map())} are without"
            for key, _ in selector.select(1):
                piece = key.fileobj.recv(1 << 16)
                assert piece
                seen[key.fd] = seen.get(key.fd, b"")[-100:] + piece
                if text in seen[key.fd]:
                    selector.unregister(key.fileobj)


def opened(stack, port, target):
    client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


def test_a_thousand_clients_at_once(start):
    both = start()
    rockets = launched(both, 300)
    with contextlib.ExitStack() as stack:
        clients = [opened(stack, both.http, "/events" if number % 10 else "/events?id=" + rockets[0])
                   for number in range(1000)]
        all_see(clients, b"event: synced")
        await_streams(both, 1000)
        assert both.call("GET", "/stats").json()["connections"] >= 1000
        began = time.monotonic()
        both.post(message(rockets[0], 2))
        all_see(clients, b'"messagesApplied":2')
        assert time.monotonic() - began < 5
        began = time.monotonic()
        both.post(message(rockets[0], 3), Prefer="wait=10")
        assert time.monotonic() - began < 5, "the others are served as ever"
        assert IS_SANITIZED or memory_of(both.gateway) < 256 << 20
    await_streams(both, 0)


def subscribers_ended(pair):
    done = subprocess.run([BIN / "downlink-query", "stats", "--json", "--processors",
                           f"127.0.0.1:{pair.port}"], capture_output=True, check=True)
    return sum(map(int, re.findall(rb'"subscribersEnded": ?(\d+)', done.stdout)))


def test_streams_of_more_rockets_than_one_may_subscribe_to_hear_of_all_of_them(start):
    """A processor ends a connection that subscribes to more; the gateway would come back for ever."""
    both = start(gateway=["--event-streams", STREAMS_PAST_THE_BOUND, "--workers", 1])
    rockets = [f"{number:0128}" for number in range(STREAMS_PAST_THE_BOUND)]
    with contextlib.ExitStack() as stack:
        clients = [opened(stack, both.http, "/events?id=" + one) for one in rockets]
        until(lambda: streams(both) == len(rockets), what="all streams")
        for first in range(0, len(rockets), 1000):
            assert both.post([message(one, 1) for one in rockets[first:first + 1000]]).status == 202
        all_see(clients, b'"messagesApplied":1')
        chosen = [0, len(rockets) // 2, len(rockets) - 1]
        for number in range(2, 5):
            began = time.monotonic()
            both.post([message(rockets[one], number) for one in chosen])
            all_see([clients[one] for one in chosen], b'"messagesApplied":%d' % number)
            assert IS_SANITIZED or time.monotonic() - began < 3, "before it is asked for again"
        assert subscribers_ended(both) == 0
    await_streams(both, 0)
