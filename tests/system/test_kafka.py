"""--bus=kafka against a real broker: the state is right, also with messages that others write to the topic, and nothing
is lost or counts twice while processes die and the broker is away."""
import concurrent.futures
import json
import re
import signal
import time

import pytest

import oracle
from downlink import Client, Program, channel, free_ports, message, until
from kafka import Kafka, partition_of
from load import fill
from posters import Poster, under_load
from test_move import move
from test_oracle import expect, post_from_many_sides, post_lines

MOVED = 100_000  # rockets
PARTITIONS = 4  # fewer than usual: a topic is made for each test
GROUP = "downlink-"  # and the topic


@pytest.fixture
def broker(cluster):
    return cluster


def new_database(server):
    """Return the address of a database for a new state."""
    name = f"db{time.monotonic_ns()}"
    server.query(f"CREATE DATABASE {name} OWNER downlink", "postgres")
    return server.url(database=name)


@pytest.fixture
def store(request):
    """The flags of a new store: sqlite in the folder of the pair, or a new database."""
    if request.param == "sqlite":
        return ()
    return ("--store", new_database(request.getfixturevalue("server")))


@pytest.fixture
def topic():
    """The name of a topic that no other test uses; processors make it."""
    return f"t{time.monotonic_ns()}"


@pytest.fixture
def over(start, broker, topic):
    """Start pairs that use the broker and the topic."""
    def start_over(gateway=(), processor=(), **properties):
        flags = broker.flags(topic, **properties)
        return start(gateway=(*flags, *gateway), processor=(*flags, "--partitions", PARTITIONS, *processor))
    return start_over


def record(one):
    """A message as programs of others write it to the topic."""
    return one["metadata"]["channel"], json.dumps(one)


def stats(both):
    return both.call("GET", "/stats").json()


def is_saved(both):
    return stats(both)["buffered"] == 0


def await_speed(both, of, speed, applied):
    both.rocket_when(of, lambda rocket: (rocket["speed"], rocket["messagesApplied"]) == (speed, applied))


def log_of_refusal(folder, *flags):
    """Start a processor that must refuse to run; return its log."""
    program = Program(folder, "downlink-processor", "--port", free_ports(3), *flags)
    assert program.process.wait(30) == 1, program.text()
    return program.text()


@pytest.mark.parametrize("ordering", ["converge", "latest"])
@pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)
def test_the_state_is_that_of_the_oracle_whoever_writes(over, broker, topic, store, ordering):
    """Half of the messages come through a gateway, and half from a foreign producer at the same time."""
    arrived = oracle.make(60, 50, seed=5, shuffle=300, duplicates=0.05)
    expected = oracle.states(arrived, ordering)
    if ordering == "converge":  # each rocket's from both sides, in any order
        ours, theirs = arrived[::2], arrived[1::2]
    else:
        some = set(list(expected)[::2])
        ours = [one for one in arrived if one["metadata"]["channel"] in some]
        theirs = [one for one in arrived if one["metadata"]["channel"] not in some]
    both = over(gateway=("--journal", "off"), processor=(*store, "--ordering", ordering))
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        foreign = beside.submit(broker.produce, topic, map(record, theirs))
        (post_from_many_sides if ordering == "converge" else post_lines)(both, ours)
        foreign.result()
    expect(both, expected)
    found = broker.consume(topic)
    assert len(found) == len(arrived)
    for one in found:
        body = json.loads(one.value())
        assert body["metadata"]["channel"].encode() == one.key()
        assert partition_of(one.key(), PARTITIONS) == one.partition()
    until(lambda: broker.committed(GROUP + topic, topic) == {
        number: after for number, (_, after) in broker.bounds(topic).items()}, what="the lag of Kafka's tools: 0")
    assert both.processor.stop() == 0
    both.processor = both.start_processor()
    expect(both, expected)
    both.stop()


def test_a_record_is_the_message_as_post_takes_it(over, broker, topic):
    both = over()
    kinds = {"RocketLaunched": {"type": "F\u00e9 \"9\"\n", "launchSpeed": 9007199254740991, "mission": ""},
             "RocketSpeedIncreased": {"by": 0}, "RocketSpeedDecreased": {"by": 7},
             "RocketMissionChanged": {"newMission": "\u0000\U0001f680"}, "RocketExploded": {"reason": "x"}}
    sent = [message("apollo 11/é", number, kind, "2022-02-02T19:39:05.863370+01:00", **body)
            for number, (kind, body) in enumerate(kinds.items(), 1)]
    assert both.post(sent, Prefer="wait=10").status == 200
    for one in sent:
        one["metadata"]["messageTime"] = "2022-02-02T18:39:05.863370Z"
    assert [json.loads(one.value()) for one in broker.consume(topic)] == sent
    rocket = both.rocket("apollo%2011%2F%C3%A9")
    assert (rocket["messagesApplied"], rocket["mission"]) == (5, "\u0000\U0001f680")
    both.stop()


