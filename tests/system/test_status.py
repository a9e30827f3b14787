"""downlink-query status: one screen, and an exit status that tells whether all is well."""
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import signal
import subprocess
import threading

import pytest

from downlink import BIN, Pair, free_ports, message, until

WELL = {"uptimeMs": 5000, "partitions": 16, "buffered": 0, "bufferLimit": 100, "journalBytes": 0,
        "journalLimit": 1000, "isJournalDiskFull": False, "setAsideFrames": 0, "alarms": {},
        "processors": [], "routing": [{"partition": 0, "owner": "x", "lagSeconds": 0.0}]}


def status(*words, columns=""):
    return subprocess.run([BIN / "downlink-query", "status", *map(str, words)], text=True, timeout=60,
                          capture_output=True, env={**os.environ, "COLUMNS": str(columns)})


@contextlib.contextmanager
def answering(body, code=200):
    """A server that gives one answer to every GET. Yields its port."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            data = body.encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def pair(folder):
    both = Pair(folder)
    both.post([message(f"rocket-{number}", 1) for number in range(40)])
    both.here = ["--gateways", f":{both.http}", "--processors", f":{both.port}"]
    def are_saved():
        told = json.loads(status("--json", *both.here).stdout)
        return (told["isWell"] and told["rockets"] == 40 and told["gateways"][0]["buffered"] == 0
                and told["processors"][0]["unsaved"] == 0)
    until(are_saved, what="the rockets")
    yield both
    both.stop()


def test_all_that_is_well_fits_one_screen(pair):
    shown = status(*pair.here, columns=80)
    assert shown.returncode == 0 and shown.stderr == ""
    lines = shown.stdout.splitlines()
    assert len(lines) < 15 and max(map(len, lines)) <= 80
    assert [line.split(None, 1)[1] for line in lines[1:3]] == ["16 of 16 have an owner", "40"]
    assert lines[-1] == "All is well."
    processor = next(line for line in lines if f"localhost:{pair.port}" in line).split()
    assert processor[-4:] == ["16", "40", "0", "sqlite"]
    gateway = next(line for line in lines if f"localhost:{pair.http}" in line).split()
    assert gateway[3:7] == ["0", "1000000", "0.0", "s"] and gateway[-1] == "0"


def test_programs_get_the_same_as_json(pair):
    told = json.loads(status("--json", *pair.here).stdout)
    assert told["isWell"] and told["faults"] == []
    assert (told["partitions"], told["unownedPartitions"], told["rockets"]) == (16, 0, 40)
    [processor], [gateway] = told["processors"], told["gateways"]
    assert processor["isUp"] and processor["store"] == "sqlite" and not processor["isStoreAway"]
    assert gateway["bufferLimit"] == 1000000 and gateway["alarms"] == 0


def test_the_gateway_leads_to_its_processors(pair):
    told = json.loads(status("--json", "--gateways", f":{pair.http}").stdout)
    assert told["isWell"] and len(told["processors"]) == 1


def test_processors_alone_can_be_asked(pair):
    told = json.loads(status("--json", "--gateways", "none", *pair.here[2:]).stdout)
    assert told["isWell"] and told["gateways"] == []


def test_a_gateway_that_is_away_is_wrong(pair):
    nobody = free_ports(1)
    shown = status(*pair.here[2:], "--gateways", f"localhost:{pair.http},localhost:{nobody}")
    assert shown.returncode == 1 and "Something is wrong:" in shown.stdout
    [fault] = shown.stderr.splitlines()
    assert fault.startswith(f"downlink-query: the gateway localhost:{nobody} does not answer: ")


def test_a_processor_that_dies_is_wrong(folder):
    both = Pair(folder, gateway=("--workers", "1"))
    where = ["--timeout", "1s", "--gateways", f":{both.http}", "--processors", f":{both.port}"]
    until(lambda: status(*where).returncode == 0, what="all is well")
    both.processor.send(signal.SIGKILL)
    both.processor.process.wait()
    assert f"localhost:{both.port} does not answer" in status(*where).stderr
    both.post([message("waiting", 1)])
    until(lambda: "hears nothing from the processor" in status(*where).stderr, what="the gateway's word")
    told = json.loads(status("--json", *where).stdout)
    assert not told["isWell"] and told["gateways"][0]["unownedPartitions"] == 16
    assert told["gateways"][0]["buffered"] == 1
    assert any("16 of 16 partitions have no owner" in fault for fault in told["faults"])
    both.processor = both.start_processor()
    until(lambda: status(*where).returncode == 0, what="all is well again")
    both.stop()


@pytest.mark.parametrize("change, fault", [
    ({"buffered": 80}, "is nearly full: 80 of 100 messages wait"),
    ({"journalBytes": 900}, "the journal of the gateway"),
    ({"isJournalDiskFull": True}, "the disk of its journal is full"),
    ({"setAsideFrames": 2}, "2 frames are set aside"),
    ({"alarms": {"contestedPartitions": 3}}, "3 partitions are claimed by two processors each"),
    ({"alarms": {"unlistedProcessors": 1}}, "1 processor is not in --processors"),
    ({"alarms": {"fullProcessors": 2}}, "2 processors hold as many rockets as they may"),
    ({"alarms": {"awayStores": 1}}, "1 processor has a store that does not answer"),
    ({"partitions": 0}, "has heard no processor yet"),
    ({"routing": [{"partition": 0, "owner": "x", "lagSeconds": 7.2}]}, "waits for 7 seconds"),
    ({"processors": [{"address": "10.0.0.7:5561", "isUp": False}]},
     "hears nothing from the processor 10.0.0.7:5561")])
def test_each_fault_of_a_gateway_is_a_sentence(pair, change, fault):
    with answering(json.dumps({**WELL, **change})) as port:
        shown = status("--gateways", f":{port}", *pair.here[2:])
    assert shown.returncode == 1
    [said] = shown.stderr.splitlines()
    assert fault in said and f"localhost:{port}" in said


@pytest.mark.parametrize("status_code, body, fault", [
    (401, "{}", "answers 401 instead of its stats: it wants a token"),
    (404, "{}", "answers 404 instead of its stats"), (200, "{}", "is it a gateway?"),
    (200, "no JSON", "is it a gateway?"), (200, '{"routing": 7}', "is it a gateway?")])
def test_another_server_is_told_from_a_gateway(pair, status_code, body, fault):
    with answering(body, status_code) as port:
        shown = status("--gateways", f":{port}", *pair.here[2:])
    assert shown.returncode == 1 and fault in shown.stderr


def test_a_gateway_with_a_token_file_is_asked_with_a_token(folder):
    tokens = pathlib.Path(folder) / "tokens"
    tokens.write_text(f"monitor stats {hashlib.sha256(b'secret').hexdigest()}\n")
    tokens.chmod(0o600)
    both = Pair(folder, gateway=("--token-file", tokens))
    where = ["--gateways", f":{both.http}", "--processors", f":{both.port}"]
    refused = status(*where)
    assert refused.returncode == 1 and "it wants a token with the scope stats" in refused.stderr
    until(lambda: status(*where, "--token", "secret").returncode == 0, what="all is well")
    both.stop()
    assert status("--token", "no token").returncode == 2


def test_wrong_usage_is_refused():
    for words, said in ((["now"], "takes no argument"), (["--gateways", "8088"], "must be none or a list"),
                        (["--gateways", "a,,b"], "must be none or a list")):
        refused = status(*words)
        assert refused.returncode == 2 and said in refused.stderr
