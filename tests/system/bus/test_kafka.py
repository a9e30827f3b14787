"""--bus=kafka beside a real broker: its peculiarities. Other programs write records and read Downlink's, and bad records
go to the dead letters; topics differ, retention removes records; and an installation moves to Kafka."""
# SPDX-License-Identifier: Apache-2.0
import json
import subprocess
import time

import pytest
from downlink import BIN, Program, channel, free_ports, message, until
from kafka import partition_of
from load import fill
from lone_processor import LoneProcessor
from posters import Poster

MOVED = 100_000  # rockets
PARTITIONS = 4
SECRET = "very-secret"


@pytest.fixture
def cluster(buses):
    return buses("kafka").server


@pytest.fixture
def topic(cluster):
    """A topic that is there before the programs."""
    return cluster.make_topic(channel(), PARTITIONS)


@pytest.fixture
def processor(tmp_path, cluster, topic):
    one = LoneProcessor(tmp_path, *cluster.flags(topic), "--dead-letter", f"{topic}-dead")
    yield one
    one.stop()


def partition(name):
    return partition_of(name, PARTITIONS)


def record(of, number, **body):
    """A message as programs of others write it to a topic."""
    return of, json.dumps(message(of, number, **body))


def test_a_record_is_a_message_as_post_takes_it(start, cluster, topic):
    """A gateway knows the partitions of a topic before it hears of a processor. The last record of a frame has its tag."""
    flags = cluster.flags(topic)
    both = start(gateway=flags, processor=(*flags, "--partitions", PARTITIONS))
    assert both.processor.stop() == 0
    assert both.gateway.stop() == 0
    both.gateway = both.start_gateway()
    until(lambda: "listening" in both.gateway.text(), what="the gateway")
    until(lambda: both.call("GET", "/stats").json()["partitions"] == PARTITIONS, what="the partitions of the topic")
    kinds = {"RocketLaunched": {"type": "F\u00e9 \"9\"\n", "launchSpeed": 9007199254740991, "mission": ""},
             "RocketSpeedIncreased": {"by": 0}, "RocketSpeedDecreased": {"by": 7},
             "RocketMissionChanged": {"newMission": "\u0000\U0001f680"}, "RocketExploded": {"reason": "x"}}
    sent = [message("apollo 11/é", number, kind, "2022-02-02T19:39:05.863370+01:00", **body)
            for number, (kind, body) in enumerate(kinds.items(), 1)]
    sent += [message(channel(), number, time_text="2022-02-02T18:39:05.863370Z", by=number) for number in range(1, 51)]
    assert both.post(sent).status == 202
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="the brokers")
    for one in sent[:len(kinds)]:
        one["metadata"]["messageTime"] = "2022-02-02T18:39:05.863370Z"
    records = cluster.consume(topic)
    by_place = sorted(sent, key=lambda one: partition(one["metadata"]["channel"]))  # stable
    assert [json.loads(one.value()) for one in records] == by_place
    for one, body in zip(records, by_place):
        assert one.key().decode() == body["metadata"]["channel"] and one.partition() == partition(one.key())
    headers = [one.headers() for one in records if one.headers()]
    assert 1 <= len(headers) <= PARTITIONS
    assert all(name == "downlink-frame" and len(value) == 32 for [(name, value)] in headers)
    bus = both.call("GET", "/stats").json()["bus"]
    assert (bus["kind"], bus["isAway"], bus["records"], bus["failedRecords"]) == ("kafka", False, len(sent), 0)
    assert f"downlink_gateway_bus_records_total {len(sent)}" in both.call("GET", "/metrics").body.decode()
    both.processor = both.start_processor()
    rocket = both.rocket_when("apollo%2011%2F%C3%A9", lambda rocket: rocket["messagesApplied"] == len(kinds))
    assert rocket["mission"] == "\u0000\U0001f680"
    both.stop()


