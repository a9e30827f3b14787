"""downlink-query: tables for people that fit the terminal, JSON for programs, and clear complaints."""
import contextlib
import json
import os
import re
import signal
import subprocess
import unicodedata
from types import SimpleNamespace

import msgpack
import pytest
import zmq

from downlink import BIN, Client, Pair, Program, free_ports, message, until


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
    posted = both.post([message(first, 1, "RocketLaunched"), message(first, 3), message(first, 6),
                        message("宇宙", 1, "RocketLaunched", type="\x1b[31mred\r\x7f", launchSpeed=7,
                                mission="火星" * 30),
                        message("zero", 1)], Prefer="wait=60")
    assert posted.status == 200
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
    allowed. Return the words to put before the program's."""
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


def test_a_list_that_goes_on_says_so_and_its_cursor_leads_on(rockets):
    for sort in ("id", "-speed", "mission"):
        words = ["list", "--json", "--sort", sort, *rockets.here]
        whole = ask(*words)
        assert whole.returncode == 0 and whole.stderr == ""
        page = ask(*words, "--limit", 1)
        shown = page.stdout
        while page.stderr:
            assert page.returncode == 0 and "more rockets follow" in page.stderr
            cursor = re.search(r"--cursor (\S+),", page.stderr)[1]
            page = ask(*words, "--limit", 1, f"--cursor={cursor}")
            shown += page.stdout
        assert shown == whole.stdout and len(shown.splitlines()) == 3


def test_a_cursor_of_another_list_is_wrong_usage(rockets):
    cursor = re.search(r"--cursor (\S+),", ask("list", "--limit", 1, *rockets.here).stderr)[1]
    for words in (["--sort", "speed", f"--cursor={cursor}"], ["--cursor=nonsense"]):
        refused = ask("list", *rockets.here, *words)
        assert refused.returncode == 2 and "--cursor" in refused.stderr


@pytest.mark.parametrize("words,said", [([], "a command is missing: "),
                                        (["fly"], "there is no command 'fly': ")])
def test_without_a_command_the_commands_are_named(words, said):
    refused = ask(*words)
    assert refused.returncode == 2
    assert said + "the commands are status, ping, stats, get ID, list and watch [ID]" in refused.stderr


@pytest.mark.parametrize("program", ["gateway", "processor", "query", "launch"])
def test_help_tells_that_a_time_without_a_unit_is_seconds(program):
    shown = subprocess.run([BIN / f"downlink-{program}", "--help"], capture_output=True, text=True)
    assert "without a unit it is seconds" in " ".join(shown.stdout.split())


def test_a_name_that_does_not_resolve_is_said_at_once():
    asked = ask("ping", "--processors", "no-such-host.invalid:5561")
    assert asked.returncode == 1
    assert "no-such-host.invalid:5561 cannot be resolved" in asked.stderr


def test_a_list_of_processors_that_is_none_is_wrong_usage():
    asked = ask("ping", "--processors", "here and there")
    assert asked.returncode == 2 and "HOST:PORT" in asked.stderr


