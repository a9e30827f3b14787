#!/usr/bin/python3
"""A good client beside floods: how its p99 changes, and whether anything of it fails.

Runs in a network of its own (own_network), so that the flood comes from one address that is not loopback.
Usage: flood.py [SECONDS]; DOWNLINK_BIN names the programs. Exit status 1 if a request of the good client
failed.
"""
import collections
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

import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))
import own_network  # noqa: E402
from downlink import Program, free_ports, message, until  # noqa: E402
from keys import Keys  # noqa: E402

ATTACKER, GOOD = own_network.CLIENTS[0], own_network.CLIENTS[1]
UNKNOWN = zmq.curve_keypair()
BODY = b"POST /messages HTTP/1.1\r\nHost: one\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n\r\n"
LINE = json.dumps(message("flood", 1)).encode() + b"\n"


def connections(port, count, first):
    """Open so many connections, and send each the same first bytes."""
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


def connected(context, port, server_key=None):
    """Return a PUSH from the attacker's address, with an unknown key if server_key is given."""
    push = context.socket(zmq.PUSH)
    push.linger = 0
    if server_key:
        push.curve_publickey, push.curve_secretkey = UNKNOWN
        push.curve_serverkey = server_key
    push.connect(f"tcp://{ATTACKER}:0;{own_network.SERVER}:{port}")
    return push


def stranger(port):
    push = connected(zmq.Context(), port)
    while True:
        push.send(b"\x95\x01no frame")


def unknown_keys(port, server_key):
    """Open connections with unknown keys without pause, 16 at a time."""
    context, opened = zmq.Context(), collections.deque()
    while True:
        opened.append(connected(context, port, server_key))
        if len(opened) > 16:
            opened.popleft().close()
        time.sleep(0.001)


FLOODS = {
    "nothing": None,
    "1,000 slow heads": lambda http, *_: trickle(connections(http, 1000, b"GET / HTTP/1.1\r\nX: ")),
    "1,000 half uploads": lambda http, *_: trickle(connections(http, 1000, BODY + LINE * 1000)),
    "10,000 connections": lambda http, *_: trickle(connections(http, 10000, b"G")),
    "500 unread streams": lambda http, *_: time.sleep(
        3600 + len(connections(http, 500, b"GET /events HTTP/1.1\r\nHost: one\r\n\r\n"))),
    "a stranger's PUSH": lambda _, frames, key: stranger(frames),
    "unknown keys": lambda _, frames, key: unknown_keys(frames, key),
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
    frames, port, failed, keys = free_ports(3), free_ports(1), 0, Keys(pathlib.Path(folder) / "keys")
    processor = Program(folder, "downlink-processor", "--bind", "0.0.0.0", "--port", frames, "--curve-dir", keys.path)
    gateway = Program(folder, "downlink-gateway", "--listen", f"0.0.0.0:{port}", "--insecure", "yes", "--processors",
                      f"127.0.0.1:{frames}", "--curve-dir", keys.path)
    try:
        processor.lines_with("ready")
        until(lambda: "processor is up" in gateway.text(), what="the processor")
        server_key = keys.public("processor").encode()
        measure(port, 1)
        print(f"{'beside':22} {'p50 ms':>8} {'p99 ms':>8} {'requests':>9} {'failed':>7}")
        for name, flood in FLOODS.items():
            process = multiprocessing.Process(target=flood, args=(port, frames, server_key)) if flood else None
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
