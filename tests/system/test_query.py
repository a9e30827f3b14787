"""downlink-query: tables for people that fit the terminal, JSON for programs, and clear complaints."""
import json
import os
import signal
import subprocess
import unicodedata

import msgpack
import pytest
import zmq

from downlink import BIN, Pair, free_ports, message


def ask(*words, columns="", seconds=60):
    return subprocess.run([BIN / "downlink-query", *map(str, words)], capture_output=True, text=True,
                          timeout=seconds, env={**os.environ, "COLUMNS": str(columns)})


def width(line):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


@pytest.fixture(scope="module")
def rockets(folder):
    """A pair with some rockets, and the flag that names its processor."""
    both = Pair(folder)
    first = "00000000-0000-4000-8000-000000000001"
    both.post([message(first, 1, "RocketLaunched"), message(first, 3), message(first, 6),
               message("宇宙", 1, "RocketLaunched", type="\x1b[31mred\r\x7f", launchSpeed=7,
                       mission="火星" * 30),
               message("zero", 1)])
    both.rocket_when(first, lambda r: r["messagesApplied"] == 3)
    both.rocket_when("zero", lambda r: True)
    both.here = ["--processors", f"127.0.0.1:{both.port}"]
    yield both
    both.stop()


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_a_table_fits_the_terminal(rockets, columns):
    shown = ask("list", *rockets.here, columns=columns).stdout
    lines = shown.splitlines()
    assert len(lines) == 4
    assert all(width(line) <= columns for line in lines), shown
    assert lines[0].split()[:5] == ["ID", "TYPE", "SPEED", "MISSION", "STATUS"]
    assert ("NUMBER" in lines[0]) == (columns > 100)
    speeds = [line.index(speed) + len(speed) for line, speed in zip(lines[1:], ["700", "100"])]
    assert len({lines[0].index("SPEED") + 5, *speeds}) == 1, "numbers stand below each other"


def test_a_table_into_a_pipe_is_not_cut(rockets):
    shown = ask("list", *rockets.here).stdout
    assert "火星" * 30 in shown and "lastMessageTime" not in shown
    assert "2022-02-02T18:39:05.863370Z" in shown


def test_what_a_rocket_says_cannot_steer_the_terminal(rockets):
    for words in (["list"], ["get", "宇宙"]):
        shown = ask(*words, *rockets.here).stdout
        assert "red" in shown
        assert not any(ord(character) < 32 and character != "\n" or ord(character) == 127
                       for character in shown)


def test_a_rocket_is_shown_member_by_member(rockets):
    lines = ask("get", "00000000-0000-4000-8000-000000000001", *rockets.here).stdout.splitlines()
    members = dict(line.split(None, 1) for line in lines)
    assert members["speed"] == "700" and members["missing"] == "2, 4-5"
    assert members["explosionReason"] == "-"


def test_stats_are_a_list_and_a_table_of_partitions(rockets):
    shown = ask("stats", *rockets.here).stdout
    assert f"127.0.0.1:{rockets.port}\n" in shown
    told, owned = shown.split("PARTITION  EPOCH  ROCKETS  UNSAVED\n")
    assert "rockets" in told and len(owned.splitlines()) == 16
    assert sum(int(line.split()[2]) for line in owned.splitlines()) == 3
    told = dict(line.split(None, 1) for line in told.splitlines() if " " in line)
    assert told["members"] == told["processor"]


def test_every_address_of_a_name_is_asked_and_all_are_waited_for_at_once(rockets):
    silent = free_ports(4)
    asked = ask("ping", "--json", "--timeout", "1s", "--processors",
                f"localhost:{rockets.port},127.0.0.1:{silent},127.0.0.1:{silent + 1}", seconds=15)
    assert json.loads(asked.stdout) == {"processor": f"localhost:{rockets.port}", "alive": True}
    assert asked.returncode == 1
    assert asked.stderr.count("does not answer") == 2


def hosts_of_debian(folder):
    """A wrapper that runs a program with the /etc/hosts of a fresh Debian; skips where that is not
    allowed. Returns the words to put before the program's."""
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n")
    script = 'mount --bind "$0" /etc/hosts && exec "$@"'
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(hosts)]
    if subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespaces here")
    return words


def test_localhost_in_two_lines_of_the_hosts_file_is_asked_once(rockets, tmp_path):
    wrapper = hosts_of_debian(tmp_path)
    for words in (["ping"], ["stats"], ["list"]):
        asked = subprocess.run(
            [*wrapper, BIN / "downlink-query", *words, "--json", "--processors",
             f"localhost:{rockets.port}"], capture_output=True, text=True, timeout=60)
        assert asked.returncode == 0, asked.stderr
        assert len(asked.stdout.splitlines()) == (3 if words == ["list"] else 1)


def test_a_processor_that_is_named_twice_is_asked_once(rockets):
    twice = f"localhost:{rockets.port},127.0.0.1:{rockets.port}"
    assert len(ask("list", "--json", "--processors", twice).stdout.splitlines()) == 3


def test_a_processor_that_hangs_is_given_up(rockets):
    rockets.processor.send(signal.SIGSTOP)
    asked = ask("ping", *rockets.here, "--timeout", "200ms", seconds=15)
    rockets.processor.send(signal.SIGCONT)
    assert asked.returncode == 1 and "does not answer" in asked.stderr


def test_a_name_that_does_not_resolve_is_said_at_once():
    asked = ask("ping", "--processors", "no-such-host.invalid:5561")
    assert asked.returncode == 1
    assert "no-such-host.invalid:5561 cannot be resolved" in asked.stderr


def test_a_list_of_processors_that_is_none_is_wrong_usage():
    asked = ask("ping", "--processors", "here and there")
    assert asked.returncode == 2 and "host:port" in asked.stderr


def test_a_list_that_a_processor_refuses_is_said_to_be_missing(rockets):
    with zmq.Context() as context, context.socket(zmq.REP) as busy:
        port = free_ports(2)
        busy.bind(f"tcp://127.0.0.1:{port + 1}")
        words = ["list", "--json", "--processors", f"{rockets.here[1]},127.0.0.1:{port}"]
        with subprocess.Popen([BIN / "downlink-query", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as query:
            asked = msgpack.unpackb(busy.recv())
            busy.send(msgpack.packb({"status": 503, "detail": "too many lists wait"}))
            shown, complaint = query.communicate(timeout=60)
    assert (asked["op"], asked["deadlineMs"]) == ("list", 2000)
    assert query.returncode == 1 and len(shown.splitlines()) == 3
    assert f"no list from 127.0.0.1:{port}: it has too much to do" in complaint
