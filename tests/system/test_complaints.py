"""When a resource is missing, the log names it, with the reason and advice."""
import contextlib
import http.server
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from downlink import BIN, Program, free_ports, until


def become_nobody():
    nobody = pwd.getpwnam("nobody")
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


@contextlib.contextmanager
def executable_by_all(program):
    """A copy of a program that every user may run, wherever the build lies."""
    with tempfile.TemporaryDirectory(prefix="downlink-program-") as folder:
        os.chmod(folder, 0o755)
        yield shutil.copy(BIN / program, folder)


def refuse(program, *flags, as_nobody=False):
    """Run a program that must refuse to start. Return its complaint."""
    with executable_by_all(program) as path:
        done = subprocess.run([path, *map(str, flags)], capture_output=True, text=True, timeout=60,
                              cwd="/", preexec_fn=become_nobody if as_nobody else None)
    assert done.returncode == 1, done.stderr
    complaint = [line for line in done.stderr.splitlines() if " error " in line][-1]
    assert "advice=" in complaint
    return complaint


def test_a_second_gateway_on_a_port_is_refused(start):
    both = start()
    said = refuse("downlink-gateway", "--listen", f"127.0.0.1:{both.http}", "--journal-dir",
                  both.journal, "--processors", f"127.0.0.1:{both.port}")
    assert "cannot listen" in said and str(both.http) in said and "another port" in said
    both.stop()


@pytest.mark.parametrize("offset", [0, 1, 2])
def test_each_port_of_a_processor_is_named_when_it_is_taken(folder, offset):
    port = free_ports(3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + offset))
        taken.listen()
        said = refuse("downlink-processor", "--port", port, "--state-dir", f"{folder}/state")
    assert ["frames", "queries", "events"][offset] in said and "another port" in said


@pytest.mark.parametrize("program,flags", [
    ("downlink-gateway", ["--listen", "192.0.2.1:8088", "--insecure", "--journal", "off"]),
    ("downlink-gateway", ["--listen", "nowhere:8088", "--insecure", "--journal", "off"]),
    ("downlink-processor", ["--bind", "192.0.2.1", "--insecure", "--store", "memory"])])
def test_an_address_of_another_machine_is_explained(program, flags):
    assert "no such address" in refuse(program, *flags)


def test_a_name_that_does_not_resolve_is_said_and_tried_again(folder):
    port = free_ports(1)
    gateway = Program(folder, "downlink-gateway", "--listen", f"127.0.0.1:{port}", "--journal",
                      "off", "--processors", "no-such-host.invalid:5561", "--insecure")
    until(lambda: "cannot resolve" in gateway.text(), what="the complaint")
    until(lambda: "listening" in gateway.text(), what="the gateway goes on")
    assert "name=no-such-host.invalid" in gateway.text() and "name server" in gateway.text()
    assert gateway.stop() == 0


@pytest.mark.parametrize("program,flag", [
    ("downlink-gateway", "--journal-dir"), ("downlink-processor", "--state-dir")])
def test_a_directory_that_cannot_be_used_is_named_with_what_to_do(folder, program, flag):
    port = free_ports(3)
    where = ["--listen", f"127.0.0.1:{port}"] if "gateway" in program else ["--port", port]
    (pathlib.Path(folder) / "a-file").touch()
    for directory, advice in ((f"{folder}/a-file", "a file where a directory should be"),
                              (f"{folder}/a-file/below", "a file where a directory should be"),
                              ("/proc/nowhere", "see that it is there")):
        said = refuse(program, flag, directory, *where)
        assert directory in said and advice in said
    if os.geteuid() == 0:
        said = refuse(program, flag, "/usr/share/nobody-may", *where, as_nobody=True)
        assert "/usr/share/nobody-may" in said and "change its owner" in said


def test_a_launch_at_nobody_says_so_once_and_goes_on(folder):
    port = free_ports(1)
    done = subprocess.run([BIN / "downlink-launch", f"http://127.0.0.1:{port}/", "--max-messages",
                           "3", "--max-duration", "1s"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.count(f"127.0.0.1:{port} does not answer") == 1


@contextlib.contextmanager
def answering(*statuses):
    """A server that answers POST with these statuses, one after the other, the last for ever."""
    left, lock = list(statuses), threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            with lock:  # clients come at once
                status = left.pop(0) if len(left) > 1 else left[0]
            body = json.dumps({"status": status, "detail": f"because of \x9b{status}"}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            with contextlib.suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/messages"
        server.shutdown()
        thread.join()


def launch(url, *words):
    return subprocess.run([BIN / "downlink-launch", url, "--max-messages", "3", "--json", *words],
                          capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("status", [301, 400, 401, 404, 405, 413, 415, 501])
def test_a_launch_that_is_refused_for_good_says_why_once_and_ends(status):
    with answering(status) as url:
        done = launch(url)
    assert done.returncode == 1
    assert done.stderr.count("downlink-launch: ") == 1
    assert f'{url} answers {status}, "because of \\u009b{status}"' in done.stderr
    assert json.loads(done.stdout)["delivered"] == 0


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_launch_that_is_refused_for_now_says_why_once_and_tries_again(status):
    with answering(*[status] * 5, 202) as url:
        done = launch(url, "--retry", "10ms")
    assert done.returncode == 0
    assert done.stderr.count("downlink-launch: ") == 1
    assert f"{url} answers {status}, " in done.stderr and "Trying again every 10 ms" in done.stderr
    assert json.loads(done.stdout)["delivered"] == 3


def test_a_launch_at_another_path_of_a_gateway_ends_at_once(pair):
    for path, status in (("/nowhere", 404), ("/rockets", 405)):
        began = time.monotonic()
        done = launch(f"http://127.0.0.1:{pair.http}{path}")
        assert done.returncode == 1 and f"{path} answers {status}, " in done.stderr
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("url", ["http://", "http://:80/", "http://x:port/", "http://x:70000/"])
def test_a_launch_at_no_url_is_wrong_usage_and_a_name_without_an_address_is_not(url):
    assert launch(url).returncode == 2
    done = launch("http://nowhere.invalid/messages")
    assert done.returncode == 1 and "'nowhere.invalid' cannot be resolved" in done.stderr
