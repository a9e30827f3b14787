"""A processor with --bus=kafka beside a real broker and without gateways: records of foreign programs
count once, however a process ends, and bad ones are put aside."""
# SPDX-License-Identifier: Apache-2.0
import json
import signal
import subprocess
import time

import msgpack
import pytest
import zmq
from downlink import BIN, Client, Program, channel, free_ports, message, until
from kafka import partition_of

PARTITIONS = 4


class Processor:
    """A processor on a state of its own, and a client of it."""

    def __init__(self, folder, cluster, topic, *flags):
        self.folder, self.topic = folder, topic
        self.state = folder / f"state-{topic}"
        self.port = free_ports(4)
        self.flags = ["--port", self.port, "--state-dir", self.state, "--bus", "kafka", "--partitions", PARTITIONS,
                      "--kafka-config", cluster.config(), "--topic", topic,
                      "--admin", f"127.0.0.1:{self.port + 3}", *flags]
        self.start()

    def start(self):
        self.program = Program(self.folder, "downlink-processor", *self.flags)
        return self

    def restart(self, number=signal.SIGTERM):
        if number == signal.SIGKILL:
            self.program.process.kill()
            self.program.process.wait()
        else:
            assert self.program.stop(number) == 0, self.program.text()
        return self.start()

    def ask(self, op, **query):
        with zmq.Context() as context, context.socket(zmq.REQ) as socket:
            socket.linger = 0
            socket.rcvtimeo = 20000
            socket.connect(f"tcp://127.0.0.1:{self.port + 1}")
            socket.send(msgpack.packb({"op": op, **query}))
            return msgpack.unpackb(socket.recv())

    def stats(self):
        return self.ask("stats")["stats"]

    def rockets(self):
        return {rocket["id"]: rocket for rocket in self.ask("list", limit=1000)["rockets"]}

    def await_stats(self, what, condition):
        return until(lambda: (lambda stats: stats if condition(stats) else None)(self.stats()), what=what)

    def await_end(self):
        """Wait until all of the topic is saved."""
        def is_there():
            stats = self.stats()
            return stats["records"] > 0 and len(stats["owned"]) == PARTITIONS and not any(
                messages for _, messages, _ in stats["bus"]["lag"]) and not any(row[3] for row in stats["owned"])
        until(is_there, what="the end of the topic")
        time.sleep(0.6)  # the lag is measured twice a second
        until(is_there, what="the end of the topic")
        return self.stats()

    def call(self, target):
        with Client(self.port + 3) as client:
            return client.call("GET", target)

    def exit_text(self):
        """Wait for its end with status 1, and return its log."""
        assert self.program.process.wait(30) == 1, self.program.text()
        return self.program.text()


@pytest.fixture
def processor(tmp_path, cluster, topic):
    one = Processor(tmp_path, cluster, topic, "--dead-letter", f"{topic}-dead")
    yield one
    assert one.program.stop() == 0, one.program.text()


def partition(name):
    return partition_of(name, PARTITIONS)


def record(of, number, **body):
    return of, json.dumps(message(of, number, **body))


def flight(rockets, numbers):
    """The records of some rockets, each number with that much speed."""
    return [record(f"rocket-{rocket}", number, by=number) for number in numbers for rocket in range(rockets)]


