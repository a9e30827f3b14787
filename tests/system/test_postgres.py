"""--store=postgres://… against real servers: nothing is lost while the database is away, is full, refuses to
write, or waits for its replica; and processors of one state take over from each other."""
import contextlib
import re
import signal
import threading
import time

import pytest

import oracle
from downlink import Client, Pair, Program, free_ports, message, until
from oracle import expect
from posters import post_from_many_sides, post_lines
from postgres import Pooler, Postgres, SmallDisk
from server_process import Failed


@pytest.fixture
def database(server):
    """The address of a new database, so that each test has a state of its own."""
    name = f"db{time.monotonic_ns()}"
    server.query(f"CREATE DATABASE {name} OWNER downlink", "postgres")
    yield server.url(database=name)
    server.query(f"DROP DATABASE {name} WITH (FORCE)", "postgres")


def on(address, *flags):
    return ("--store", address, *flags)


def name_of(address):
    return re.search(r"/(\w+)(\?|$)", address).group(1)


def stats(both):
    return both.call("GET", "/stats").json()


def saved(both, *channels):
    """Post a message to each of these rockets, and return when it is saved."""
    for one in channels:
        assert both.post(message(one, 1, by=7), Prefer="wait=60").status == 200


def is_saved(both):
    """Everything that the gateway accepted is saved."""
    return stats(both)["buffered"] == 0


class Fleet:
    """Processors of one state, and a gateway that knows all of them, on one host each for all they can tell."""
    call, client, post, rocket = Pair.call, Pair.client, Pair.post, Pair.rocket

    def __init__(self, folder, address, count):
        self.ports = [free_ports(3) for _ in range(count)]
        self.folder, self.address, self.http = folder, address, free_ports(1)
        self.processors = [self.start(index) for index in range(count)]
        self.gateway = Program(
            folder, "downlink-gateway", "--journal-dir", f"{folder}/journal-{self.http}", "--listen",
            f"127.0.0.1:{self.http}", "--processors", ",".join(f"127.0.0.1:{port}" for port in self.ports))
        until(lambda: "listening" in self.gateway.text(), what="the gateway")

    def start(self, index):
        return Program(self.folder, "downlink-processor", "--port", self.ports[index], "--store", self.address)

    def end(self):
        """End what a failed test left."""
        for one in (self.gateway, *self.processors):
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()

    def await_shares(self, *shares):
        until(lambda: sorted((owners(self) or {}).values()) == sorted(shares), what=f"shares of {shares}")

    def stop(self):
        assert [one.stop() for one in (self.gateway, *self.processors)] == [0] * (1 + len(self.processors))


@pytest.fixture
def start_fleet(folder):
    fleets = []

    def start_one(address, count):
        fleets.append(Fleet(folder, address, count))
        return fleets[-1]
    yield start_one
    for one in fleets:
        one.end()


def owners(both):
    """How many partitions each processor owns; None while one has no owner."""
    shown = [one["owner"] for one in stats(both)["routing"]]
    return None if not shown or None in shown else {one: shown.count(one) for one in shown}


@pytest.mark.parametrize("ordering,post", [("converge", post_from_many_sides), ("latest", post_lines)])
def test_the_state_is_that_of_the_oracle(start, database, ordering, post):
    arrived = oracle.make(200, 50, seed=3, shuffle=300, duplicates=0.05)
    both = start(processor=on(database, "--ordering", ordering))
    post(both, arrived)
    expected = oracle.states(arrived, ordering)
    expect(both, expected)
    until(lambda: is_saved(both), what="the saves")
    assert both.processor.stop() == 0
    both.processor = both.start_processor()
    expect(both, expected)
    both.stop()


def test_others_can_read_the_rockets(start, server, database):
    both = start(processor=on(database))
    launched = message("apollo", 1, "RocketLaunched", type="Falcon-9", launchSpeed=500, mission="ARTEMIS\u0000\u0001")
    assert both.post(launched, Prefer="wait=60").status == 200
    rows = server.query("SET timezone = 'UTC'; SELECT id, type, speed, status, last_message_time FROM downlink.rockets", name_of(database))
    assert rows == [["apollo", "Falcon-9", "500", "flying", "2022-02-02 18:39:05.86337+00"]]
    assert both.rocket("apollo")["mission"] == "ARTEMIS\u0000\u0001"
    told = stats(both)["processors"][0]["store"]
    assert told == {"kind": "postgres", "savedOn": "server", "isAway": False}
    both.stop()


