"""downlink-move with real processes: moves, refusals, and the state after an interrupted move."""
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest
import xxhash

import oracle
from downlink import BIN, DISK_SHIM, Pair, Program, free_ports, message, until
from oracle import expect
from partitioners import partition_of
from posters import post_lines

MANY = 100_000


def move(*arguments, environment=None):
    return subprocess.run([BIN / "downlink-move", *map(str, arguments)], capture_output=True, text=True,
                          timeout=100, check=False, env={**os.environ, **(environment or {})})


def sqlite(directory):
    return f"sqlite:{directory}"


def rows(directory):
    """All rockets of a directory that no process uses, as sqlite3 reads them, and each one's partition."""
    found = {}
    for file in sorted(pathlib.Path(directory).glob("partition-*.sqlite")):
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            for number, name, *rest, total in database.execute("SELECT * FROM rocket"):
                assert name not in found
                found[name] = (*rest, total ^ number)
        database.close()
    return found


def checksum(*words):
    value = xxhash.xxh3_64_intdigest("/".join(map(str, words)).encode())
    return value - (value >> 63 << 64)


def set_positions(directory, positions, partitions=16):
    """Give partitions a position, a feed and an offset, as a processor saves it; None: take it away."""
    for number, position in positions.items():
        with sqlite3.connect(f"{directory}/partition-{number:04d}.sqlite") as database:
            [[epoch]] = database.execute("SELECT epoch FROM partition")
            words = (number, partitions, epoch) + ((position[0].hex(), position[1]) if position else ())
            database.execute("UPDATE partition SET feed = ?, feed_offset = ?, checksum = ?",
                             (*(position or (None, None)), checksum(*words)))
        database.close()


def positions(directory):
    found = {}
    for file in pathlib.Path(directory).glob("partition-*.sqlite"):
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            [[number, feed, offset]] = database.execute("SELECT number, feed, feed_offset FROM partition")
        database.close()
        if feed is not None:
            found[number] = (feed, offset)
    return found


@pytest.fixture(scope="module")
def source(folder):
    """A small state to copy, and its rockets."""
    both = Pair(folder)
    arrived = oracle.make(300, 20, seed=5, shuffle=300, duplicates=0.05)
    post_lines(both, arrived)
    expect(both, oracle.states(arrived, "converge"))
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0)
    both.stop()
    return both.state


@pytest.fixture
def state(source, tmp_path):
    shutil.copytree(source, tmp_path / "from")
    return tmp_path / "from"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "to"


@pytest.fixture
def processor(folder):
    started = []

    def start(directory, *flags):
        started.append(Program(folder, "downlink-processor", "--port", free_ports(3), "--state-dir",
                               directory, *flags))
        return started[-1]
    yield start
    for one in started:
        one.stop()


def refused(processor, directory):
    """The last line of a processor that does not start there."""
    one = processor(directory)
    assert one.process.wait(60) == 1
    return one.text()


@pytest.mark.parametrize("partitions", [1, 7, 16, 1024])
def test_all_rockets_arrive_as_they_were(state, target, partitions):
    before = rows(state)
    done = move(sqlite(state), sqlite(target), "--partitions", partitions)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("moved and verified 300 rockets in ")
    assert (target / "partitions").read_text() == f"{partitions}\n"
    assert rows(target) == before == rows(state)


@pytest.mark.parametrize("partitions", [16, 5])
def test_rockets_go_to_the_partitions_of_kafka(state, target, processor, partitions):
    before = rows(state)
    done = move(sqlite(state), sqlite(target), "--partitioner", "murmur2", "--partitions", partitions)
    assert done.returncode == 0, done.stderr
    assert f"{partitions} partitions by murmur2, state" in done.stdout
    for number in range(partitions):
        with sqlite3.connect(f"file:{target}/partition-{number:04d}.sqlite?mode=ro", uri=True) as database:
            ids = [one for (one,) in database.execute("SELECT id FROM rocket")]
        database.close()
        assert ids and {partition_of(one, partitions, "murmur2") for one in ids} == {number}
    one = processor(target)
    one.lines_with("ready")
    assert one.stop() == 0
    kept = target.with_name("kept")
    done = move(sqlite(target), sqlite(kept))
    assert done.returncode == 0, done.stderr
    assert "partitioner murmur2\n" in (kept / "identity").read_text(), "it is kept unless it is chosen"
    back = target.with_name("back")
    done = move(sqlite(kept), sqlite(back), "--partitioner", "xxh3")
    assert done.returncode == 0, done.stderr
    assert rows(back) == before


