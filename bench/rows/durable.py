"""POST from 64 keep-alive connections, or 8, beside others that answer after a sync: the least that such a service does, and
Webdis on Redis and NATS JetStream, if they are installed. And how long a sync alone takes on this disk."""
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import time

import harness
from downlink import free_ports, until

SYNCED_TARGET, WEBDIS_TARGET, NATS_TARGET = 0.8, 1.0, 1.0
NATS_MESSAGES, NATS_BYTES = 20000, 200
FEW = 8
BLOCK, FILE, SYNCS = 8192, 16 << 20, 1000


def syncs(folder):
    """Return the median time of an fdatasync, in us: of a block over existing ones, and of one behind them."""
    times = {"existing": [], "appended": []}
    file = os.open(folder / "syncs", os.O_RDWR | os.O_CREAT, 0o600)
    os.pwrite(file, bytes(FILE), 0)
    os.fsync(file)
    for number in range(SYNCS):
        for kind, place in (("existing", number * BLOCK % FILE), ("appended", FILE + number * BLOCK)):
            os.pwrite(file, b"m" * BLOCK, place)
            began = time.perf_counter()
            os.fdatasync(file)
            times[kind].append(1e6 * (time.perf_counter() - began))
    os.close(file)
    return {kind: statistics.median(all_of_them) for kind, all_of_them in times.items()}


def require(*programs):
    """Skip what needs programs that are not installed."""
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        raise harness.Skip(f"{' and '.join(missing)} not installed")


@contextlib.contextmanager
def running(*words):
    """A program that is killed at the end."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def webdis(folder):
    """Webdis with a Redis that syncs before each answer; its URL."""
    require("redis-server", "webdis")
    redis, port = free_ports(1, *harness.PORTS), free_ports(1, *harness.PORTS)
    config = folder / "webdis.json"
    config.write_text(json.dumps({"redis_host": "127.0.0.1", "redis_port": redis, "http_host": "127.0.0.1",
                                  "http_port": port, "threads": 1, "pool_size": 1, "daemonize": False,
                                  "http_max_request_size": 65536, "acl": [{"disabled": []}], "verbosity": 1,
                                  "logfile": str(folder / "webdis.log")}))
    with running("redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly",
                 "yes", "--appendfsync", "always", "--save", ""), running("webdis", str(config)):

        def answers():
            with contextlib.suppress(OSError), harness.Client(port) as client:
                return client.call("GET", "/PING").status == 200
            return False
        until(answers, 10, "an answer of Webdis")
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def nats(folder):
    """NATS JetStream that syncs before each answer; a function that returns how many messages a second as many
    publishers as a load has connections get acknowledged, one at a time each."""
    require("nats-server", "nats")
    port = free_ports(1, *harness.PORTS)
    config = folder / "nats.conf"
    config.write_text(f'listen: 127.0.0.1:{port}\njetstream {{ store_dir: "{folder}", sync_interval: always }}\n')
    command = ["nats", "--no-context", "--server", f"nats://127.0.0.1:{port}", "bench", "js", "pub", "sync", "bench",
               "--create", "--no-progress", "--clients", str(harness.CONNECTIONS), "--size", f"{NATS_BYTES}B"]

    def publish(messages=NATS_MESSAGES):
        run = subprocess.run([*command, "--msgs", str(messages)], capture_output=True, text=True, check=False)
        rate = re.search(r"aggregated stats: ([\d,]+) msgs/sec", run.stdout)
        return int(rate[1].replace(",", "")) if rate else 0

    with running("nats-server", "--config", str(config)):
        until(lambda: publish(harness.CONNECTIONS), 10, "an acknowledgement of NATS")
        yield publish


def measure_few(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        system = stack.enter_context(harness.System(folder))
        synced = harness.entered(stack, lambda: harness.synced(folder), row)
        for _ in range(rounds):
            for who, target in (("downlink", system), ("limit", synced)):
                if target:
                    row.add(who, "messages/s",
                            harness.wrk("post.lua", target.url, seconds, harness.salt(), FEW)["rate"])
                if who == "downlink":
                    system.settle()
    row.check_ratio("downlink", "limit", ">=", SYNCED_TARGET)


def measure(row, rounds, seconds):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(harness.folder())
        system = stack.enter_context(harness.System(folder))
        synced = harness.entered(stack, lambda: harness.synced(folder), row)
        redis = harness.entered(stack, lambda: webdis(folder), row)
        jetstream = harness.entered(stack, lambda: nats(folder), row)
        for _ in range(rounds):
            for kind, us in syncs(folder).items():
                row.add(f"fdatasync, {kind} blocks", "us", us)
            loads = {"downlink": ("post.lua", system.url)}
            loads |= {"limit": ("post.lua", synced.url)} if synced else {}
            loads |= {"webdis": ("webdis.lua", redis)} if redis else {}
            for who, (script, url) in loads.items():
                result = harness.wrk(script, url, seconds, harness.salt())
                row.add(who, "messages/s", result["rate"])
                row.detail(who, result)
                if who == "downlink":
                    system.settle()
            if jetstream:
                row.add("nats", "messages/s", jetstream())
    row.check_ratio("downlink", "limit", ">=", SYNCED_TARGET)
    if redis:
        row.check_ratio("downlink", "webdis", ">=", WEBDIS_TARGET)
    if jetstream:
        row.check_ratio("downlink", "nats", ">=", NATS_TARGET)


ROWS = {"durable": ("POST one message, 64 connections, beside others that sync before they answer", measure),
        "durable-few": (f"the same with {FEW} connections, beside the limit", measure_few)}
