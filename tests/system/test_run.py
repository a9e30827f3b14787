"""scripts/run.sh, which `make run` starts: a processor that dies comes back, a stop ends all, a terminal that
closes is a stop, and two runs do not share a state."""
import contextlib
import json
import os
import pty
import signal
import subprocess

import pytest

from downlink import BIN, READY_SECONDS, ROOT, Client, channel, free_ports, message, until
from tls import Authority

SCRIPT = ROOT / "scripts" / "run.sh"


class Run:
    """The settings of a run with ports and folders of its own."""

    def __init__(self, folder, state=None, processors=2):
        self.first = free_ports(7)
        self.http = self.first + 6
        self.ports = [self.first, self.first + 3]
        self.state = state or folder / "state"
        self.environment = {
            **os.environ, "DOWNLINK_BIN": str(BIN), "DOWNLINK_LISTEN": f"127.0.0.1:{self.http}",
            "DOWNLINK_PORT": str(self.first), "DOWNLINK_STATE_DIR": str(self.state),
            "DOWNLINK_JOURNAL_DIR": str(folder / "journal"), "PROCESSORS": str(processors)}


@contextlib.contextmanager
def running(run, log):
    with open(log, "wb") as output:
        script = subprocess.Popen([SCRIPT], stdout=output, stderr=output, start_new_session=True,
                                  env=run.environment)
    try:
        until(lambda: "Downlink is ready" in log.read_text() or script.poll() is not None)
        assert script.poll() is None, log.read_text()
        yield script
    finally:
        script.send_signal(signal.SIGTERM)
        status = script.wait(READY_SECONDS)
    assert status == 0, log.read_text()


def test_a_processor_that_is_killed_is_taken_over_and_comes_back(tmp_path):
    run, log = Run(tmp_path), tmp_path / "log"
    with running(run, log) as script:
        def owners():
            with Client(run.http) as client:
                return [route["owner"] for route in client.call("GET", "/stats").json()["routing"]]

        def are_shared():
            return None not in owners() and len(set(owners())) == 2
        until(are_shared, what="two owners")
        former, rocket = set(owners()), channel()
        with Client(run.http) as client:
            assert client.call("POST", "/messages", json.dumps(message(rocket, 1))).status == 202
        victims = subprocess.run(["pgrep", "-P", str(script.pid), "-f", f"port {run.ports[1]}$"],
                                 stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        os.kill(int(victims[0]), signal.SIGKILL)
        until(lambda: "starting it again" in log.read_text(), what="the restart")
        until(lambda: set(owners()) != former and are_shared(), what="two owners again")

        def shown():
            with Client(run.http) as client:
                answer = client.call("GET", f"/rockets/{rocket}")
            return answer.status == 200 and answer.json()
        assert until(shown, what="the rocket")["messagesApplied"] == 1


def test_a_run_with_tls_becomes_ready_and_shows_its_address(tmp_path):
    run, log = Run(tmp_path, processors=1), tmp_path / "log"
    Authority(tmp_path).sign("server")
    run.environment |= {"DOWNLINK_TLS_CERT": str(tmp_path / "server.pem"),
                        "DOWNLINK_TLS_KEY": str(tmp_path / "server.key")}
    with running(run, log):
        assert f"https://127.0.0.1:{run.http}/" in log.read_text()


def test_a_state_that_another_run_uses_is_refused(tmp_path):
    run, log = Run(tmp_path, processors=1), tmp_path / "log"
    with running(run, log) as script:
        (tmp_path / "other").mkdir()
        other = Run(tmp_path / "other", state=run.state)
        second = subprocess.run([SCRIPT], env=other.environment, capture_output=True, text=True, timeout=60)
        assert second.returncode == 1
        assert f"another run (process {script.pid}) uses the state directory {run.state}" in second.stderr
        assert "DOWNLINK_STATE_DIR" in second.stderr
        with Client(run.http) as client:
            assert client.call("GET", "/readyz").status == 200


@pytest.fixture
def make_in_a_terminal(tmp_path):
    """Start the script under a make that leads the session of a terminal. Return make's id and the terminal."""
    (tmp_path / "Makefile").write_text(f"run:\n\t@{SCRIPT}\n")
    started = []

    def start(run):
        leader, terminal = pty.fork()
        if leader == 0:
            os.execvpe("make", ["make", "-f", str(tmp_path / "Makefile"), "run"], run.environment)
        started.append(leader)
        return leader, terminal
    yield start
    for leader in started:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(leader, signal.SIGTERM)
            os.waitpid(leader, 0)


def test_a_terminal_that_closes_ends_the_run_even_if_make_leads_its_session(tmp_path, make_in_a_terminal):
    run = Run(tmp_path, processors=1)
    leader, terminal = make_in_a_terminal(run)
    said = b""
    while b"Downlink is ready" not in said:
        said += os.read(terminal, 65536)
    os.close(terminal)
    until(lambda: os.waitpid(leader, os.WNOHANG)[0] == leader, what="the end of make")
    until(lambda: subprocess.run(["flock", "--nonblock", run.state / ".run.lock", "true"]).returncode == 0,
          what="the end of all that was started")
