"""Measure the same load with TLS and without, in turn: POST and GET from 64 keep-alive connections, and a new connection
for each message. Beside the rates the rows keep the core time that a gateway takes for a request, which depends less on
other work of the machine."""
import contextlib
import pathlib
import subprocess

import harness
from downlink import Program, free_ports, until

#  The clients share the cores, and decrypt too.
POST_TARGET, GET_TARGET = 0.6, 0.6
CLIENTS = 3


def sign(folder):
    """Make a certificate that is its own authority; return its path and the key's."""
    files = pathlib.Path(folder) / "tls.pem", pathlib.Path(folder) / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", files[1], "-out", files[0]], check=True, capture_output=True)
    files[1].chmod(0o600)
    return files


@contextlib.contextmanager
def secure_gateway(system, folder, certificate, key):
    """Start another gateway of the system, which speaks TLS; return its URL and its process."""
    port = free_ports(1, *harness.PORTS)
    gateway = Program(folder, "downlink-gateway", "--listen", f"127.0.0.1:{port}", "--processors",
                      ",".join(f"127.0.0.1:{one}" for one in system.ports), "--journal-dir", folder / "journal-tls",
                      "--tls-cert", certificate, "--tls-key", key)
    try:
        until(lambda: "processor is up" in gateway.text(), what="the gateway with TLS")
        yield f"https://localhost:{port}", gateway.process.pid
    finally:
        gateway.stop()


@contextlib.contextmanager
def targets_of():
    """Start a system with two gateways; return the URLs and processes of both, and the certificate."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        system = stack.enter_context(harness.System(folder))
        certificate, key = sign(folder)
        secure = stack.enter_context(secure_gateway(system, folder, certificate, key))
        yield system, {"plain": (system.url, system.gateway.process.pid), "tls": secure}, certificate


def measure_one(row, who, pid, load):
    """Run a load, and keep its result and the gateway's core time for each request."""
    before = harness.cpu_seconds(pid)
    result = load()
    used = [now - then for now, then in zip(harness.cpu_seconds(pid), before)]
    row.add(who, "requests/s", result["rate"])
    row.detail(who, result)
    row.detail(f"{who}: gateway, us of a core a request: user, kernel",
               [round(part / result["requests"] * 1e6, 2) for part in used])
    if result.get("refused") or result.get("socket_errors"):
        row.note(f"{who}: {result['refused']} refused, {result['socket_errors']} socket errors")


def measure_posts(row, rounds, seconds):
    with targets_of() as (system, targets, _):
        for _ in range(rounds):
            for who, (url, pid) in targets.items():
                measure_one(row, who, pid, lambda url=url: harness.wrk("post.lua", url, seconds, harness.salt()))
                system.settle()
    row.check_ratio("tls", "plain", ">=", POST_TARGET)


def measure_gets(row, rounds, seconds):
    with targets_of() as (system, targets, _):
        mark = harness.salt()
        harness.post_rockets_of_get(harness.port_of(targets["plain"][0]), mark)
        system.settle()
        for _ in range(rounds):
            for who, (url, pid) in targets.items():
                measure_one(row, who, pid, lambda url=url: harness.wrk("get.lua", url, seconds, mark))
    row.check_ratio("tls", "plain", ">=", GET_TARGET)


def measure_new_connections(row, rounds, seconds):
    with targets_of() as (system, targets, certificate):
        for _ in range(rounds):
            for who, (url, pid) in targets.items():
                measure_one(row, who, pid, lambda url=url: harness.launch(
                    url, ca=certificate, max_messages=1000 * seconds, concurrency_level=CLIENTS))
                system.settle()


ROWS = {"tls-post": ("POST one message with TLS, 64 connections", measure_posts),
        "tls-get": ("GET one rocket with TLS, 64 connections", measure_gets),
        "tls-new": ("POST one message with TLS, a new connection each, 3 clients", measure_new_connections)}
