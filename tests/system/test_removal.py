"""DELETE /rockets/{id} and --forget-exploded: a removed rocket stays away, also from late and repeated messages."""
import hashlib
import os
import random
import signal
import threading
import time

import pytest

from downlink import Client, Program, channel, free_ports, message, until
from event_client import Stream, synced

KINDS = ("RocketLaunched", "RocketSpeedIncreased", "RocketMissionChanged", "RocketExploded")


@pytest.fixture
def database(server):
    """The address of a new database."""
    name = f"db{time.monotonic_ns()}"
    server.query(f"CREATE DATABASE {name} OWNER downlink", "postgres")
    yield server.url(database=name)
    server.query(f"DROP DATABASE {name} WITH (FORCE)", "postgres")


def applied(both, messages):
    assert both.post(messages, Prefer="wait=60").status == 200


def remove(both, one, **fields):
    return both.call("DELETE", "/rockets/" + one, **fields).status


def is_there(both, one):
    """Return true or false, once the rocket has an owner."""
    def look():
        answer = both.call("GET", "/rockets/" + one).status
        return answer if answer in (200, 404) else None
    return until(look, what="an owner") == 200


def story(one, count=8):
    return [message(one, number, KINDS[number % len(KINDS)]) for number in range(1, count + 1)]


def restart(both, number=signal.SIGKILL):
    both.processor.stop(number)
    both.processor = both.start_processor()
    assert both.await_ready()


@pytest.mark.parametrize("flags", [("--ordering", "converge"), ("--ordering", "latest"), ()])
def test_a_removed_rocket_stays_away_from_all_that_comes(start, database, flags):
    both = start(processor=flags or ("--store", database))
    gone, stays = channel(), channel()
    messages = story(gone)
    random.Random(3).shuffle(messages)
    applied(both, messages[:5] + story(stays))
    assert remove(both, gone) == 204
    assert not is_there(both, gone) and remove(both, gone) == 404 and remove(both, channel()) == 404
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number:
            restart(both, number)
        applied(both, messages)  # the late ones, and those that it had
        applied(both, [message(gone, 1000 + (number or 0)), message(stays, 1)])
        assert not is_there(both, gone) and remove(both, gone) == 404
        assert both.rocket(stays)["messagesApplied"] >= 1
        assert [one["id"] for one in both.call("GET", "/rockets").json()["rockets"]] == [stays]
        assert [one["id"] for one in both.call("GET", "/rockets?sort=-speed").json()["rockets"]] == [stays]
        assert both.call("GET", f"/rockets?id={gone}").json()["rockets"] == []
    log = both.gateway.lines_with("a rocket was removed")
    assert len(log) == 1 and gone in log[0]


def test_messages_that_wait_in_the_journal_do_not_bring_a_rocket_back(start):
    both = start()
    one = channel()
    applied(both, story(one))
    #  A second gateway has messages of the rocket that no processor takes in before the removal.
    other, port = both.start_gateway_beside()
    until(lambda: Client(port).call("GET", "/readyz").status == 200, what="the other gateway")
    other.send(signal.SIGSTOP)
    assert remove(both, one) == 204
    other.send(signal.SIGCONT)
    with Client(port) as client:
        assert client.call("POST", "/messages", str(message(one, 99)).replace("'", '"')).status == 202
    other.stop()
    both.processor.send(signal.SIGSTOP)
    assert both.post(story(one, 20)).status == 202
    both.gateway.stop(signal.SIGKILL)
    both.processor.send(signal.SIGCONT)
    both.gateway = both.start_gateway()
    assert both.await_ready()
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="the acks")
    assert not is_there(both, one)


def test_a_takeover_keeps_removals(start):
    both = start()
    rockets = [channel() for _ in range(60)]
    applied(both, [line for one in rockets for line in story(one)])
    assert {remove(both, one) for one in rockets[:30]} == {204}
    both.processor.stop(signal.SIGKILL)
    #  Another process takes all partitions over, at the same address.
    both.processor = both.start_processor()
    assert both.await_ready()
    applied(both, [line for one in rockets for line in story(one, 12)])
    assert [not is_there(both, one) for one in rockets] == [True] * 30 + [False] * 30