POSITIONS = {number: (bytes([number] * 16), number * 1000) for number in range(1, 16, 2)}


def test_positions_go_along_if_the_partitions_stay(state, target, server):
    set_positions(state, POSITIONS)
    server.query("CREATE DATABASE positions OWNER downlink", "postgres")
    address = server.url(database="positions")
    for source, to in ((sqlite(state), address), (address, sqlite(target))):
        done = move(source, to)
        assert done.returncode == 0, done.stderr
        assert "8 partitions go on in their feed where they were" in done.stdout
    found = server.query("SELECT number, encode (feed, 'hex'), feed_offset FROM downlink.partition"
                         " WHERE feed IS NOT NULL", "positions")
    assert {int(number): (bytes.fromhex(feed), int(offset)) for number, feed, offset in found} == POSITIONS
    assert positions(target) == POSITIONS


@pytest.mark.parametrize("flags", [("--partitions", 5), ("--partitioner", "murmur2"), ("--drop-positions",)])
def test_positions_are_left_out_if_the_partitions_change(state, target, flags):
    set_positions(state, POSITIONS)
    done = move(sqlite(state), sqlite(target), *flags)
    assert done.returncode == 0, done.stderr
    assert "8 partitions had a position in a feed; the new ones have none" in done.stdout
    assert positions(target) == {} and positions(state) == POSITIONS


def test_a_position_that_should_not_be_in_a_target_fails_the_verification(state, target):
    set_positions(state, POSITIONS)
    assert move(sqlite(state), sqlite(target), environment={
        "DOWNLINK_FAILPOINTS": "move-marked=exit@1"}).returncode == 137
    set_positions(state, {3: None, 5: (b"other feed......", 4)})
    done = move(sqlite(state), sqlite(target), "--replace")
    assert done.returncode == 1 and "does not have the positions of the source" in done.stderr
    set_positions(state, {3: (b"a feed..........", 7)})
    done = move(sqlite(state), sqlite(target), "--replace")
    assert done.returncode == 0, done.stderr
    assert positions(target) == positions(state)


def test_an_unfinished_target_with_another_function_is_not_filled_again(state, target):
    assert move(sqlite(state), sqlite(target), environment={
        "DOWNLINK_FAILPOINTS": "move-marked=exit@1"}).returncode == 137
    done = move(sqlite(state), sqlite(target), "--replace", "--partitioner", "murmur2")
    assert done.returncode == 1 and "with another partition function" in done.stderr


def test_a_moved_source_does_not_start_until_the_move_is_undone(state, target, processor):
    assert move(sqlite(state), sqlite(target)).returncode == 0
    text = refused(processor, state)
    assert "the state was moved: it is refused" in text and f"moved_to=sqlite:{target}" in text
    assert "--undo" in text
    again = move(sqlite(state), sqlite(target.with_name("other")))
    assert again.returncode == 1 and "the source was moved before" in again.stderr
    assert not target.with_name("other").exists()
    undone = move("--undo", sqlite(state))
    assert undone.returncode == 0 and f"delete the state at sqlite:{target}" in undone.stdout
    processor(state).lines_with("ready")
    twice = move("--undo", sqlite(target))
    assert twice.returncode == 1 and "no mark of a move from it" in twice.stderr


def test_a_gateway_goes_on_accepting_and_the_moved_state_has_everything(folder, tmp_path):
    """100,000 rockets go from 16 partitions to 7, under a gateway that accepts messages all the time."""
    both = Pair(folder, gateway=("--workers", 2))
    target = tmp_path / "moved"
    arrived = [message(f"rocket-{number:06d}", 1, "RocketLaunched") for number in range(MANY)]
    for first in range(0, MANY, 20_000):
        post_lines(both, arrived[first:first + 20_000])
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="saved rockets")
    is_over = threading.Event()
    sent = []

    def go_on():
        number = 2
        while not is_over.is_set():
            lot = [message(f"rocket-{one:06d}", number, by=number) for one in range(number * 97 % 900, MANY, 900)]
            post_lines(both, lot)
            sent.extend(lot)
            number += 1
            time.sleep(0.02)
    sender = threading.Thread(target=go_on)
    sender.start()
    assert both.processor.stop() == 0
    done = move(sqlite(both.state), sqlite(target), "--partitions", 7)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[3]) == MANY, done.stdout
    both.state = target
    both.processor = both.start_processor()
    until(lambda: both.call("GET", "/stats").json()["partitions"] == 7, what="the moved state")
    both.await_ready()
    is_over.set()
    sender.join()
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="an empty buffer")
    both.stop()
    speeds, numbers = {}, {}
    for one in arrived + sent:
        of, body = one["metadata"]["channel"], one["message"]
        speeds[of] = speeds.get(of, 0) + body.get("by", 500)
        numbers.setdefault(of, set()).add(one["metadata"]["messageNumber"])
    found = rows(target)
    assert {of: row[1] for of, row in found.items()} == speeds
    assert {of: row[7] for of, row in found.items()} == {of: len(of_it) for of, of_it in numbers.items()}