def check_flight(processor, rockets, last):
    found = processor.rockets()
    assert len(found) == rockets
    for rocket in found.values():
        assert (rocket["messagesApplied"], rocket["speed"], rocket["missing"], rocket["conflicts"]) == \
            (last, last * (last + 1) // 2, [], 0)


def test_records_count_once_though_the_processor_is_killed(processor, cluster, topic):
    for first, after in ((1, 101), (80, 151), (130, 201)):  # some of it is read twice
        cluster.produce(topic, flight(100, range(first, after)))
        processor.await_stats("some records", lambda stats: stats["records"] > 0)
        processor.restart(signal.SIGKILL)
    cluster.produce(topic, flight(100, range(150, 251)))  # others repeat themselves
    until(lambda: all(rocket["messagesApplied"] == 250 for rocket in processor.rockets().values()) and
          len(processor.rockets()) == 100, what="all messages")
    processor.await_end()
    check_flight(processor, 100, 250)
    processor.restart()
    processor.await_stats("all partitions", lambda stats: len(stats["owned"]) == PARTITIONS)
    check_flight(processor, 100, 250)
    shown = subprocess.run([BIN / "downlink-query", "--processors", f"127.0.0.1:{processor.port}", "stats"],
                           capture_output=True, text=True, check=True).stdout
    assert shown.split("OLDEST (MS)")[1].split() == [word for one in range(PARTITIONS) for word in (str(one), "0", "0")]
    assert processor.stats()["records"] == 0, "what is saved is not read again after a clean stop"
    ends = {number: after for number, (_, after) in cluster.bounds(topic).items() if after > 0}
    until(lambda: cluster.committed(f"downlink-{topic}", topic) == ends, what="the offsets of the group")


def test_bad_records_are_put_aside_and_hold_up_no_other(processor, cluster, topic):
    good = [record("apollo", number) for number in range(1, 4)]
    lines = ("apollo", "\n".join(value for _, value in (record("apollo", 4), record("apollo", 5))))
    half = ("apollo", record("apollo", 6)[1] + "\njunk")
    stray = next(record(name, 1) for name in map(str, range(99)) if partition(name) != partition("apollo"))
    cluster.produce(topic, [good[0], ("apollo", "junk"), good[1], ("apollo", ""), ("apollo", None), half,
                            ("gemini", good[2][1], partition("apollo")), (*stray, partition("apollo")), good[2], lines])
    processor.await_stats("the dead letters", lambda stats: stats["deadLetters"] == 6)
    stats = processor.await_end()
    assert (stats["recordsRefused"], stats["messagesApplied"]) == (6, 5)
    letters = cluster.consume(f"{topic}-dead")
    found = {dict(letter.headers())["offset"].decode(): (letter, dict(letter.headers())) for letter in letters}
    assert len(found) == 6
    for letter, headers in found.values():
        assert headers["topic"].decode() == topic and int(headers["partition"]) == partition("apollo")
        assert headers["reason"]
    letter, headers = found["1"]
    assert (letter.key(), letter.value(), b"no JSON" in headers["reason"]) == (b"apollo", b"junk", True)
    assert found["5"][1]["reason"].startswith(b"line 2: ")
    assert b"another partitioner" in found["7"][1]["reason"]
    assert processor.program.lines_with("record refused")


def test_lost_retention_is_reported_and_reading_goes_on(processor, cluster, topic):
    cluster.produce(topic, [record("apollo", number) for number in range(1, 11)])
    processor.await_end()
    assert processor.program.stop() == 0
    cluster.produce(topic, [record("apollo", number) for number in range(11, 21)])
    cluster.remove_records(topic, {partition("apollo"): 15})
    processor.start()
    stats = processor.await_stats("what is left", lambda stats: stats["messagesApplied"] == 5)
    assert stats["feedGaps"] == 1
    assert processor.program.lines_with("the next record is not in the topic any more")
    assert processor.rockets()["apollo"]["missing"] == [[11, 15]]


def test_it_outlives_its_broker(tmp_path, cluster, topic):
    cluster.produce(topic, [record("apollo", 1)])
    cluster.stop()
    processor = Processor(tmp_path, cluster, topic)
    processor.program.lines_with("waiting for the brokers of Kafka")
    assert processor.call("/readyz").status == 503
    assert b"downlink_processor_bus_away 1" in processor.call("/metrics").body
    cluster.start()
    processor.await_stats("the first record", lambda stats: stats["messagesApplied"] == 1)
    assert processor.call("/readyz").status == 200
    cluster.stop()
    processor.program.lines_with("no broker of Kafka answers")
    stats = processor.await_stats("the outage", lambda stats: stats["bus"]["isAway"])
    assert stats["messagesApplied"] == 1 and "apollo" in processor.rockets(), "queries go on"
    cluster.start()
    cluster.produce(topic, [record("apollo", 2)])
    processor.await_stats("the second record", lambda stats: stats["messagesApplied"] == 2)
    processor.program.lines_with("the brokers of Kafka answer again")
    assert len(processor.program.lines_with("no broker of Kafka answers")) == 1
    cluster.kill()
    start = time.monotonic()
    assert processor.program.stop() == 0
    assert time.monotonic() - start < 5, "it waits for no broker at its end"
    cluster.start()


def test_it_makes_its_topic(tmp_path, cluster):
    processor = Processor(tmp_path, cluster, "made-" + channel(), "--dead-letter", "dead-" + channel())
    processor.await_stats("all partitions", lambda stats: len(stats["owned"]) == PARTITIONS)
    assert len(cluster.leaders(processor.topic)) == PARTITIONS
    assert processor.program.stop() == 0


def test_what_does_not_fit_is_refused_in_a_sentence(tmp_path, cluster, topic):
    processor = Processor(tmp_path, cluster, topic)
    cluster.produce(topic, [record("apollo", 1)])
    processor.await_end()
    assert processor.program.stop() == 0
    other = cluster.make_topic(channel(), PARTITIONS)
    processor.flags += ["--topic", other]
    assert "another topic or cluster" in processor.start().exit_text()
    processor.flags += ["--topic", cluster.make_topic(channel(), PARTITIONS + 1)]
    assert "another number of partitions" in processor.start().exit_text()
    processor.flags += ["--topic", topic, "--kafka-config", cluster.config(sasl__password="secret", linger__ms="soon")]
    text = processor.start().exit_text()
    assert "setting=linger.ms" in text and "secret" not in text
    processor.flags += ["--kafka-config", cluster.config(isolation__level="read_uncommitted")]
    assert "this program sets it itself" in processor.start().exit_text()
    old = Program(tmp_path, "downlink-processor", "--port", free_ports(3), "--state-dir", tmp_path / "xxh3")
    old.lines_with("ready")
    assert old.stop() == 0
    processor.flags += ["--state-dir", tmp_path / "xxh3", "--kafka-config", cluster.config()]
    assert "downlink-move FROM TO --partitioner murmur2" in processor.start().exit_text()


@pytest.mark.parametrize("flags, reason", [
    (["--bus", "kafka"], "--bus=kafka needs --kafka-config"),
    (["--bus", "kafka", "--kafka-config", "f", "--topic", "a b"], "--topic: 'a b' is no name of a topic"),
    (["--bus", "kafka", "--kafka-config", "f", "--topic", "a", "--dead-letter", "a"], "is the topic that is read"),
    (["--bus", "kafka", "--kafka-config", "f", "--partitioner", "xxh3"], "--bus=kafka needs murmur2"),
    (["--kafka-config", "f"], "--kafka-config does not go with --bus=zmq"),
    (["--dead-letter", "d"], "--dead-letter: --bus=zmq has no topics")])
def test_wrong_flags_are_usage_errors(flags, reason):
    done = subprocess.run([BIN / "downlink-processor", *flags], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and reason in done.stderr
