"""The flags of the programs: help, and the manual pages and completion that the build makes of them."""
import gzip
import os
import random
import re
import shutil
import subprocess

import pytest

from downlink import BIN, Program, free_ports, until

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


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_is_given_whatever_the_environment_holds(program):
    assert "usage:" in say(program, "--log-level", "info", "--help", DOWNLINK_LOG_LEVEL="loud",
                           DOWNLINK_TIMEOUT="never")


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


@pytest.mark.parametrize("link", ["tcp://10.96.0.17:8088", "udp://10.96.0.17:53"])
def test_the_link_that_kubernetes_sets_for_a_service_named_downlink_is_ignored(link, tmp_path):
    links = {"DOWNLINK_PORT": link, "DOWNLINK_SERVICE_HOST": "10.96.0.17",
             "DOWNLINK_SERVICE_PORT": "8088", "DOWNLINK_PORT_8088_TCP": link}
    #  The port must be the default one here, so the address is one that no other test uses.
    address = "127." + ".".join(str(random.randint(2, 250)) for _ in range(3))
    program = Program(tmp_path, "downlink-processor", "--store", "memory", "--bind", address,
                      environment=links)
    until(lambda: "ready" in program.text() or program.process.poll() is not None, what="the start")
    assert "--port=5561" in program.text() and "variable=DOWNLINK_PORT" in program.text()
    assert program.stop() == 0


def test_another_value_that_is_no_port_is_still_refused(tmp_path):
    program = Program(tmp_path, "downlink-processor", environment={"DOWNLINK_PORT": "http://x"})
    assert program.process.wait(30) == 2 and "DOWNLINK_PORT" in program.text()


@pytest.mark.parametrize("program, flag, value, wanted", [
    ("downlink-gateway", "--listen", "8088", "an address and a port of this machine, as in 127.0.0.1:8088"),
    ("downlink-processor", "--admin", "9090", "an address and a port of this machine, as in 127.0.0.1:8088"),
    ("downlink-gateway", "--processors", "one", "as in localhost:5561 or one:5561,two:5561"),
    ("downlink-query", "--processors", "one", "as in localhost:5561 or one:5561,two:5561")])
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