def test_a_source_that_is_in_use_is_refused_and_goes_on(state, target, processor):
    one = processor(state)
    one.lines_with("ready")
    done = move(sqlite(state), sqlite(target))
    assert done.returncode == 1 and "the store is in use" in done.stderr
    assert "one_at=tcp://127.0.0.1:" in done.stderr
    assert not target.exists()
    assert "members=2" not in one.text(), "it was disturbed"


def test_a_processor_that_comes_during_a_move_waits_and_is_refused(state, target, folder, processor):
    mover = Program(folder, "downlink-move", sqlite(state), sqlite(target),
                    environment={"DOWNLINK_FAILPOINTS": "move-save=sleep:700"})
    until(lambda: (target / "identity").exists(), what="the target")
    assert "a move into this state has not finished" in refused(processor, target)
    one = processor(state)
    assert mover.process.wait(60) == 0, mover.text()
    assert one.process.wait(60) == 1
    assert "the state was moved: it is refused" in one.text()


def test_a_target_that_holds_a_state_is_refused(state, target, source):
    shutil.copytree(source, target)
    (target / "identity").write_text("uuid 193270a9-c9cf-404a-8f83-838e71d9ae67\nordering latest\n")
    done = move(sqlite(state), sqlite(target), "--partitions", 5)
    assert done.returncode == 1 and "the target is not empty: it holds a state" in done.stderr
    done = move(sqlite(state), sqlite(target), "--replace")
    assert done.returncode == 1 and "the target is not empty" in done.stderr


def test_a_directory_of_other_files_is_no_target(state, target):
    target.mkdir()
    (target / "letters").write_text("dear")
    done = move(sqlite(state), sqlite(target))
    assert done.returncode == 1
    assert [one.name for one in target.iterdir()] == ["letters"]


def test_source_and_target_must_differ_also_by_another_name(state, tmp_path):
    (tmp_path / "link").symlink_to(state)
    done = move(sqlite(state), sqlite(tmp_path / "link"))
    assert done.returncode == 1 and "source and target are the same state" in done.stderr


def test_a_source_that_is_not_there_is_refused_and_not_made(tmp_path, target):
    done = move(sqlite(tmp_path / "nowhere"), sqlite(target))
    assert done.returncode == 1 and "there is no such directory" in done.stderr
    assert not (tmp_path / "nowhere").exists() and not target.exists()


def test_a_damaged_source_is_refused_by_name_and_stays_usable_otherwise(state, target, processor):
    with sqlite3.connect(state / "partition-0003.sqlite") as database:
        database.execute("UPDATE rocket SET speed = speed + 1 WHERE id = (SELECT min (id) FROM rocket)")
    database.close()
    done = move(sqlite(state), sqlite(target))
    assert done.returncode == 1
    assert "partition-0003.sqlite" in done.stderr and "a rocket in it is damaged" in done.stderr
    assert "a move into this state has not finished" in refused(processor, target)
    assert "mark" not in (state / "identity").read_text()


def interrupt_with_sigint(state, target, folder):
    mover = Program(folder, "downlink-move", sqlite(state), sqlite(target), "--partitions", 7,
                    environment={"DOWNLINK_FAILPOINTS": "move-save=sleep:1000"})
    until(lambda: (target / "identity").exists(), what="the target")
    mover.send(signal.SIGINT)
    assert mover.process.wait(60) == 1
    assert "the move was interrupted" in mover.text() and "--replace" in mover.text()


def interrupt_with_sigkill(state, target, _):
    done = move(sqlite(state), sqlite(target), "--partitions", 7,
                environment={"DOWNLINK_FAILPOINTS": "move-save=exit@3"})
    assert done.returncode == 137


def interrupt_with_a_full_disk(state, target, _):
    if not DISK_SHIM.exists():
        pytest.skip("this build has no disk shim")
    done = move(sqlite(state), sqlite(target), "--partitions", 7, environment={
        "LD_PRELOAD": str(DISK_SHIM), "DISK_SHIM_UNDER": str(target),
        "DISK_SHIM_FAULT": "pwrite:ENOSPC:60:always"})
    assert done.returncode == 1 and "the disk is full" in done.stderr