def test_bad_records_are_put_aside_with_their_place(processor, cluster, topic):
    """Also those without a value, with another key, or in another partition."""
    good = [record("apollo", number) for number in range(1, 4)]
    stray = next(record(name, 1) for name in map(str, range(99)) if partition(name) != partition("apollo"))
    cluster.produce(topic, [good[0], ("apollo", "junk"), good[1], ("apollo", ""), ("apollo", None),
                            ("gemini", good[2][1], partition("apollo")), (*stray, partition("apollo")), good[2]])
    processor.await_stats("the dead letters", lambda stats: stats["deadLetters"] == 5)
    stats = processor.await_end()
    assert (stats["recordsRefused"], stats["messagesApplied"]) == (5, 3)
    letters = cluster.consume(f"{topic}-dead")
    found = {dict(letter.headers())["offset"].decode(): (letter, dict(letter.headers())) for letter in letters}
    assert len(found) == 5
    for letter, headers in found.values():
        assert headers["topic"].decode() == topic and int(headers["partition"]) == partition("apollo")
        assert headers["reason"]
    letter, headers = found["1"]
    assert (letter.key(), letter.value(), b"no JSON" in headers["reason"]) == (b"apollo", b"junk", True)
    assert b"another partitioner" in found["6"][1]["reason"]


def test_the_partitioner_of_other_clients_is_told_in_words(processor, cluster, topic):
    names = [f"r{index}" for index in range(20)]
    cluster.produce(topic, [record(one, 1, by=1) for one in names], "consistent_random")
    right = {one.key().decode() for one in cluster.consume(topic) if partition(one.key()) == one.partition()}
    assert 0 < len(right) < len(names)
    processor.program.lines_with("another partitioner")
    processor.await_end()
    assert processor.rockets().keys() == right


def test_lost_retention_is_reported_and_reading_goes_on(processor, cluster, topic):
    cluster.produce(topic, [record("apollo", number) for number in range(1, 11)])
    processor.await_end()
    processor.stop()
    cluster.produce(topic, [record("apollo", number) for number in range(11, 21)])
    cluster.remove_records(topic, {partition("apollo"): 15})
    processor.start()
    stats = processor.await_stats("what is left", lambda stats: stats["messagesApplied"] == 5)
    assert stats["feedGaps"] == 1
    assert processor.program.lines_with("the next record is not in the topic any more")
    assert processor.rockets()["apollo"]["missing"] == [[11, 15]]


def test_it_makes_its_topic_and_the_tools_of_kafka_show_the_lag(tmp_path, cluster):
    topic = "made-" + channel()
    processor = LoneProcessor(tmp_path, *cluster.flags(topic), "--dead-letter", "dead-" + channel())
    processor.await_owned()
    assert len(cluster.leaders(topic)) == PARTITIONS
    cluster.produce(topic, [record(f"r{index}", 1) for index in range(50)])
    processor.await_end()
    shown = subprocess.run([BIN / "downlink-query", "--processors", f"127.0.0.1:{processor.port}", "stats"],
                           capture_output=True, text=True, check=True).stdout
    assert shown.split("OLDEST (MS)")[1].split() == [word for one in range(PARTITIONS) for word in (str(one), "0", "0")]
    ends = {number: after for number, (_, after) in cluster.bounds(topic).items() if after > 0}
    until(lambda: cluster.committed(f"downlink-{topic}", topic) == ends, what="the offsets of the group")
    processor.stop()


