"""Signals: a terminal that closes stops the programs cleanly, and signals that mean nothing are ignored."""
import os
import pty
import signal
import subprocess
import time

import pytest

from downlink import (BIN, IS_SANITIZED, READY_SECONDS, ROOT, STOP_SECONDS, Pair, Program, free_ports, message,
                      until)

IGNORED = [signal.SIGPIPE, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM,
           signal.SIGPROF, signal.SIGIO, signal.SIGPWR, signal.SIGXFSZ, signal.SIGTTOU,
           signal.SIGRTMIN, signal.SIGRTMAX]


def test_signals_that_mean_nothing_are_ignored_and_a_hangup_stops_cleanly(folder):
    both = Pair(folder)
    for number in IGNORED:
        both.gateway.send(number)
        both.processor.send(number)
    assert both.post([message("apollo", 1)]).status == 202
    both.rocket_when("apollo", lambda rocket: rocket["messagesApplied"] == 1)
    for program in (both.gateway, both.processor):
        #  A closing terminal sends it twice: from the kernel, and from the shell.
        program.send(signal.SIGHUP)
        until(lambda: "stopping" in program.text(), what="the stop")
        if program.process.poll() is None:
            program.send(signal.SIGHUP)
        assert program.process.wait(STOP_SECONDS) == 0, program.text()
        assert program.text().splitlines()[-1].endswith(": stopped")


def threads_of(process):
    """Return the number of threads; 0: the process has ended."""
    try:
        return len(os.listdir(f"/proc/{process.pid}/task"))
    except FileNotFoundError:
        return 0


@pytest.mark.skipif(IS_SANITIZED, reason="a sanitizer has a thread of its own")
@pytest.mark.parametrize("program", ["gateway", "processor", "query"])
def test_a_signal_that_comes_with_the_second_thread_stops_cleanly(folder, program):
    """downlink-query made its first threads before it blocked the signal, and died of it in 54 of 60 runs."""
    port = free_ports(3)
    flags = {"gateway": ["--listen", f"127.0.0.1:{port}", "--journal-dir", f"{folder}/early"],
             "processor": ["--port", port, "--state-dir", f"{folder}/early"],
             "query": ["watch", "--processors", f"127.0.0.1:{port}"]}[program]
    for _ in range(10):
        process = subprocess.Popen([BIN / f"downlink-{program}", *map(str, flags)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        while threads_of(process) == 1:
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_SECONDS) == 0


def pairs(line):
    return dict(pair.split("=", 1) for pair in line.split() if "=" in pair)


def test_sigusr1_logs_the_state_of_each_loop_once_a_second_at_most(start):
    both = start(gateway=["--workers", "2"])
    assert both.post([message("apollo", 1)]).status == 202
    both.rocket_when("apollo", lambda rocket: rocket["messagesApplied"] == 1)
    began = time.monotonic()
    for _ in range(20):
        both.gateway.send(signal.SIGUSR1)
        both.processor.send(signal.SIGUSR1)

    def states():
        return [pairs(line) for line in both.gateway.lines_with(": state ")]
    until(lambda: {state["worker"] for state in states()} == {"0", "1"}, what="the state of each worker")
    lines = both.processor.lines_with(": state ")
    workers = states()
    most = 1 + (time.monotonic() - began)
    assert len(lines) <= most and len(workers) <= 2 * most
    assert all((worker["processors_up"], worker["unowned_partitions"]) == ("1", "0")
               for worker in workers)
    state = pairs(lines[0])
    assert (state["ready"], state["rockets"], state["applied"]) == ("yes", "1", "1")
    assert state["partitions_held"] == state["partitions"] == "16"
    assert both.gateway.process.poll() is None and both.processor.process.poll() is None


@pytest.mark.parametrize("name", ["downlink-gateway", "downlink-processor"])
def test_sigquit_still_ends_a_program_at_once(name, tmp_path):
    port = free_ports(3)
    where = ["--listen", f"127.0.0.1:{port}", "--journal", "off"] if "gateway" in name else \
            ["--port", port, "--store", "memory"]
    program = Program(tmp_path, name, *where)
    until(lambda: "listening" in program.text() or "ready" in program.text(), what="the start")
    program.send(signal.SIGQUIT)
    assert program.process.wait(STOP_SECONDS) == -signal.SIGQUIT


def test_a_hangup_that_is_ignored_at_the_start_stays_ignored(tmp_path):
    program = Program(tmp_path, "downlink-processor", "--port", free_ports(3), "--store", "memory",
                      wrapper=["nohup"])
    until(lambda: "ready" in program.text(), what="the start")
    program.send(signal.SIGHUP)
    program.send(signal.SIGTERM)
    assert program.process.wait(STOP_SECONDS) == 0
    assert "stopped" in program.text()


def test_a_hangup_ends_watch_and_launch(tmp_path):
    port = free_ports(3)
    watch = Program(tmp_path, "downlink-query", "watch", "--processors", f"127.0.0.1:{port}")
    until(lambda: "does not answer" in watch.text(), what="the watching")
    assert watch.stop(signal.SIGHUP) == 0
    launch = Program(tmp_path, "downlink-launch", f"http://127.0.0.1:{port}/messages", "--json")
    launch.lines_with("does not answer")  # it sends, so it listens to signals
    assert launch.stop(signal.SIGHUP) == 1
    assert '"delivered"' in launch.text(), "the summary is printed all the same"


def test_a_terminal_that_closes_stops_run_with_all_that_it_started(tmp_path):
    first = free_ports(4)
    terminal, side = pty.openpty()
    run = subprocess.Popen(
        ["setsid", "--ctty", ROOT / "scripts" / "run.sh"], stdin=side, stdout=side, stderr=side,
        env={**os.environ, "DOWNLINK_BIN": str(BIN), "DOWNLINK_LISTEN": f"127.0.0.1:{first + 3}",
             "DOWNLINK_PORT": str(first), "DOWNLINK_STATE_DIR": str(tmp_path / "state"),
             "DOWNLINK_JOURNAL_DIR": str(tmp_path / "journal"), "PROCESSORS": "1"})
    os.close(side)
    shown = b""
    while b"Downlink is ready" not in shown:
        shown += os.read(terminal, 4096)
    children = subprocess.run(["pgrep", "-P", str(run.pid)], stdout=subprocess.PIPE, check=True,
                              text=True).stdout.split()
    os.close(terminal)
    assert run.wait(READY_SECONDS) == 0
    until(lambda: not any(os.path.exists(f"/proc/{child}") for child in children),
          what="the end of the children")
    assert list((tmp_path / "state" / "members").iterdir()) == [], "the processor left"
