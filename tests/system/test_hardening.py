"""The hardening of the programs: compiler options, core dumps, secrets in arguments."""
import json
import os
import pathlib
import platform
import re
import signal
import subprocess

import pytest

import tls
from downlink import BIN, IS_SANITIZED, Program, free_ports, until

PROGRAMS = sorted(path.name for path in BIN.glob("downlink-*"))
SECRET = "correct-horse-battery"


def readelf(program, *what):
    return subprocess.run(["readelf", "--wide", *what, BIN / program], capture_output=True, text=True, timeout=60,
                          check=True).stdout


@pytest.mark.skipif(IS_SANITIZED, reason="sanitizers have checks of their own")
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_is_built_hardened(program):
    dynamic = readelf(program, "--dynamic")
    headers = readelf(program, "--program-headers")
    symbols = readelf(program, "--dyn-syms")
    assert re.search(r"FLAGS_1.*\bNOW\b.*\bPIE\b", dynamic), "position-independent, all symbols bound at the start"
    assert re.search(r"GNU_RELRO", headers), "read-only relocations"
    assert re.search(r"GNU_STACK .* RW +0x", headers), "no code on the stack"
    assert not re.search(r"LOAD .* RWE ", headers), "no segment is written and run"
    assert "__stack_chk_fail@" in symbols, "stack protector"
    assert re.search(r"__(printf|fprintf|vfprintf|snprintf|memcpy)_chk@", symbols), "_FORTIFY_SOURCE"


@pytest.mark.skipif(IS_SANITIZED, reason="sanitizers have checks of their own")
def test_every_source_is_compiled_hardened():
    flags = ["-fstack-protector-strong", "-fstack-clash-protection", "-fPIE"]
    flags += ["-fcf-protection"] if platform.machine() == "x86_64" else []
    commands = json.loads((BIN.parent / "compile_commands.json").read_text())
    for command in commands:
        line = command["command"]
        if "-shim.dir/" in line:  # a library that tests load into the programs
            continue
        for flag in flags:
            assert flag in line, f"{flag}: {line}"
        assert re.search(r"-D_FORTIFY_SOURCE=[23]\b", line) or "-O" not in line, line


def leaves_core(folder, name, *flags):
    """Start it, let it abort, and return whether it left a core."""
    program = Program(folder, name, *flags, wrapper=("prlimit", "--core=unlimited"))
    until(lambda: re.search("listening| ready ", program.text()) or program.process.poll() is not None,
          what="the start")
    program.send(signal.SIGABRT)
    ended = os.waitid(os.P_PID, program.process.pid, os.WEXITED | os.WNOWAIT)
    assert program.process.wait() == -signal.SIGABRT, program.text()
    for core in pathlib.Path(folder).glob("core*"):
        core.unlink()
    return ended.si_code == os.CLD_DUMPED


def gateway(folder):
    return ("downlink-gateway", "--listen", f"127.0.0.1:{free_ports(1)}", "--journal-dir", folder / "journal")


def processor(folder):
    return ("downlink-processor", "--port", free_ports(3), "--store", "memory")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    """Flags that give a program secrets, by their names; and that this system writes cores at all."""
    folder = tmp_path_factory.mktemp("secrets")
    if not leaves_core(folder, *gateway(folder)):
        pytest.skip("this system writes no cores")
    (folder / "keys").mkdir(mode=0o700)
    (folder / "tokens").touch(mode=0o600)
    return {"tokens": ["--token-file", folder / "tokens"], "keys": ["--curve-dir", folder / "keys"],
            "tls": tls.files(*tls.Authority(folder).sign("server"))}


@pytest.mark.parametrize("program, secret", [(gateway, "tokens"), (gateway, "keys"), (gateway, "tls"),
                                             (processor, "keys")])
def test_a_program_with_secrets_leaves_no_core(program, secret, secrets, tmp_path):
    assert not leaves_core(tmp_path, *program(tmp_path), *secrets[secret])


def test_a_flag_decides_about_cores(secrets, tmp_path):
    assert leaves_core(tmp_path, *gateway(tmp_path), *secrets["tokens"], "--core-dumps", "yes")
    assert not leaves_core(tmp_path, *processor(tmp_path), "--core-dumps", "no")


@pytest.mark.parametrize("name, words", [
    ("downlink-processor", ["--store", f"postgres://me:{SECRET}@127.0.0.1:9/rockets?password={SECRET}"]),
    ("downlink-processor", [f"--store=postgres://me:{SECRET}@127.0.0.1:9/rockets"]),
    ("downlink-launch", ["--token", SECRET, "http://127.0.0.1:9"]),
    ("downlink-launch", [f"--token={SECRET}", "http://127.0.0.1:9"])])
def test_other_users_do_not_see_the_secrets_of_arguments(name, words, tmp_path):
    flags = ["--port", free_ports(3)] if name == "downlink-processor" else []
    program = Program(tmp_path, name, *flags, *words)
    try:
        shown = pathlib.Path(f"/proc/{program.process.pid}/cmdline")

        def are_hidden():
            words = shown.read_bytes()
            return b"*" in words and SECRET.encode() not in words
        until(are_hidden, what="arguments without the secret")
        assert len(shown.read_bytes()) > len(SECRET), "the others stay"
        until(lambda: re.search("away|does not answer|cannot be reached", program.text()), what="its first try")
        assert SECRET not in program.text()
    finally:
        program.process.kill()
        program.process.wait()
