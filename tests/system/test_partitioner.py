"""A state with Kafka's partition function: made, announced, used by all programs, and kept."""
import json
import os
import pathlib
import sqlite3
import subprocess

from downlink import channel, message, until
from partitioners import partition_of

BIN = pathlib.Path(os.environ.get("DOWNLINK_BIN", "build/bin")).resolve()
P = 16


def fill(pair, count=100):
    """Post messages, each in a request, and all again as lines."""
    rockets = [channel() for _ in range(count)]
    for one in rockets:
        assert pair.post(message(one, 1, by=7)).status == 202
    lines = "\n".join(json.dumps(message(one, 2, by=1)) for one in rockets)
    assert pair.call("POST", "/messages", lines, Content_Type="application/x-ndjson").status == 202
    for one in rockets:
        assert pair.rocket_when(one, lambda rocket: rocket["lastMessageNumber"] == 2)["speed"] == 8
    return rockets


def query(pair, *words):
    return subprocess.run([BIN / "downlink-query", *words, "--processors", f"127.0.0.1:{pair.port}"],
                          capture_output=True, text=True, timeout=30, check=True).stdout


def test_rockets_are_in_the_partitions_that_kafka_gives_them(start):
    pair = start(processor=("--partitioner", "murmur2"))
    rockets = fill(pair)
    assert pair.call("GET", "/stats").json()["partitioner"] == "murmur2"
    assert json.loads(query(pair, "stats", "--json"))["partitioner"] == "murmur2"
    assert "murmur2" in query(pair, "stats")
    assert rockets[0] in query(pair, "get", rockets[0])
    assert len(pair.call("GET", "/rockets?limit=1000").json()["rockets"]) == len(rockets)
    pair.stop()
    stored = {}
    for partition in range(P):
        with sqlite3.connect(f"file:{pair.state}/partition-{partition:04d}.sqlite?mode=ro", uri=True) as file:
            stored.update((name, partition) for name, in file.execute("SELECT id FROM rocket"))
    assert stored == {one: partition_of(one, P, "murmur2") for one in rockets}
    assert any(partition_of(one, P) != stored[one] for one in rockets)


def test_a_state_keeps_its_function(start):
    pair = start(processor=("--partitioner", "murmur2"))
    rockets = fill(pair, 20)
    warning = "--partitioner has no effect"
    for flags, is_warned in ((), False), (("--partitioner", "murmur2"), False), (("--partitioner", "xxh3"), True):
        assert pair.processor.stop() == 0
        pair.processor_flags = flags
        pair.processor = pair.start_processor()
        until(lambda: "ready frames" in pair.processor.text(), what="the processor")
        assert (warning in pair.processor.text()) == is_warned
        assert pair.rocket_when(rockets[0], lambda rocket: True)["speed"] == 8
    assert "used=murmur2 ignored=xxh3" in pair.processor.text()


def test_the_function_is_xxh3_unless_it_is_chosen(start):
    pair = start()
    assert pair.call("GET", "/stats").json()["partitioner"] == "xxh3"
    [line] = [one for one in (pair.state / "identity").read_text().splitlines() if "partitioner" in one]
    assert line == "partitioner xxh3"
    assert pair.processor.stop() == 0
    identity = pair.state / "identity"
    identity.write_text(identity.read_text().replace(line + "\n", ""))
    pair.processor = pair.start_processor()
    until(lambda: "ready frames" in pair.processor.text(), what="a state of a release before")
    fill(pair, 5)
    assert pair.processor.stop() == 0
    identity.write_text(identity.read_text() + "partitioner fnv1a\n")
    pair.processor = pair.start_processor()
    assert pair.processor.process.wait(60) == 1
    assert "the identity of the state is damaged" in pair.processor.text()


def test_a_function_that_does_not_exist_is_refused():
    one = subprocess.run([BIN / "downlink-processor", "--partitioner", "fnv1a"], capture_output=True, text=True,
                         timeout=60)
    assert one.returncode == 2
    assert "must be xxh3 or murmur2" in one.stderr
