"""The position that a state keeps with its rockets: it goes back with them and moves with them."""
# SPDX-License-Identifier: Apache-2.0
import signal
import subprocess

import pytest
from downlink import BIN, channel, until
from lone_processor import LoneProcessor
from test_kafka import PARTITIONS, cluster, record, topic  # noqa: F401

ROCKETS = 60
GO_BACK = """
BEGIN;
LOCK downlink.partition, downlink.rocket IN ACCESS EXCLUSIVE MODE;
DELETE FROM downlink.rocket;
INSERT INTO downlink.rocket SELECT * FROM copy.rocket;
UPDATE downlink.partition here SET epoch = there.epoch, writer = there.writer, position = there.position,
    feed = there.feed, feed_offset = there.feed_offset FROM copy.partition there WHERE here.number = there.number;
COMMIT"""


@pytest.fixture
def address(new_database):
    return new_database()


@pytest.fixture
def database(address):
    """The name of the database at the address."""
    return address.rsplit("/", 1)[1]


@pytest.fixture
def start(tmp_path, cluster, topic):  # noqa: F811
    started = []

    def start_one(*flags):
        started.append(LoneProcessor(tmp_path, *cluster.flags(topic), *flags, state=tmp_path / "state"))
        return started[-1]
    yield start_one
    for one in started:
        one.kill()


def flight(rockets, numbers):
    """The records of some rockets, each number with that much speed."""
    return [record(f"rocket-{rocket}", number, by=number) for number in numbers for rocket in range(rockets)]


def check_flight(processor, rockets, last):
    found = processor.rockets()
    assert len(found) == rockets
    for rocket in found.values():
        assert (rocket["messagesApplied"], rocket["speed"], rocket["missing"], rocket["conflicts"]) == \
            (last, last * (last + 1) // 2, [], 0)


def offsets(server, database):
    return {int(number): int(offset or 0) for number, offset in
            server.query("SELECT number, feed_offset FROM downlink.partition", database)}


def await_end(cluster, topic, server, database):  # noqa: F811
    """Wait until all of the topic is saved."""
    until(lambda: offsets(server, database) == {number: after for number, (_, after) in cluster.bounds(topic).items()},
          what="the saved end of the topic")


def await_saved(processor, records):
    """Wait until a processor has read so many records, and saved them."""
    processor.await_stats(f"{records} saved records", lambda stats: stats["records"] == records and
                          len(stats["owned"]) == stats["partitions"] and not any(row[3] for row in stats["owned"]))


@pytest.mark.parametrize("is_owner_alive", [True, False])
def test_a_database_that_goes_back_takes_the_position_with_it(start, cluster, topic, server, address,  # noqa: F811
                                                              database, is_owner_alive):
    """As after a failover to a replica that was behind: saved rockets are gone, and the topic still has their messages."""
    one = start("--store", address)
    await_saved(one, 0)
    cluster.produce(topic, flight(ROCKETS, [1, 2]))
    await_end(cluster, topic, server, database)
    server.query("CREATE SCHEMA copy; CREATE TABLE copy.rocket AS SELECT * FROM downlink.rocket;"
                 "CREATE TABLE copy.partition AS SELECT * FROM downlink.partition", database)
    cluster.produce(topic, flight(2 * ROCKETS, [3, 4]))
    await_end(cluster, topic, server, database)
    if not is_owner_alive:
        one.kill()
    server.query(GO_BACK, database)
    assert sum(offsets(server, database).values()) == 2 * ROCKETS
    cluster.produce(topic, flight(2 * ROCKETS, [5]) + flight(2 * ROCKETS, [1, 2]))
    if not is_owner_alive:
        one.start()
    await_end(cluster, topic, server, database)
    words = "another processor has taken a partition"
    assert one.program.lines_with(words) if is_owner_alive else words not in one.program.text()
    one.restart(signal.SIGKILL)
    one.await_owned()
    check_flight(one, 2 * ROCKETS, 5)
    assert one.stats()["records"] == 0, "all of it was saved"


def move(*words):
    return subprocess.run([BIN / "downlink-move", *map(str, words)], capture_output=True, text=True, timeout=60, check=True)


def test_a_moved_state_goes_on_where_it_was(start, cluster, topic, address):  # noqa: F811
    """Into a database, which reads nothing again; then to another
    topic, and into another number of partitions, which needs one too."""
    one = start()
    cluster.produce(topic, flight(ROCKETS, [1, 2]))
    await_saved(one, 2 * ROCKETS)
    assert one.program.stop() == 0
    assert f"{PARTITIONS} partitions go on in their feed" in move(f"sqlite:{one.state}", address).stdout
    one = start("--store", address)
    await_saved(one, 0)
    check_flight(one, ROCKETS, 2)
    cluster.produce(topic, flight(ROCKETS, [3]))
    await_saved(one, ROCKETS)
    check_flight(one, ROCKETS, 3)
    assert one.program.stop() == 0
    new = cluster.make_topic(channel(), PARTITIONS)
    cluster.produce(new, flight(ROCKETS, [4]))
    one = start("--store", address, "--topic", new)
    assert "downlink-move --drop-positions" in one.exit_text()
    dropped = one.folder / "dropped"
    move(address, f"sqlite:{dropped}", "--drop-positions")
    one = start("--state-dir", dropped, "--topic", new)
    await_saved(one, ROCKETS)
    check_flight(one, ROCKETS, 4)
    assert one.program.stop() == 0
    other = one.folder / "other"
    move(f"sqlite:{dropped}", f"sqlite:{other}", "--partitions", 3)
    one = start("--state-dir", other)
    assert "has another number of partitions than the state" in one.exit_text()
    new = cluster.make_topic(channel(), 3)
    cluster.produce(new, flight(ROCKETS, [5]))
    one = start("--state-dir", other, "--topic", new)
    await_saved(one, ROCKETS)
    check_flight(one, ROCKETS, 5)