@pytest.mark.parametrize("journal", ["fsync", "off"])
def test_kills_lose_nothing(over, journal):
    both = over(gateway=("--journal", journal))

    def kill_both():
        for name in ("gateway", "processor", "gateway"):
            program = getattr(both, name)
            program.process.kill()
            program.process.wait()
            setattr(both, name, getattr(both, "start_" + name)())
            time.sleep(0.4)
        until(lambda: "listening" in both.gateway.text(), what="the gateway")
    under_load(both, kill_both)
    assert both.await_ready()
    both.stop()


def is_away(both):
    return stats(both)["bus"]["isAway"]


def test_an_outage_of_the_broker_delays_and_loses_nothing(start, folder, topic):
    """With a journal a gateway goes on accepting; without one a client gets its answer when the broker is back."""
    with Kafka().create() as broker:
        flags = broker.flags(topic)
        both = start(gateway=flags, processor=(*flags, "--partitions", PARTITIONS))
        other, port = both.start_gateway_beside(*flags, "--journal", "off", "--wait", "30s")
        early = channel()

        def post_without_journal():
            with Client(port) as client:
                return client.call("POST", "/messages", json.dumps(message(early, 2, by=1))).status
        assert both.post(message(early, 1, by=7), Prefer="wait=10").status == 200

        def stop_and_start():
            broker.kill()
            until(lambda: is_away(both), 15, "the word that the broker is away")
            with concurrent.futures.ThreadPoolExecutor(1) as beside:
                held = beside.submit(post_without_journal)
                assert both.rocket(early)["speed"] == 7, "queries are answered"
                assert not held.done()
                broker.start()
                assert held.result() == 202
            until(lambda: not is_away(both), 15, "the end of it")
            await_speed(both, early, 8, 2)
        assert under_load(both, stop_and_start) == {202}

        def pause():
            broker.pause()
            time.sleep(1.5)
            broker.resume()
        assert under_load(both, pause) == {202}
        until(lambda: is_saved(both), what="the saves")
        assert other.stop() == 0
        both.stop()


def test_wait_is_answered_when_the_message_is_saved(over):
    both = over(gateway=("--journal", "off"))
    answer = both.post(message(channel(), 1), Prefer="wait=10")
    assert (answer.status, answer.json()["status"]) == (200, "applied")
    both.processor.send(signal.SIGSTOP)
    assert both.post(message(channel(), 1), Prefer="wait=1").status == 202
    both.processor.send(signal.SIGCONT)
    until(lambda: is_saved(both), what="the save")
    both.stop()


def test_bad_records_are_put_aside_and_hold_nobody_up(over, broker, topic):
    aside = topic + "-dead"
    both = over(processor=("--dead-letter", aside))
    of = channel()
    good = json.dumps(message(of, 1, by=3))
    elsewhere = (partition_of(of, PARTITIONS) + 1) % PARTITIONS
    bad = [(of, '{"metadata":', 0), (of, "", 1), ("other", good, partition_of(of, PARTITIONS)),
           (of, good, elsewhere), (of, good.replace('"by": 3', '"by": -3'), partition_of(of, PARTITIONS))]
    broker.produce(topic, [*bad, (of, good), (None, json.dumps(message(of, 2, by=4)), partition_of(of, PARTITIONS))])
    await_speed(both, of, 7, 2)
    until(lambda: aside in broker.topics() and len(broker.consume(aside)) == len(bad), what="the dead letters")
    reasons = {bytes(one.value() or b"").decode(): dict(one.headers()) for one in broker.consume(aside)}
    assert b"another partitioner" in reasons[good]["reason"] or b"key" in reasons[good]["reason"]
    assert all(header["topic"] == topic.encode() for header in reasons.values())
    both.processor.lines_with("record refused")
    both.stop()


def test_the_partitioner_of_other_clients_is_told_in_words(over, broker, topic):
    both = over()
    names = [f"r{index}" for index in range(20)]
    broker.produce(topic, [record(message(one, 1, by=1)) for one in names], "consistent_random")
    right = [one.key().decode() for one in broker.consume(topic)
             if partition_of(one.key(), PARTITIONS) == one.partition()]
    assert 0 < len(right) < len(names)
    both.processor.lines_with("another partitioner")
    for one in names:
        if one in right:
            await_speed(both, one, 1, 1)
    assert len(both.call("GET", "/rockets").json()["rockets"]) == len(right)
    both.stop()


