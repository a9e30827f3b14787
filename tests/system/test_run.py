"""scripts/run.sh, which `make run` starts: a processor that dies comes back, and a stop ends all."""
import json
import os
import signal
import subprocess

from downlink import BIN, READY_SECONDS, ROOT, Client, channel, free_ports, message, until


def test_a_processor_that_is_killed_is_taken_over_and_comes_back(tmp_path):
    first = free_ports(7)
    http, ports = first + 6, [first, first + 3]
    log = tmp_path / "log"
    with open(log, "wb") as output:
        run = subprocess.Popen(
            [ROOT / "scripts" / "run.sh"], stdout=output, stderr=output, start_new_session=True,
            env={**os.environ, "DOWNLINK_BIN": str(BIN), "DOWNLINK_LISTEN": f"127.0.0.1:{http}",
                 "DOWNLINK_PORT": str(first), "DOWNLINK_STATE_DIR": str(tmp_path / "state"),
                 "DOWNLINK_JOURNAL_DIR": str(tmp_path / "journal"), "PROCESSORS": "2"})
    try:
        until(lambda: "Downlink is ready" in log.read_text() or run.poll() is not None)
        assert run.poll() is None, log.read_text()

        def owners():
            with Client(http) as client:
                return [route["owner"] for route in client.call("GET", "/stats").json()["routing"]]

        def are_shared():
            return None not in owners() and len(set(owners())) == 2
        until(are_shared, what="two owners")
        rocket = channel()
        with Client(http) as client:
            assert client.call("POST", "/messages", json.dumps(message(rocket, 1))).status == 202
        victims = subprocess.run(["pgrep", "-P", str(run.pid), "-f", f"port {ports[1]}$"],
                                 stdout=subprocess.PIPE, check=True, text=True).stdout.split()
        os.kill(int(victims[0]), signal.SIGKILL)
        until(lambda: "starting it again" in log.read_text(), what="the restart")
        until(are_shared, what="two owners again")
        with Client(http) as client:
            assert client.call("GET", f"/rockets/{rocket}").json()["messagesApplied"] == 1
    finally:
        run.send_signal(signal.SIGTERM)
        status = run.wait(READY_SECONDS)
    assert status == 0, log.read_text()
