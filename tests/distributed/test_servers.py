"""The PostgreSQL servers of the tests do what the tests rely on."""
import os
import subprocess

import pytest

from downlink import until
from postgres import Failed, Pooler, SmallDisk


def psql(url, sql, password=None, seconds="5"):
    """Run SQL as a client would, over TCP; return the exit status and the output."""
    environment = {**os.environ, "PGCONNECT_TIMEOUT": seconds}
    if password is not None:
        environment["PGPASSWORD"] = password
    done = subprocess.run(["psql", "--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "--quiet",
                           "--command", sql, url], env=environment, capture_output=True, text=True,
                          timeout=30, check=False)
    return done.returncode, done.stdout.strip() + done.stderr.strip()


def test_a_killed_server_keeps_what_it_committed(new_server):
    server = new_server().create()
    assert server.query("SHOW fsync") == [["on"]]
    server.query("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)")
    for mode in ("kill", "fast", "immediate"):
        server.restart(mode)
        assert server.query("SELECT a FROM t ORDER BY a") == [["1"], ["2"]]


def test_a_paused_server_does_not_answer_until_it_goes_on(new_server):
    server = new_server().create()
    server.pause()
    with pytest.raises((Failed, subprocess.TimeoutExpired)):
        server.query("SELECT 1", seconds=1)
    server.resume()
    assert server.query("SELECT 1") == [["1"]]


def test_a_synchronous_replica_takes_over_again_and_again(new_server):
    primary, replica = new_server().create(), new_server()
    replica.copy(primary)
    primary.query("CREATE TABLE t (a int)")
    primary.query("GRANT ALL ON t TO downlink")
    for number in range(4):
        primary.wait_for_replica(replica)
        url = primary.url(replica)
        assert psql(url, f"INSERT INTO t VALUES ({number})") == (0, "")
        primary.kill()
        replica.promote()
        replica.go_on_alone()
        assert psql(url, "SELECT count(*) FROM t") == (0, str(number + 1))
        if number % 2:
            primary.copy(replica)
        else:
            primary.rewind(replica)
        assert primary.is_replica and not replica.is_replica
        primary, replica = replica, primary


def test_a_commit_waits_for_the_synchronous_replica_past_any_statement_timeout(new_server):
    primary, replica = new_server().create(), new_server()
    replica.copy(primary)
    primary.wait_for_replica(replica)
    replica.pause()
    url = primary.url(options="-c%20statement_timeout%3D2000")
    with subprocess.Popen(["psql", "--no-psqlrc", "--command", "CREATE SCHEMA s", url],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        until(lambda: primary.query(f"SELECT 1 {waiting} AND now() > query_start + interval '2.5 s'"),
              what="a commit that waits")
        primary.query(f"SELECT pg_cancel_backend(pid) {waiting}")
        assert "canceling wait for synchronous replication" in client.communicate(timeout=60)[0]
    assert primary.query("SELECT 1 FROM pg_namespace WHERE nspname = 's'")
    replica.resume()


def test_a_full_disk_refuses_writes_until_there_is_room(new_server):
    disk = SmallDisk()
    server = new_server(folder=disk.folder)
    try:
        server.create()
        server.query("CREATE TABLE t (a text)")
        disk.fill()
        with pytest.raises(Failed, match="No space left|terminat"):
            server.query("INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 200000)")
        disk.empty()
        if not server.is_running():
            server.start()
        server.await_answer()
        server.query("INSERT INTO t VALUES ('y')")
    finally:
        server.close()
        disk.close()


def test_a_read_only_server_says_so(new_server):
    server = new_server().create()
    server.set(default_transaction_read_only="on")
    status, text = psql(server.url(), "CREATE TABLE t (a int)")
    assert status != 0 and "read-only" in text
    server.set(default_transaction_read_only=None)
    assert psql(server.url(), "CREATE SCHEMA s") == (0, "")


def test_a_password_is_asked_for(new_server):
    server = new_server(password="secret").create()
    assert psql(server.url(), "SELECT 1", "secret") == (0, "1")
    assert psql(server.url(), "SELECT 1", "wrong")[0] != 0
    assert psql(server.url(), "SELECT 1")[0] != 0


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_a_pooler_passes_queries_on(new_server, mode):
    server = new_server().create()
    with Pooler(server, mode) as pooler:
        assert psql(pooler.url(), "SELECT 1") == (0, "1")