def interrupt_between_the_marks(state, target, _):
    done = move(sqlite(state), sqlite(target), "--partitions", 7,
                environment={"DOWNLINK_FAILPOINTS": "move-marked=exit@1"})
    assert done.returncode == 137


@pytest.mark.parametrize("interrupt", [interrupt_with_sigint, interrupt_with_sigkill,
                                       interrupt_with_a_full_disk, interrupt_between_the_marks])
def test_an_interrupted_move_leaves_a_target_on_which_nobody_starts_and_is_done_again(
        state, target, folder, processor, interrupt):
    before = rows(state)
    interrupt(state, target, folder)
    assert "a move into this state has not finished" in refused(processor, target)
    is_marked = interrupt is interrupt_between_the_marks
    assert ("mark moved" in (state / "identity").read_text()) == is_marked
    done = move(sqlite(state), sqlite(target), "--partitions", 7)
    assert done.returncode == 1
    assert ("the source was moved before" if is_marked else "run the same command again with --replace") \
        in done.stderr
    done = move(sqlite(state), sqlite(target), "--partitions", 8, "--replace")
    assert done.returncode == 1 and "the unfinished rest of another move" in done.stderr
    done = move(sqlite(state), sqlite(target), "--partitions", 7, "--replace")
    assert done.returncode == 0, done.stderr
    assert rows(target) == before
    processor(target).lines_with("ready")


def test_rockets_that_should_not_be_in_a_target_fail_the_verification(state, target, processor):
    """Somebody has put a rocket into an unfinished target: it counts there, and not in the source."""
    assert move(sqlite(state), sqlite(target), environment={
        "DOWNLINK_FAILPOINTS": "move-marked=exit@1"}).returncode == 137
    with sqlite3.connect(state / "partition-0003.sqlite") as database:
        database.execute("DELETE FROM rocket WHERE id = (SELECT min (id) FROM rocket)")
    database.close()
    done = move(sqlite(state), sqlite(target), "--replace")
    assert done.returncode == 1 and "does not have the rockets of the source" in done.stderr
    assert "has not finished" in refused(processor, target)


@pytest.mark.parametrize("arguments, complaint", [
    (["memory", "sqlite:x"], "a store in memory ends with its processor"),
    (["sqlite:x"], "two stores are expected"),
    (["sqlite:x", "x"], "a store is sqlite:DIR or postgres://"),
    (["sqlite:", "sqlite:x"], "a store is sqlite:DIR or postgres://"),
    (["--undo", "sqlite:x", "sqlite:y"], "one store is expected"),
    (["--partitions", "1025", "sqlite:x", "sqlite:y"], "--partitions"),
])
def test_wrong_usage_is_explained(arguments, complaint):
    done = move(*arguments)
    assert done.returncode == 2 and complaint in done.stderr


def test_to_postgres_and_back(state, target, server, folder, processor):
    before = rows(state)
    address = server.url(password="secret")
    done = move(sqlite(state), address, "--partitions", 5)
    assert done.returncode == 0, done.stderr
    assert "secret" not in done.stdout + done.stderr + (state / "identity").read_text()
    assert server.query("SELECT count(*) FROM downlink.rockets") == [["300"]]
    again = move(sqlite(target.with_name("other")), address)
    assert again.returncode == 1
    one = Program(folder, "downlink-processor", "--port", free_ports(3), "--store", address)
    try:
        one.lines_with("ready")
        used = move(address, sqlite(target))
        assert used.returncode == 1 and "the store is in use" in used.stderr
    finally:
        assert one.stop() == 0
    done = move(address, sqlite(target), "--partitions", 16)
    assert done.returncode == 0, done.stderr
    assert rows(target) == before
    one = Program(folder, "downlink-processor", "--port", free_ports(3), "--store", address)
    assert one.process.wait(60) == 1 and "the state was moved: it is refused" in one.text()
    full = move(sqlite(target), address)
    assert full.returncode == 1 and "the target is not empty: it holds a state" in full.stderr
    processor(target).lines_with("ready")


def test_a_dead_database_ends_a_move(state, folder):
    with_nobody = f"postgres://downlink@127.0.0.1:{free_ports(1)}/downlink"
    mover = Program(folder, "downlink-move", sqlite(state), with_nobody)
    mover.lines_with("database")
    mover.send(signal.SIGINT)
    assert mover.process.wait(60) == 1
    assert "mark" not in (state / "identity").read_text()