def test_removals_under_load_end_in_one_state_for_all(start):
    both = start()
    rockets = [channel() for _ in range(20)]
    applied(both, [message(one, 1) for one in rockets])
    stop = threading.Event()

    def send():
        with both.client() as client:
            while not stop.is_set():
                for one in rockets:
                    number = random.randrange(1, 500)
                    body = str(message(one, number)).replace("'", '"')
                    assert client.call("POST", "/messages", body).status == 202
    senders = [threading.Thread(target=send) for _ in range(3)]
    for sender in senders:
        sender.start()
    try:
        assert {remove(both, one) for one in rockets[:10]} == {204}
    finally:
        stop.set()
        for sender in senders:
            sender.join()
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="the acks")
    for kill in (False, True):
        if kill:
            restart(both)
        assert [not is_there(both, one) for one in rockets] == [True] * 10 + [False] * 10


def test_streams_and_subscribers_hear_of_the_removal(start):
    both = start(gateway=("--workers", "1"))  # a client that comes back needs the worker that it had
    gone, stays = channel(), channel()
    applied(both, [message(gone, 1), message(stays, 1)])
    with synced(both.http) as everything, synced(both.http, f"/events?id={gone}") as one:
        assert remove(both, gone) == 204
        for stream in (everything, one):
            assert stream.until("removed")[-1].data == {"id": gone}
        last = everything.last_id
        applied(both, [message(stays, 2), message(gone, 2)])
        assert everything.rocket()["id"] == stays
        #  A client that comes back hears of the events in between.
        assert remove(both, stays) == 204
        assert everything.until("removed")[-1].data == {"id": stays}
    with Stream(both.http, last_id=last) as again:
        assert [event.name for event in again.until("synced")] == ["removed", "synced"]


def test_only_the_scope_admin_removes(start, folder):
    path = f"{folder}/tokens-{free_ports(1)}"
    scopes = {"boss": "admin,read,write", "user": "write,read,stats"}
    with open(path, "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        for name, scope in scopes.items():
            file.write(f"{name} {scope} {hashlib.sha256(name.encode()).hexdigest()}\n")
    both = start(gateway=("--token-file", path))
    one = channel()
    assert both.post(message(one, 1), Authorization="Bearer boss", Prefer="wait=60").status == 200
    assert remove(both, one) == 401
    answer = both.call("DELETE", "/rockets/" + one, Authorization="Bearer user")
    assert answer.status == 403 and 'scope="admin"' in answer.headers["WWW-Authenticate"]
    #  The cookie of the page reads only.
    assert remove(both, one, Cookie="downlink_token=boss") == 403
    assert remove(both, one, Authorization="Bearer boss", Origin="http://evil.example") == 403
    assert both.call("GET", "/rockets/" + one, Authorization="Bearer user").status == 200
    assert remove(both, one, Authorization="Bearer boss") == 204
    assert both.call("GET", "/rockets/" + one, Authorization="Bearer user").status == 404


def test_without_an_owner_nothing_is_removed(start):
    both = start()
    one = channel()
    applied(both, message(one, 1))
    both.processor.stop()
    assert remove(both, one) == 503
    assert remove(both, "a%ZZ") == 400 and remove(both, one + "?x=1") == 400
    both.processor = both.start_processor()
    assert both.await_ready()
    assert both.rocket(one) and remove(both, one) == 204


def test_a_removal_makes_room_for_another_rocket(start):
    both = start(gateway=("--workers", "1", "--wait", "0"), processor=("--rockets", 2))
    rockets = [channel(), channel()]
    applied(both, [message(one, 1) for one in rockets])
    until(lambda: both.call("GET", "/stats").json()["alarms"]["fullProcessors"], what="the full processor")
    assert both.post(message(channel(), 1)).status == 503
    assert remove(both, rockets[0]) == 204
    until(lambda: both.post(message(channel(), 1)).status == 202, what="room")


def test_exploded_rockets_are_forgotten_after_their_time(start):
    both = start(processor=("--forget-exploded", "300ms"))
    exploded, flying = channel(), channel()
    applied(both, [message(exploded, 1, "RocketExploded"), message(flying, 1, "RocketLaunched")])
    until(lambda: not is_there(both, exploded), what="the retention")
    applied(both, story(exploded))
    assert not is_there(both, exploded) and is_there(both, flying)
    both.processor.lines_with("exploded rockets were forgotten")
    restart(both)
    assert not is_there(both, exploded) and is_there(both, flying)


@pytest.mark.parametrize("flags", [("--remember-forgotten", "119s"), ("--forget-exploded", "x")])
def test_times_that_cannot_be_are_refused(folder, flags):
    processor = Program(folder, "downlink-processor", *flags)
    assert processor.process.wait(60) == 2
    assert flags[0] in processor.text()