def test_a_list_that_a_processor_refuses_is_said_to_be_missing(rockets):
    with zmq.Context() as context, context.socket(zmq.REP) as busy:
        port = free_ports(2)
        busy.bind(f"tcp://127.0.0.1:{port + 1}")
        words = ["list", "--json", "--processors", f"{rockets.here[1]},127.0.0.1:{port}"]
        with subprocess.Popen([BIN / "downlink-query", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as query:
            assert msgpack.unpackb(busy.recv())["op"] == "stats"
            busy.send(msgpack.packb({"status": 200, "stats": {}}))
            asked = msgpack.unpackb(busy.recv())
            busy.send(msgpack.packb({"status": 503, "detail": "too many lists wait"}))
            shown, complaint = query.communicate(timeout=60)
    assert (asked["op"], asked["deadlineMs"]) == ("list", 2000)
    assert query.returncode == 1 and len(shown.splitlines()) == 3
    assert f"no list from 127.0.0.1:{port}: it has too much to do" in complaint


@pytest.fixture(scope="module")
def other_state(folder):
    """The port of a processor with a state of its own."""
    port = free_ports(3)
    other = Program(folder, "downlink-processor", "--port", port, "--state-dir",
                    f"{folder}/other-{port}")
    until(lambda: ask("ping", "--processors", f"127.0.0.1:{port}").returncode == 0, what="it answers")
    yield port
    assert other.stop() == 0


@pytest.mark.parametrize("words", [["list"], ["get", "zero"], ["stats"], ["ping"], ["watch"]],
                         ids=lambda words: words[0])
def test_two_states_are_told_apart_and_not_mixed(rockets, other_state, words):
    places = [f"127.0.0.1:{rockets.port}", f"127.0.0.1:{other_state}"]
    states = [json.loads(ask("stats", "--json", "--processors", place).stdout)["state"]
              for place in places]
    asked = ask(*words, "--json", "--processors", ",".join(places))
    assert asked.returncode == 1
    assert "these are two states" in asked.stderr
    assert all(f"{place} keeps {state}" in asked.stderr for place, state in zip(places, states))
    if words[0] in ("list", "get"):
        assert asked.stdout == ""


@pytest.fixture(scope="module")
def fleet(folder):
    """Two processors with a state of their own, and a gateway that knows both."""
    for _ in range(5):
        state = f"{folder}/fleet-{free_ports(1)}"
        ports = [free_ports(3), free_ports(3)]
        both = [Program(folder, "downlink-processor", "--port", port, "--state-dir", state)
                for port in ports]
        http_port = free_ports(1)
        gateway = Program(folder, "downlink-gateway", "--journal", "off", "--listen",
                          f"127.0.0.1:{http_port}", "--processors",
                          ",".join(f"127.0.0.1:{port}" for port in ports))
        if all(one.process.poll() is None for one in (*both, gateway)):
            break
    fleet = SimpleNamespace(processors=both, ports=ports, gateway=gateway, http=http_port,
                            state=state, folder=folder)

    def are_shared():
        with contextlib.suppress(OSError), Client(http_port) as client:
            routing = client.call("GET", "/stats").json()["routing"]
            return len({route["owner"] for route in routing} - {None}) == 2 and \
                None not in [route["owner"] for route in routing]
    until(are_shared, what="two owners")
    with Client(http_port) as client:
        body = json.dumps([message(f"rocket-{number}", 1) for number in range(40)])
        answer = client.call("POST", "/messages", body, Prefer="wait=60")
        assert answer.status == 200, answer.body
    yield fleet
    statuses = [program.stop() for program in (gateway, *both)]
    assert statuses == [0, 0, 0]


def test_any_one_processor_leads_to_all_of_them(fleet):
    for port in fleet.ports:
        here = ["--processors", f"127.0.0.1:{port}"]
        listed = ask("list", "--json", *here)
        assert listed.returncode == 0, listed.stderr
        assert len({json.loads(line)["id"] for line in listed.stdout.splitlines()}) == 40
        for number in range(10):
            assert ask("get", f"rocket-{number}", *here).returncode == 0
        alive = ask("ping", "--json", *here)
        assert alive.returncode == 0
        assert sorted(json.loads(line)["processor"] for line in alive.stdout.splitlines()) == \
            sorted(f"127.0.0.1:{one}" for one in fleet.ports)
        told = [json.loads(line) for line in ask("stats", "--json", *here).stdout.splitlines()]
        assert sum(len(one["owned"]) for one in told) == 16 and len(told) == 2
        missing = ask("get", "no-such-rocket", *here)
        assert missing.returncode == 1 and "there is no rocket" in missing.stderr


def test_a_processor_that_is_named_and_found_is_asked_once(fleet):
    both = ",".join(f"localhost:{port}" for port in fleet.ports)
    assert len(ask("list", "--json", "--processors", both).stdout.splitlines()) == 40
    assert len(ask("ping", "--json", "--processors", both).stdout.splitlines()) == 2


def test_watch_finds_the_other_processors_too(fleet):
    watch = Program(fleet.folder, "downlink-query", "watch", "--json", "--processors",
                    f"127.0.0.1:{fleet.ports[0]}")
    try:
        until(lambda: len(set(watch.text().splitlines())) >= 40, what="all rockets")
    finally:
        assert watch.stop(signal.SIGINT) == 0
    assert len(watch.text().splitlines()) == 40


def test_an_answer_without_a_paused_owner_says_that_it_is_incomplete(fleet):
    here = ["--processors", f"127.0.0.1:{fleet.ports[0]}", "--timeout", "1s"]
    fleet.processors[1].send(signal.SIGSTOP)
    try:
        listed = ask("list", "--json", *here)
        assert listed.returncode == 1 and 0 < len(listed.stdout.splitlines()) < 40
        assert f"127.0.0.1:{fleet.ports[1]} does not answer" in listed.stderr
        assert re.search(r"incomplete: \d+ of 16 partitions have no owner", listed.stderr)
        statuses = [ask("get", f"rocket-{number}", *here) for number in range(12)]
        assert {one.returncode for one in statuses} == {0, 1}
        assert all("it may be there" in one.stderr for one in statuses if one.returncode)
        assert not any("there is no rocket" in one.stderr for one in statuses)
        told = ask("stats", *here)
        assert told.returncode == 1 and "incomplete" in told.stderr
    finally:
        fleet.processors[1].send(signal.SIGCONT)
    until(lambda: ask("list", *here).returncode == 0, what="a whole list")


def test_no_processor_is_said_once_and_nothing_else(fleet):
    for words in (["get", "rocket-1"], ["list"], ["stats"], ["ping"]):
        asked = ask(*words, "--timeout", "200ms", "--processors", f"127.0.0.1:{free_ports(3)}")
        assert asked.returncode == 1
        assert len(asked.stderr.splitlines()) == 1 and "does not answer" in asked.stderr


def test_processors_at_all_addresses_say_where_they_are(tmp_path):
    ports = [free_ports(3), free_ports(3)]
    both = [Program(tmp_path, "downlink-processor", "--bind", "0.0.0.0", "--insecure", "--port", port,
                    "--state-dir", tmp_path / "state") for port in ports]
    def are_found():
        told = ask("stats", "--json", "--timeout", "1s", "--processors", f"127.0.0.1:{ports[0]}")
        owned = [len(json.loads(line)["owned"]) for line in told.stdout.splitlines()]
        return told.returncode == 0 and len(owned) == 2 and min(owned) > 0
    until(are_found, what="both")
    assert [program.stop() for program in both] == [0, 0]
