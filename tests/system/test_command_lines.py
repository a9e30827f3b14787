"""The flags of the programs: help, and the manual pages and completion that the build makes of them."""
import contextlib
import gzip
import os
import random
import re
import shutil
import subprocess

import pytest

from downlink import BIN, Client, Program, free_ports, until

PROGRAMS = sorted(path.name for path in BIN.glob("downlink-*"))
SHARE = BIN.parent / "share"
SCRIPTS = {"bash": "bash-completion/completions/{}", "zsh": "zsh/vendor-completions/_{}",
           "fish": "fish/vendor_completions.d/{}.fish"}

needs_manuals = pytest.mark.skipif(not SHARE.exists(), reason="this build makes no manual pages")


def manual(program):
    return gzip.decompress((SHARE / f"man/man1/{program}.1.gz").read_bytes()).decode()


def completion(program, shell):
    return (SHARE / SCRIPTS[shell].format(program)).read_text()


def say(program, *flags, **environment):
    done = subprocess.run([BIN / program, *flags], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout


def flags_of(program):
    flags = re.findall(r"^  --([a-z-]+)", say(program, "--help"), re.MULTILINE)
    assert "help" in flags and "version" in flags
    return flags


def check(command, text):
    """Feed a checker, and return its complaints."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_fits_the_terminal(program):
    for columns, widest in (("60", 60), ("300", 100)):
        shown = say(program, "--help", COLUMNS=columns).split("examples:")[0]
        flags = [line for line in shown.splitlines() if "usage:" not in line]
        assert max(map(len, flags)) <= widest, shown


@pytest.mark.parametrize("program", ["downlink-query", "downlink-keygen"])
def test_help_explains_each_command_of_the_usage_line(program):
    shown = say(program, "--help")
    usage = re.search(r"^usage: .* \[flags\] (.*)$", shown, re.MULTILINE).group(1)
    block = re.search(r"^commands:\n((?: .*\n)+)", shown, re.MULTILINE).group(1)
    assert re.findall(r"^  (\S+(?: \S+)?) {2,}\S", block, re.MULTILINE) == usage.split(" | ")


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_is_given_whatever_the_environment_holds(program):
    assert "usage:" in say(program, "--log-level", "info", "--help", DOWNLINK_LOG_LEVEL="loud",
                           DOWNLINK_TIMEOUT="never")


@pytest.mark.parametrize("program, arguments, needed", [
    ("downlink-query", ["ping"], 64), ("downlink-query", ["watch"], 64),
    ("downlink-launch", ["--concurrency-level", "100"], 164)])
def test_a_very_small_limit_of_open_files_is_a_sentence(program, arguments, needed):
    """libzmq ended the process by an assertion, and others blamed the peer."""
    for limit in (5, 7, 8, 20, needed - 1):
        done = subprocess.run(["prlimit", f"--nofile={limit}", BIN / program, *arguments], capture_output=True,
                              text=True, timeout=60)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (f"{program}: only {limit} files and sockets may be open, {needed} are needed: raise "
                               "the hard limit (ulimit -Hn)\n")


@needs_manuals
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_manual_page_is_without_fault_and_names_every_flag(program):
    page = manual(program)
    faults = [line for line in check(["mandoc", "-T", "lint", "-W", "warning"], page).splitlines()
              if "missing date" not in line]
    assert faults == []
    shown = check(["mandoc", "-T", "ascii"], page)
    shown = re.sub(".\x08", "", shown)
    for flag in flags_of(program):
        assert f"--{flag}" in shown
    others = [name for name in PROGRAMS if name != program]
    assert all(f"{name}(1)" in shown for name in others), "SEE ALSO"


@needs_manuals
@pytest.mark.parametrize("program", PROGRAMS)
def test_man_warns_of_nothing(program, tmp_path):
    page = tmp_path / "page.1"
    page.write_text(manual(program))
    if not shutil.which("man") or not shutil.which("groff"):
        pytest.skip("man and groff are not installed")
    done = subprocess.run(["groff", "-man", "-ww", "-z", page], capture_output=True, text=True)
    assert done.stderr == ""


@needs_manuals
@pytest.mark.parametrize("shell", sorted(SCRIPTS))
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_completion_parses_and_names_every_flag(program, shell):
    script = completion(program, shell)
    reader = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}
    assert check(reader[shell], script) == ""
    for flag in flags_of(program):
        assert (f"-l {flag} " if shell == "fish" else f"--{flag}") in script


def complete_in_bash(program, *words):
    script = completion(program, "bash") + f"""
COMP_WORDS=({program} {' '.join(f"'{word}'" for word in words)})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
compopt () {{ :; }}
_{program.replace("-", "_")}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    return check(["bash", "-s"], script).split()


def complete_in_fish(program, line):
    script = completion(program, "fish") + f"complete -C '{line}'\n"
    return [found.split("\t")[0] for found in check(["fish", "--private"], script).splitlines()]


@needs_manuals
def test_bash_completes_flags_choices_verbs_and_directories():
    assert complete_in_bash("downlink-gateway", "--journal-l") == ["--journal-limit"]
    assert complete_in_bash("downlink-gateway", "--journal", "o") == ["os", "off"]
    assert complete_in_bash("downlink-gateway", "--journal", "=", "f") == ["fsync"]
    assert complete_in_bash("downlink-gateway", "--overflow", "=") == ["reject", "drop"]
    assert "/usr" in complete_in_bash("downlink-gateway", "--journal-dir", "/us")
    assert "list" in complete_in_bash("downlink-query", "--json", "")
    assert complete_in_bash("downlink-query", "--processors", "") == []


@needs_manuals
def test_the_values_of_sort_and_status_are_completed():
    assert complete_in_bash("downlink-query", "list", "--status", "f") == ["flying"]
    assert complete_in_bash("downlink-query", "list", "--sort", "-s") == ["-speed", "-status"]
    keys = complete_in_bash("downlink-query", "list", "--sort", "")
    assert len(keys) == 14 and "lastMessageNumber" in keys
    assert complete_in_fish("downlink-query", "downlink-query list --status u") == ["unknown"]
    assert complete_in_bash("downlink-query", "-")[-1] == "-h"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_short_flag_asks_for_help_too(program):
    assert say(program, "-h") == say(program, "--help")
    assert "--help, -h" in say(program, "-h")


@pytest.mark.parametrize("program, words, wanted", [
    ("downlink-query", ["list", "--status", "landed"], "must be unknown, flying or exploded"),
    ("downlink-query", ["list", "--sort", "height"], "must be id, -id, type, "),
    ("downlink-gateway", ["--journal", "tape"], "must be fsync, os or off"),
    ("downlink-gateway", ["--max-body", "9G"], "must be a size such as 64K, 8M or 1G, from 1 to 1G"),
    ("downlink-gateway", ["--buffer", "0"], "must be an integer, at least 1"),
    ("downlink-gateway", ["--idle-timeout", "1ms"], "2m, from 100ms to 24h"),
    ("downlink-query", ["list", "--limit", "0"], "must be an integer, from 1 to "),
    ("downlink-query", ["land"], "the commands are status, ping, ")])
def test_a_refused_value_comes_with_the_allowed_ones(program, words, wanted):
    done = subprocess.run([BIN / program, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert wanted in done.stderr


@pytest.mark.parametrize("words", [["--no\x1b[31mflag"], ["--log-level", "a\nb\x9bc\u202ed"], ["one\x07"]])
def test_what_is_not_to_be_seen_is_escaped_in_a_refusal(words):
    done = subprocess.run([BIN / "downlink-gateway", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert not set("\x1b\x07\x9b\u202e") & set(done.stderr) and "\\u" in done.stderr
    assert done.stderr.splitlines()[0].startswith("downlink-gateway: ") and "usage" in done.stderr.splitlines()[1]


def test_an_empty_variable_counts_as_not_set(tmp_path):
    """A template leaves it so of a variable that it does not know."""
    names = ["ADMIN", "PARTITIONER", "PORT", "PARTITIONS", "LOG_LEVEL", "STATE_DIR"]
    program = Program(tmp_path, "downlink-processor", "--store", "memory", "--port", free_ports(3),
                      environment={f"DOWNLINK_{name}": "" for name in names})
    until(lambda: " ready " in program.text() or program.process.poll() is not None, what="the start")
    assert "--admin= " in program.text() and "--partitions=16" in program.text()
    assert "--state-dir=./var/state" in program.text()
    assert program.stop() == 0


@pytest.mark.parametrize("listen, host", [("localhost:{}", "127.0.0.1"), (":{}", "127.0.0.1"),
                                          ("[::1]:{}", "::1"), ("127.0.0.1:{}", "127.0.0.1")])
def test_an_address_is_written_in_one_way_everywhere(listen, host, tmp_path):
    port, ports = free_ports(1), free_ports(3)
    bind, processors = listen.split(":{}")[0] or "localhost", listen.format(ports)
    processor = Program(tmp_path, "downlink-processor", "--store", "memory", "--port", ports,
                        "--bind", bind)
    gateway = Program(tmp_path, "downlink-gateway", "--journal", "off", "--listen",
                      listen.format(port), "--processors", processors)
    def is_ready():
        with contextlib.suppress(OSError), Client(port, host=host) as client:
            return client.call("GET", "/readyz").status == 200
        assert gateway.process.poll() is None and processor.process.poll() is None, gateway.text()
    until(is_ready, what="the gateway")
    say("downlink-launch", listen.format(port), "--max-messages", "20", "--verify")
    say("downlink-launch", listen.format(port) + "/messages", "--max-messages", "20")
    assert say("downlink-query", "ping", "--processors", processors).endswith(" is alive\n")
    assert [gateway.stop(), processor.stop()] == [0, 0]


def test_a_port_is_optional_where_one_is_usual(tmp_path):
    """Nobody listens at the usual ports of these addresses, and the complaint names the ports."""
    address = random_loopback()
    asked = subprocess.run([BIN / "downlink-query", "ping", "--timeout", "100ms", "--processors",
                            f"{address},[::1]:9"], capture_output=True, text=True, timeout=60)
    assert f"{address}:5561 does not answer" in asked.stderr
    launched = subprocess.run([BIN / "downlink-launch", address, "--max-duration", "100ms"],
                              capture_output=True, text=True, timeout=60)
    assert f"{address}:8088 does not answer" in launched.stderr
    gateway = Program(tmp_path, "downlink-gateway", "--journal", "off", "--listen", address,
                      "--processors", address)
    assert "port=8088" in gateway.lines_with("listening")[0]
    assert gateway.stop() == 0


@needs_manuals
def test_fish_completes_flags_choices_and_verbs():
    assert complete_in_fish("downlink-gateway", "downlink-gateway --journal-l") == [
        "--journal-limit"]
    assert complete_in_fish("downlink-gateway", "downlink-gateway --journal f") == ["fsync"]
    assert "list" in complete_in_fish("downlink-query", "downlink-query ")


@pytest.mark.parametrize("program", PROGRAMS)
def test_pages_and_scripts_are_for_the_package_and_no_flag_prints_them(program):
    for flag in ("--man", "--completion"):
        done = subprocess.run([BIN / program, flag], capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and f"there is no flag '{flag}'" in done.stderr


def random_loopback():
    return "127." + ".".join(str(random.randint(2, 250)) for _ in range(3))


@pytest.mark.parametrize("link", ["tcp://10.96.0.17:8088", "udp://10.96.0.17:53"])
def test_the_link_that_kubernetes_sets_for_a_service_named_downlink_is_ignored(link, tmp_path):
    links = {"DOWNLINK_PORT": link, "DOWNLINK_SERVICE_HOST": "10.96.0.17",
             "DOWNLINK_SERVICE_PORT": "8088", "DOWNLINK_PORT_8088_TCP": link}
    #  The port must be the default one here, so the address is one that no other test uses.
    address = random_loopback()
    program = Program(tmp_path, "downlink-processor", "--store", "memory", "--bind", address,
                      environment=links)
    until(lambda: "ready" in program.text() or program.process.poll() is not None, what="the start")
    assert "--port=5561" in program.text() and "variable=DOWNLINK_PORT" in program.text()
    assert program.stop() == 0


def test_another_value_that_is_no_port_is_still_refused(tmp_path):
    program = Program(tmp_path, "downlink-processor", environment={"DOWNLINK_PORT": "http://x"})
    assert program.process.wait(60) == 2 and "DOWNLINK_PORT" in program.text()


@pytest.mark.parametrize("program, flag, value, wanted", [
    ("downlink-gateway", "--listen", "8088", "an address and a port of this machine, as in 127.0.0.1:8088"),
    ("downlink-processor", "--admin", "9090", "an address and a port of this machine, as in 127.0.0.1:8088"),
    ("downlink-processor", "--admin", "localhost", "an address and a port of this machine"),
    ("downlink-processor", "--bind", "127.0.0.1:5561", "an address of this machine, as in 127.0.0.1"),
    ("downlink-gateway", "--processors", "5561", "as in localhost:5561 or one:5561,two:5561"),
    ("downlink-query", "--processors", "one:65534", "as in localhost:5561 or one:5561,two:5561")])
def test_a_refused_address_comes_with_one_that_is_right(program, flag, value, wanted):
    words = ["ping"] if program == "downlink-query" else []
    done = subprocess.run([BIN / program, flag, value, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"{flag}: '{value}' must be" in done.stderr and wanted in done.stderr


def test_a_processor_says_which_number_of_partitions_counts_and_where_it_comes_from(tmp_path):
    state = tmp_path / "state"
    for partitions in (8, 32):
        log = Program(tmp_path, "downlink-processor", "--port", free_ports(3), "--state-dir", state,
                      "--partitions", partitions)
        until(lambda: " ready " in log.text(), what="the processor")
        assert log.stop() == 0
    [line] = log.lines_with("--partitions has no effect")
    assert f"used=8 from={state}/partitions ignored=32" in line and "advice=" in line


@pytest.mark.parametrize("origin", ["page.example", "https://page.example/", "https://", "https://one.example,https://two.example",
                                    "https://page.example\r\nX: y", "null"])
def test_an_origin_that_no_browser_sends_is_refused(origin):
    done = subprocess.run([BIN / "downlink-gateway", "--cors", origin], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "must be one origin, as in https://page.example:8443" in done.stderr
