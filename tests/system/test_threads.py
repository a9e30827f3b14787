"""A thread that cannot be started, as at a limit of tasks. A program that starts says so and ends with status 1; one that runs
goes on, and tries again."""
import errno
import os
import pathlib
import re
import signal
import subprocess

import pytest

from downlink import BIN, IS_SANITIZED, Pair, Program, channel, free_ports, message, until
from fault_control import FaultControl
from keys import Keys

pytestmark = pytest.mark.skipif(IS_SANITIZED, reason="a sanitizer's runtime wants to be first itself")

TRIED = re.compile(r"error downlink-\S+: cannot start a thread thread=(\S+) reason=\"?Resource temporarily unavailable")
THREADS_MAX = 40  # of one program
NOBODY = 1  # a port at which nobody listens


def control_of(folder, name, program="downlink-processor"):
    """A control that knows the calls already, as a program has run with it."""
    control = FaultControl(pathlib.Path(folder) / f"{name}.control")
    subprocess.run([BIN / program, "--help"], env={**os.environ, **control.environment}, stdout=subprocess.DEVNULL,
                   check=True)
    return control


def thread_that_failed(program):
    """Return the name of the thread that made the program end. It ended with its status, one line and no signal."""
    text = program.text()
    names = TRIED.findall(text)
    assert program.process.returncode == 1 and len(names) == 1 and "signal=" not in text, text
    return names[0]


def threads_that_fail(start, control, is_up):
    """Start a program again and again, with the first, second, third thread that cannot be started, until all of
    them are: then is_up tells so, and the program is killed. Return the names of these threads."""
    names = []
    for number in range(1, THREADS_MAX):
        control.arm("pthread_create", number, errno.EAGAIN)
        program = start()
        until(lambda one=program: one.process.poll() is not None or is_up(one.text()), what=f"thread {number}")
        if program.process.poll() is None:
            control.disarm()
            program.stop(signal.SIGKILL)
            return names
        names.append(thread_that_failed(program))
    raise AssertionError(f"too many threads: {names}")


def is_gateway_up(text):
    return "downlink-gateway: listening" in text


def is_processor_up(text):
    return "downlink-processor: ready" in text


def test_a_start_without_one_of_its_threads_ends_with_a_line_and_keeps_what_was_accepted(tmp_path):
    controls = {name: control_of(tmp_path, name) for name in ("gateway", "processor")}
    keys = ("--curve-dir", Keys(tmp_path / "keys").path)
    pair = Pair(tmp_path, gateway=("--workers", 2, *keys), processor=("--partitions", 4, *keys),
                environment={name: control.environment for name, control in controls.items()})
    rocket = channel()
    assert pair.post([message(rocket, 1, "RocketLaunched")]).status == 202
    pair.rocket_when(rocket, lambda found: found["messagesApplied"] == 1)
    assert pair.processor.stop() == 0
    assert pair.post([message(rocket, 2)]).status == 202
    pair.gateway.stop(signal.SIGKILL)
    names = threads_that_fail(pair.start_gateway, controls["gateway"], is_gateway_up)
    assert names == ["log", "libzmq", "libzmq", "watchdog", "authenticator", "discovery", "journal", "journal",
                     "worker", "worker"]
    names = threads_that_fail(pair.start_processor, controls["processor"], is_processor_up)
    assert names == ["log", "libzmq", "libzmq", "watchdog", "authenticator", *["doorkeeper"] * 3, "saver",
                     *["arrival"] * 4]
    pair.processor, pair.gateway = pair.start_processor(), pair.start_gateway()
    assert pair.await_ready()
    pair.rocket_when(rocket, lambda found: found["messagesApplied"] == 2)
    pair.stop()


@pytest.mark.parametrize("bus,setting", [("rabbitmq", "url=amqp://127.0.0.1:1"),
                                         ("kafka", "bootstrap.servers=127.0.0.1:1")])
def test_a_start_without_a_thread_for_its_bus_ends_with_a_line(bus, setting, tmp_path):
    config = tmp_path / "bus.properties"
    config.write_text(setting + "\n", encoding="utf-8")
    flags = ("--bus", bus, f"--{bus}-config", config, "--topic", "threads")
    for name, place, is_up in (
            ("downlink-gateway", ("--listen", f"127.0.0.1:{free_ports(1)}", "--journal", "off", "--workers", 1),
             is_gateway_up),
            ("downlink-processor", ("--port", free_ports(3), "--state-dir", tmp_path / "state"),
             lambda text: "waiting for" in text)):
        control = control_of(tmp_path, name)
        names = threads_that_fail(
            lambda name=name, place=place, control=control:
                Program(tmp_path, name, *place, *flags, environment=control.environment), control, is_up)
        assert ("rabbitmq" if bus == "rabbitmq" else "librdkafka") in names


def test_a_partition_that_gets_no_thread_comes_a_moment_later(tmp_path):
    control = control_of(tmp_path, "heir")
    port = free_ports(3)
    pair = Pair(tmp_path)
    assert pair.gateway.stop() == 0
    pair.gateway_flags = ["--processors", f"127.0.0.1:{pair.port},127.0.0.1:{port}"]
    pair.gateway = pair.start_gateway()
    assert pair.await_ready()
    rockets = [channel() for _ in range(20)]
    assert pair.post([message(rocket, 1, "RocketLaunched") for rocket in rockets]).status == 202
    for rocket in rockets:
        pair.rocket_when(rocket, lambda found: found["messagesApplied"] == 1)
    heir = Program(tmp_path, "downlink-processor", "--port", port, "--state-dir", pair.state,
                   environment=control.environment)
    heir.lines_with("downlink-processor: ready")
    control.arm("pthread_create", 1, errno.EAGAIN)
    assert pair.post([message(rocket, 2) for rocket in rockets]).status == 202
    assert pair.processor.stop() == 0
    for rocket in rockets:
        pair.rocket_when(rocket, lambda found: found["messagesApplied"] == 2)
    assert TRIED.findall(heir.text()) == ["arrival"] and control.hits() == 1
    assert heir.stop() == 0 and pair.gateway.stop() == 0


@pytest.mark.parametrize("program,words,threads", [
    ("downlink-query", ["ping", "--processors", f"localhost:{NOBODY}"], 3),
    ("downlink-query", ["watch", "--processors", f"localhost:{NOBODY}"], 3),
    ("downlink-launch", [f"http://localhost:{NOBODY}/messages", "--max-duration", "300ms"], 1)])
def test_a_command_without_a_thread_says_so(program, words, threads, tmp_path):
    control = control_of(tmp_path, "command", program)
    for number in range(1, threads + 1):
        control.arm("pthread_create", number, errno.EAGAIN)
        done = subprocess.run([BIN / program, *words], env={**os.environ, **control.environment}, cwd=tmp_path,
                              capture_output=True, text=True, timeout=60, check=False)
        assert control.hits() == number and done.returncode == 1, done.stderr
        assert len(re.findall(r" error downlink\S*: cannot start a thread thread=", done.stderr)) == 1, done.stderr