def test_what_does_not_fit_is_refused_in_a_sentence(tmp_path, cluster, topic):
    processor = LoneProcessor(tmp_path, *cluster.flags(topic))
    cluster.produce(topic, [record("apollo", 1)])
    processor.await_end()
    processor.stop()
    other = cluster.make_topic(channel(), PARTITIONS)
    processor.flags += ["--topic", other]
    assert "another topic or cluster" in processor.start().exit_text()
    processor.flags += ["--topic", cluster.make_topic(channel(), PARTITIONS + 1)]
    assert "another number of partitions" in processor.start().exit_text()
    processor.flags += ["--topic", topic, "--kafka-config", cluster.config(sasl__password=SECRET, linger__ms="soon")]
    text = processor.start().exit_text()
    assert "setting=linger.ms" in text and SECRET not in text
    processor.flags += ["--kafka-config", cluster.config(isolation__level="read_uncommitted")]
    assert "this program sets it itself" in processor.start().exit_text()
    old = Program(tmp_path, "downlink-processor", "--port", free_ports(3), "--state-dir", tmp_path / "xxh3")
    old.lines_with("ready")
    assert old.stop() == 0
    processor.flags += ["--state-dir", tmp_path / "xxh3", "--kafka-config", cluster.config()]
    assert "downlink-move FROM TO --partitioner murmur2" in processor.start().exit_text()


def test_a_host_moves_to_kafka_and_postgres_under_load(start, cluster, server, new_database, topic):
    """The steps of docs/scaling.md: clients post all the time, and nothing is lost."""
    both = start()
    fill(both, MOVED)
    url = new_database()
    load = [Poster(both.http) for _ in range(3)]
    until(lambda: all(one.accepted > 5 for one in load), what="the load")
    assert both.processor.stop() == 0
    moved = subprocess.run([BIN / "downlink-move", "--partitioner", "murmur2", "--partitions", str(PARTITIONS),
                            f"sqlite:{both.state}", url], capture_output=True, text=True, timeout=100, check=False)
    assert moved.returncode == 0, moved.stderr
    flags = cluster.flags(topic)
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


def test_secrets_of_the_file_are_not_logged(tmp_path, cluster, topic):
    flags = cluster.flags(topic, sasl__mechanisms="PLAIN", security__protocol="SASL_PLAINTEXT",
                          sasl__username="rocketeer", sasl__password=SECRET)
    program = Program(tmp_path, "downlink-processor", "--port", free_ports(3), "--state-dir", tmp_path / "secret", *flags,
                      "--log-level", "debug")
    program.lines_with("broker")
    program.stop()
    assert SECRET not in program.text()


def test_a_fault_in_the_settings_is_named_and_a_secret_is_not(tmp_path):
    for line, words in (("sasl.pasword=" + SECRET, "line=2 setting=sasl.pasword"),
                        ("sasl.mechanisms " + SECRET, "line=2"), ("linger.ms=" + SECRET, "line=2 setting=linger.ms")):
        path = tmp_path / "settings"
        path.write_text(f"bootstrap.servers=localhost:1\n{line}\n", encoding="utf-8")
        done = subprocess.run([BIN / "downlink-gateway", f"--listen=127.0.0.1:{free_ports(1)}", "--bus=kafka",
                               f"--kafka-config={path}", "--journal=off"],
                              capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 1 and words in done.stderr and SECRET not in done.stderr, done.stderr


@pytest.mark.parametrize("program, flags, reason", [
    ("gateway", ["--bus=kafka"], "--bus=kafka needs --kafka-config"),
    ("processor", ["--bus=kafka"], "--bus=kafka needs --kafka-config"),
    ("processor", ["--bus=kafka", "--kafka-config=f", "--topic=a b"], "--topic: 'a b' is no name of a topic"),
    ("processor", ["--bus=kafka", "--kafka-config=f", "--topic=a", "--dead-letter=a"], "is the topic that is read"),
    ("processor", ["--bus=kafka", "--kafka-config=f", "--partitioner=xxh3"], "--bus=kafka needs murmur2"),
    ("processor", ["--kafka-config=f"], "--kafka-config does not go with --bus=zmq"),
    ("processor", ["--dead-letter=d"], "--dead-letter: --bus=zmq has no topics")])
def test_wrong_flags_are_usage_errors(program, flags, reason):
    done = subprocess.run([BIN / f"downlink-{program}", *flags], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and reason in done.stderr