@pytest.mark.parametrize("mode", ["fast", "immediate", "kill"])
def test_messages_wait_while_the_database_is_away(start, mode):
    with Postgres().create() as server:
        both = start(processor=on(server.url()))
        saved(both, "before")
        if mode == "kill":
            server.kill()
        else:
            server.stop(mode)
        during = [f"during-{index}" for index in range(50)]
        for one in during:
            assert both.post(message(one, 1, by=3)).status == 202
        assert both.rocket("before")["speed"] == 7, "queries are answered without the database"
        until(lambda: stats(both)["alarms"]["awayStores"] == 1, what="the alarm")
        assert not is_saved(both)
        server.start()
        until(lambda: is_saved(both), what="the saves")
        until(lambda: stats(both)["alarms"]["awayStores"] == 0, what="the end of the alarm")
        assert server.query("SELECT count(*), sum(speed) FROM downlink.rockets") == [["51", "157"]]
        assert server.query("SELECT count(*) FROM downlink.rockets WHERE messages_applied <> 1") == [["0"]]
        both.stop()


def test_a_database_that_hangs_delays_saves_alone(start, server, database):
    both = start(processor=on(database))
    saved(both, "early")
    server.pause()
    try:
        assert both.post(message("late", 1, by=3)).status == 202
        assert both.rocket("early")["speed"] == 7
        until(lambda: both.rocket("late"), what="the folded message")
        assert "no answer in time" not in both.processor.text(), "the save was waited for"
        both.processor.lines_with("no answer in time")
    finally:
        server.resume()
    until(lambda: is_saved(both), what="the save")
    assert server.query("SELECT speed, messages_applied FROM downlink.rockets WHERE id = 'late'",
                        name_of(database)) == [["3", "1"]]
    both.stop()


def test_partitions_move_when_a_processor_stops_and_when_one_dies(start_fleet, database):
    """A stop gives its leases back; the leases of a processor that was killed expire."""
    fleet = start_fleet(database, 2)
    names = [f"r{index}" for index in range(64)]

    def are_whole():
        return all(until(lambda one=one: fleet.rocket(one), what=one)["speed"] == 7 for one in names)
    fleet.await_shares(8, 8)
    saved(fleet, *names)
    fleet.processors[0].process.kill()
    fleet.await_shares(16)
    assert are_whole()
    fleet.processors[0] = fleet.start(0)
    fleet.await_shares(8, 8)
    assert fleet.processors[1].stop() == 0
    fleet.await_shares(16)
    assert are_whole()
    fleet.stop()


def test_an_owner_that_was_paused_is_fenced_and_loses_nothing(start_fleet, database):
    fleet = start_fleet(database, 2)
    fleet.await_shares(8, 8)
    names = [f"p{index}" for index in range(64)]
    saved(fleet, *names)
    fleet.processors[0].send(signal.SIGSTOP)
    fleet.await_shares(16)
    for one in names:
        assert fleet.post(message(one, 2, by=5)).status == 202
    until(lambda: is_saved(fleet), what="the saves of the other")
    fleet.processors[0].send(signal.SIGCONT)
    fleet.await_shares(8, 8)
    for one in names:
        rocket = until(lambda one=one: fleet.rocket(one), what=one)
        assert (rocket["speed"], rocket["messagesApplied"]) == (12, 2)
    fleet.stop()


def test_a_processor_waits_for_a_database_that_is_away_and_can_be_stopped_meanwhile(folder):
    nowhere = f"postgres://downlink@127.0.0.1:{free_ports(1)}/downlink"
    admin = free_ports(1)
    program = Program(folder, "downlink-processor", "--port", free_ports(3), "--store", nowhere,
                      "--admin", f"127.0.0.1:{admin}")
    program.lines_with("the database is away")
    for path, status in (("/livez", 200), ("/readyz", 503), ("/metrics", 200)):
        with Client(admin) as client:
            answer = client.call("GET", path)
        assert answer.status == status
    assert b"downlink_processor_store_away 1" in answer.body
    began = time.monotonic()
    assert program.stop() == 1
    assert time.monotonic() - began < 5


def test_a_full_disk_of_the_database_loses_nothing(start):
    disk = SmallDisk(120)
    try:
        with Postgres(folder=disk.folder).create() as server:
            both = start(processor=on(server.url()))
            saved(both, "before")
            disk.fill()
            mission = "m" * 200
            for index in range(3000):
                one = message(f"full-{index}", 1, "RocketLaunched", type="F9", launchSpeed=1, mission=mission)
                if both.post(one).status != 202:
                    break
            assert both.rocket("before")["speed"] == 7
            disk.empty()
            if not server.is_running():
                server.start()
            until(lambda: is_saved(both), 60, "the saves")
            count = stats(both)["accepted"]
            assert server.query("SELECT count(*) FROM downlink.rockets WHERE messages_applied = 1") == [[str(count)]]
            both.stop()
    finally:
        disk.close()


