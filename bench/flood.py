#!/usr/bin/python3
"""A good client beside floods: how its p99 changes, and whether anything of it fails.

Runs in a network of its own (own_network), so that the flood comes from one address that is not loopback.
Usage: flood.py [SECONDS]; DOWNLINK_BIN names the programs. Exit status 1 if a request of the good client
failed.
"""
import contextlib
import http.client
import json
import multiprocessing
import os
import pathlib
import resource
import socket
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))
import own_network  # noqa: E402
from downlink import Program, free_ports, message, until  # noqa: E402

ATTACKER, GOOD = own_network.CLIENTS[0], own_network.CLIENTS[1]
BODY = b"POST /messages HTTP/1.1\r\nHost: one\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n\r\n"
LINE = json.dumps(message("flood", 1)).encode() + b"\n"


def connections(port, count, first):
    """Open so many connections, and begin on each in the same way; closed ones are opened again."""
    opened = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            one = socket.create_connection((own_network.SERVER, port), 2, (ATTACKER, 0))
            one.sendall(first)
            opened.append(one)
    return opened


def trickle(opened):
    while True:
        for one in opened:
            with contextlib.suppress(OSError):
                one.send(b"x")
        time.sleep(1)


def stranger(port):
    import zmq  # pylint: disable=import-outside-toplevel
    push = zmq.Context().socket(zmq.PUSH)
    push.connect(f"tcp://127.0.0.1:{port}")
    while True:
        push.send(b"\x95\x01no frame")


FLOODS = {
    "nothing": None,
    "1,000 slow heads": lambda http, _: trickle(connections(http, 1000, b"GET / HTTP/1.1\r\nX: ")),
    "1,000 half uploads": lambda http, _: trickle(connections(http, 1000, BODY + LINE * 1000)),
    "10,000 connections": lambda http, _: trickle(connections(http, 10000, b"G")),
    "500 unread streams": lambda http, _: time.sleep(
        3600 + len(connections(http, 500, b"GET /events HTTP/1.1\r\nHost: one\r\n\r\n"))),
    "a stranger's PUSH": lambda _, frames: stranger(frames),
}


def measure(port, seconds):
    """Post messages one after the other. Return the times in ms, sorted, and the number of failures."""
    times, failures = [], 0
    client = http.client.HTTPConnection(own_network.SERVER, port, 30, source_address=(GOOD, 0))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        client.request("POST", "/messages", json.dumps(message(f"good-{len(times) % 20}", len(times) + 1)))
        response = client.getresponse()
        response.read()
        failures += response.status != 202
        times.append(1000 * (time.monotonic() - begin))
        time.sleep(0.002)
    return sorted(times), failures


def run(folder, seconds):
    """Measure beside each flood. Return the number of failures."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    frames, port, failed = free_ports(3), free_ports(1), 0
    processor = Program(folder, "downlink-processor", "--port", frames)
    gateway = Program(folder, "downlink-gateway", "--listen", f"0.0.0.0:{port}", "--insecure", "--processors",
                      f"127.0.0.1:{frames}")
    try:
        processor.lines_with("ready")
        until(lambda: "processor is up" in gateway.text(), what="the processor")
        measure(port, 1)
        print(f"{'beside':22} {'p50 ms':>8} {'p99 ms':>8} {'requests':>9} {'failed':>7}")
        for name, flood in FLOODS.items():
            process = multiprocessing.Process(target=flood, args=(port, frames)) if flood else None
            if process:
                process.start()
                time.sleep(2)
            times, failures = measure(port, seconds)
            failed += failures
            print(f"{name:22} {times[len(times) // 2]:8.2f} {times[len(times) * 99 // 100]:8.2f} "
                  f"{len(times):9} {failures:7}", flush=True)
            if process:
                process.kill()
                process.join()
    finally:
        gateway.stop()
        processor.stop()
    return failed


if __name__ == "__main__":
    if own_network.INSIDE in os.environ:
        with tempfile.TemporaryDirectory(prefix="downlink-") as place:
            sys.exit(1 if run(place, float(sys.argv[1]) if len(sys.argv) > 1 else 10) else 0)
    sys.exit(own_network.run([sys.executable, *sys.argv], env={**os.environ, own_network.INSIDE: "1"}).returncode)