def test_lost_retention_is_told_and_the_rest_is_read(over, broker, topic):
    both = over()
    of = channel()
    number = partition_of(of, PARTITIONS)
    assert both.post(message(of, 1, by=1), Prefer="wait=10").status == 200
    assert both.processor.stop() == 0
    broker.produce(topic, [record(message(of, 2, by=10)), record(message(of, 3, by=100))])
    broker.remove_records(topic, {number: 2})
    both.processor = both.start_processor()
    await_speed(both, of, 101, 2)
    assert both.rocket(of)["missing"] == [[2, 2]]
    both.processor.lines_with("retention")
    both.stop()


def test_what_does_not_fit_is_refused_in_a_sentence(over, folder, broker, topic):
    broker.make_topic(topic, 3)
    flags = broker.flags(topic)
    text = log_of_refusal(folder, *flags, "--state-dir", f"{folder}/other-count", "--partitions", 4)
    assert re.search(r"3 partitions.*4|4 partitions.*3", text), text

    state = f"{folder}/xxh3"
    program = Program(folder, "downlink-processor", "--port", free_ports(3), "--state-dir", state)
    program.lines_with("partition")
    assert program.stop() == 0
    assert "downlink-move" in (text := log_of_refusal(folder, *flags, "--state-dir", state)), text
    assert "--partitioner murmur2" in text

    both = over(processor=("--partitions", 3))
    assert both.post(message("a", 1), Prefer="wait=10").status == 200
    both.stop()
    other = broker.flags(broker.make_topic(topic + "-other", 3))
    text = log_of_refusal(folder, *other, "--state-dir", both.state)
    assert "topic" in text and "advice=" in text, text


def test_a_gateway_of_zmq_does_not_lose_messages_to_a_processor_of_kafka(start, broker, topic):
    """It keeps them and says why; over Kafka it delivers them."""
    flags = broker.flags(topic)
    both = start(gateway=flags, processor=(*flags, "--partitions", PARTITIONS))
    assert both.gateway.stop() == 0
    both.gateway_flags = ()
    both.gateway = both.start_gateway()
    of = channel()
    until(lambda: "listening" in both.gateway.text(), what="the gateway")
    assert both.post(message(of, 1, by=7)).status == 202
    both.gateway.lines_with("kafka")
    time.sleep(0.5)
    assert both.rocket(of) is None
    both.gateway.process.kill()
    both.gateway.process.wait()
    both.gateway_flags = flags
    both.gateway = both.start_gateway()
    assert both.await_ready()
    await_speed(both, of, 7, 1)
    both.stop()


def test_a_host_moves_to_kafka_and_postgres_under_load(start, broker, server, topic):
    """The steps of docs/scaling.md: clients post all the time, and nothing is lost."""
    both = start()
    fill(both, MOVED)
    url = new_database(server)
    load = [Poster(both) for _ in range(3)]
    until(lambda: all(one.accepted > 5 for one in load), what="the load")
    assert both.processor.stop() == 0
    moved = move("--partitioner", "murmur2", f"sqlite:{both.state}", url)
    assert moved.returncode == 0, moved.stderr
    flags = broker.flags(topic)
    both.processor_flags = (*flags, "--store", url)
    both.processor = both.start_processor()
    time.sleep(0.5)
    assert both.gateway.stop() == 0
    both.gateway_flags = flags
    both.gateway = both.start_gateway()
    assert both.await_ready()
    before = [one.accepted for one in load]
    until(lambda: all(one.accepted > count for one, count in zip(load, before)), what="the load")
    for one in load:
        one.end()
        one.check(both)
    assert set().union(*(one.statuses for one in load)) == {202}
    assert server.query("SELECT count(*), sum(messages_applied) FROM downlink.rockets WHERE id LIKE 'light-%'",
                          url.rsplit("/", 1)[1]) == [[str(MOVED), str(MOVED)]]
    both.stop()


def test_secrets_of_the_file_are_not_logged(folder, broker, topic):
    flags = broker.flags(topic, sasl__mechanisms="PLAIN", security__protocol="SASL_PLAINTEXT",
                         sasl__username="rocketeer", sasl__password="s3cret")
    program = Program(folder, "downlink-processor", "--port", free_ports(3), "--state-dir", f"{folder}/secret", *flags,
                      "--log-level", "debug")
    program.lines_with("broker")
    program.stop()
    assert "s3cret" not in program.text()