def test_a_server_that_only_reads_is_left_for_one_that_writes(start, server, database):
    """After a failover the old primary may come back as a replica."""
    both = start(processor=on(database))
    saved(both, "before")
    server.query(f"ALTER DATABASE {name_of(database)} SET default_transaction_read_only = on", "postgres")
    server.query("SELECT pg_terminate_backend (pid) FROM pg_stat_activity"
                 f" WHERE datname = '{name_of(database)}' AND pid <> pg_backend_pid ()", "postgres")
    assert both.post(message("during", 1, by=3)).status == 202
    until(lambda: stats(both)["alarms"]["awayStores"] == 1, what="the alarm")
    server.query(f"ALTER DATABASE {name_of(database)} SET default_transaction_read_only = off", "postgres")
    until(lambda: is_saved(both), what="the save")
    both.stop()


@pytest.mark.parametrize("setting", ["", "ALTER ROLE downlink SET client_min_messages = error"])
def test_a_commit_that_gave_up_its_replica_does_not_count_as_saved(start, setting):
    """The server answers a cancelled wait with success and a warning, even if it hides warnings from others."""
    with Postgres(name="first").create() as server, Postgres(name="second") as replica:
        replica.copy(server)
        server.wait_for_replica(replica)
        server.query(setting or "SELECT 1", "postgres")
        both = start(processor=on(server.url()))
        saved(both, "before")
        until(lambda: stats(both)["processors"][0]["store"]["savedOn"] == "server and replica", what="the replica")
        replica.pause()
        assert both.post(message("doubtful", 1, by=3)).status == 202
        waiting = ("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                   " AND application_name = 'downlink saves'")
        until(lambda: server.query(waiting), what="a save that waits for the replica")
        server.query("SELECT pg_cancel_backend (pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        both.processor.lines_with("canceling wait for synchronous replication")
        time.sleep(1)
        assert not is_saved(both)
        replica.resume()
        until(lambda: is_saved(both), what="the save")
        #  A commit waits until the replica has it on disk, and not until it shows.
        until(lambda: replica.query("SELECT speed FROM downlink.rockets WHERE id = 'doubtful'") == [["3"]],
              what="the rocket at the replica")
        both.stop()


def test_a_pooler_works_in_session_mode_and_is_refused_in_transaction_mode(start, folder, server, database):
    with Pooler(server, "session") as pooler:
        both = start(processor=on(pooler.url(database=name_of(database))))
        saved(both, "pooled")
        both.stop()
    with Pooler(server, "transaction") as pooler:
        program = Program(folder, "downlink-processor", "--port", free_ports(3), "--store",
                          pooler.url(database=name_of(database)))
        assert program.process.wait(60) == 1
        assert "pool_mode = session" in program.text()


@pytest.mark.parametrize("prepare,words", [
    ("CREATE SCHEMA downlink; CREATE TABLE downlink.state (format int, id uuid, partitions int, ordering text);"
     "INSERT INTO downlink.state VALUES (99, gen_random_uuid (), 16, 'converge');", "newer release"),
    ("CREATE SCHEMA downlink; CREATE TABLE downlink.state (format int, id uuid, partitions int, ordering text);",
     "downlink.state needs one row"),
    ("REVOKE CREATE ON DATABASE {name} FROM PUBLIC; ALTER DATABASE {name} OWNER TO postgres;", "GRANT CREATE")])
def test_a_database_that_cannot_be_used_is_refused_in_a_sentence(folder, server, database, prepare, words):
    name = name_of(database)
    server.query(prepare.format(name=name), name)
    if "downlink." in prepare:
        server.query("GRANT ALL ON SCHEMA downlink TO downlink; GRANT ALL ON ALL TABLES IN SCHEMA downlink TO downlink",
                     name)
    program = Program(folder, "downlink-processor", "--port", free_ports(3), "--store", database)
    assert program.process.wait(60) == 1
    assert words in program.text() and "advice=" in program.text()


def test_a_database_of_another_encoding_is_refused(folder, server):
    server.query("CREATE DATABASE latin OWNER downlink ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", "postgres")
    program = Program(folder, "downlink-processor", "--port", free_ports(3), "--store", server.url(database="latin"))
    assert program.process.wait(60) == 1
    assert "UTF8" in program.text()


@pytest.mark.parametrize("address", ["postgres://downlink:s3cret%40@127.0.0.1:{port}/{name}",
                                     "postgres://127.0.0.1:{port}/{name}?user=downlink&password=s3cret%40"])
def test_a_password_is_used_and_never_logged(start, address):
    with Postgres(password="s3cret@").create() as server:
        both = start(processor=on(address.format(port=server.port, name="downlink"), "--log-level", "debug"))
        saved(both, "secret")
        server.stop()
        both.processor.lines_with("the database is away")
        both.stop(check=False)
        assert "s3cret" not in both.processor.text()
        assert "***" in both.processor.text()


def test_a_password_comes_from_the_environment(start):
    with Postgres(password="s3cret@").create() as server:
        both = start(processor=on(server.url()), environment={"processor": {"PGPASSWORD": "s3cret@"}})
        saved(both, "secret")
        both.stop()


def test_an_address_that_is_none_is_refused(folder):
    for address, words in [("postgres://[::1/x", "cannot be read"), ("mysql://here", "is not sqlite, memory or"),
                           ("postgres://h/d?unheard=1", "cannot be read")]:
        program = Program(folder, "downlink-processor", "--port", free_ports(3), "--store", address)
        assert program.process.wait(60) in (1, 2)
        assert words in program.text(), program.text()


def test_a_locked_partition_stops_neither_the_others_nor_the_processor(start, server, database):
    """A save that waits for a replica keeps such a lock, also when its processor is gone."""
    both = start(processor=on(database, "--watchdog", "2s"))
    assert both.processor.stop() == 0

    def hold():
        with contextlib.suppress(Failed):  # its session is ended
            server.query("BEGIN; SELECT FROM downlink.partition WHERE number = 0 FOR UPDATE; SELECT pg_sleep (1000)",
                         name_of(database), 1000)
    lock = threading.Thread(target=hold)
    lock.start()
    held = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    until(lambda: server.query(f"SELECT pid {held}"), what="the lock")
    both.processor = both.start_processor()

    def unowned():
        return [one["partition"] for one in stats(both)["routing"] if one["owner"] is None]
    until(lambda: unowned() == [0], what="owners of the other partitions")
    time.sleep(5)  # longer than the watchdog waits
    assert unowned() == [0]
    server.query(f"SELECT pg_terminate_backend (pid) {held}")
    lock.join()
    until(lambda: unowned() == [], what="an owner of the last one")
    both.stop()


def test_rows_that_the_database_hides_are_not_taken_for_missing(start, server, database):
    both = start(processor=on(database))
    saved(both, "hidden")
    assert both.processor.stop() == 0
    server.query("ALTER TABLE downlink.rocket ENABLE ROW LEVEL SECURITY; "
                 "ALTER TABLE downlink.rocket FORCE ROW LEVEL SECURITY", name_of(database))
    both.processor = both.start_processor()
    both.processor.lines_with("row-level security")
    assert both.call("GET", "/rockets/hidden").status == 503
    server.query("ALTER TABLE downlink.rocket DISABLE ROW LEVEL SECURITY", name_of(database))
    assert both.rocket_when("hidden", lambda rocket: True)["speed"] == 7
    both.stop()


def test_an_idle_processor_notices_that_the_database_is_away(start):
    with Postgres().create() as server:
        both = start(processor=on(server.url()))
        saved(both, "before")
        server.stop()
        until(lambda: stats(both)["alarms"]["awayStores"] == 1, what="the alarm")
        server.start()
        until(lambda: stats(both)["alarms"]["awayStores"] == 0, what="the end of the alarm")
        both.stop()


@pytest.mark.parametrize("address", [
    "postgres://u:top%secret@h/d", "postgres://u:topsecret@[::1]x/d", "postgres://h/d?password=top%secret",
    "Postgres://u:topsecret@h/d", "host=h password=topsecret"])
def test_a_complaint_about_an_address_shows_no_password(folder, address):
    program = Program(folder, "downlink-processor", "--port", free_ports(3), "--store", address)
    assert program.process.wait(60) in (1, 2)
    assert "secret" not in program.text(), program.text()


def test_processors_that_start_at_once_make_one_state(start_fleet, server, database):
    fleet = start_fleet(database, 4)
    fleet.await_shares(4, 4, 4, 4)
    assert server.query("SELECT count(*) FROM downlink.state", name_of(database)) == [["1"]]
    stops = [threading.Thread(target=one.stop) for one in fleet.processors]
    for one in stops:
        one.start()
    for one in stops:
        one.join()
    fleet.stop()
    assert server.query("SELECT count(*) FROM downlink.member", name_of(database)) == [["0"]]


def test_the_metrics_tell_about_the_store(start, database):
    admin = free_ports(1)
    both = start(processor=on(database, "--admin", f"127.0.0.1:{admin}"))
    with Client(admin) as client:
        text = client.call("GET", "/metrics").body.decode()
    assert 'downlink_processor_store_info{kind="postgres",saved_on="server"} 1' in text
    assert "downlink_processor_store_away 0" in text
    assert "downlink_gateway_away_stores 0" in both.call("GET", "/metrics").body.decode()
    both.stop()
