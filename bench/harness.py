"""Systems and peers to measure, load for them, and numbers from both, for every row.

Each program that this module starts gets its own ports and folder; the module also ends it.
"""
import contextlib
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

import msgpack
import zmq

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
os.environ.setdefault("DOWNLINK_BIN", str(ROOT / "build-bench" / "bin"))
from downlink import BIN, Client, Program, free_ports, message, until  # noqa: E402

PORTS = (12000, 19000)
CONNECTIONS = 64
WRK_THREADS = 2
ROCKETS_OF_GET = 500


class Skip(Exception):
    """This machine cannot measure a row; the text says why."""


def setting(name, default):
    """Return a number from the environment, BENCH_ROUNDS for instance."""
    return type(default)(os.environ.get("BENCH_" + name, default))


def salt():
    return f"{random.SystemRandom().getrandbits(32):08x}"


def status_of(pid):
    """Return resident and peak memory in KiB, threads and descriptors of a process, from /proc."""
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        fields[name] = value.split()[0] if value.split() else ""
    return {"resident_kib": int(fields["VmRSS"]), "peak_kib": int(fields["VmHWM"]),
            "threads": int(fields["Threads"]),
            "descriptors": len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))}


def tree_seconds(pid):
    """Return the processor time that a process and all its descendants have used."""
    tasks = pathlib.Path(f"/proc/{pid}/task")
    children = [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    return sum(cpu_seconds(pid)) + sum(map(tree_seconds, children))


def cpu_seconds(pid):
    """Return the processor time that a process has used: in user mode, in kernel mode."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return tuple(int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:13])


@contextlib.contextmanager
def folder():
    """Make a directory for one system, on the disk that BENCH_DIR names, and remove it at the end."""
    path = tempfile.mkdtemp(prefix="downlink-bench-", dir=os.environ.get("BENCH_DIR"))
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Queries:
    """Queries to one processor over REQ. keys: the directory of keys, if the links have keys."""

    def __init__(self, port, keys=None):
        self.socket = zmq.Context.instance().socket(zmq.REQ)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RCVTIMEO, 60000)
        if keys:
            self.socket.curve_secretkey = keys.secret("query")
            self.socket.curve_publickey = keys.public("query").encode()
            self.socket.curve_serverkey = keys.public("processor").encode()
        self.socket.connect(f"tcp://127.0.0.1:{port + 1}")

    def stats(self):
        self.socket.send(msgpack.packb({"op": "stats"}))
        return msgpack.unpackb(self.socket.recv())["stats"]

    def close(self):
        self.socket.close()


class System:
    """One gateway and some processors that share a state directory."""

    def __init__(self, folder, processors=1, gateway=(), processor=(), wrappers=None, keys=None):
        """wrappers: a command, for instance valgrind, under which a program runs, by the program's name.
        keys: a directory of keys (tests/support/keys.py) for the links."""
        self.folder = folder
        first = free_ports(1 + 3 * processors, *PORTS)
        self.http = first
        self.ports = [first + 1 + 3 * index for index in range(processors)]
        self.keys = keys
        use_keys = ("--curve-dir", keys.path) if keys else ()
        self.gateway_flags, self.processor_flags = (*use_keys, *gateway), (*use_keys, *processor)
        self.wrappers = wrappers or {}
        self.gateway, self.processors, self.queries = None, [], []

    def __enter__(self):
        try:
            for port in self.ports:
                self.processors.append(self.start_processor(port))
            self.gateway = self.start_gateway()
            self.await_ready()
            self.queries = [Queries(port, self.keys) for port in self.ports]
            self.await_shares()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for query in self.queries:
            query.close()
        self.queries = []
        for program in [self.gateway, *self.processors]:
            if program and program.process.poll() is None:
                program.process.kill()
                program.process.wait()

    def start(self, name, *flags):
        return Program(self.folder, name, *flags, wrapper=self.wrappers.get(name, ()))

    def start_processor(self, port):
        return self.start("downlink-processor", "--port", port, "--state-dir",
                          self.folder / "state", *self.processor_flags)

    def start_gateway(self):
        owners = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return self.start("downlink-gateway", "--journal-dir", self.folder / "journal", "--listen",
                          f"127.0.0.1:{self.http}", "--processors", owners, *self.gateway_flags)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http}"

    def check(self):
        for program in [*self.processors, self.gateway]:
            if program and program.process.poll() is not None:
                last = (program.text().strip().splitlines() or ["without a word"])[-1]
                raise Skip(f"{program.name} ended with {program.process.returncode}: {last}")

    def is_ready(self):
        self.check()
        with contextlib.suppress(OSError):
            with Client(self.http) as client:
                return client.call("GET", "/readyz").status == 200
        return False

    def await_ready(self, seconds=120):
        until(self.is_ready, seconds, "/readyz")

    def await_shares(self, seconds=15):
        """Wait until each processor owns a partition."""
        deadline = time.monotonic() + seconds
        while not all(query.stats()["owned"] for query in self.queries):
            self.check()
            if time.monotonic() > deadline:
                raise Skip(f"of {len(self.ports)} processors not every one owns a partition")
            time.sleep(0.05)
        self.await_ready()

    def rockets(self):
        return sum(query.stats()["rockets"] for query in self.queries)

    def await_owners(self, seconds=120):
        """Wait until every partition has an owner and is loaded. Needs no gateway."""
        def are_owned():
            every = [query.stats() for query in self.queries]
            return sum(len(stats["owned"]) for stats in every) == every[0]["partitions"]
        until(are_owned, seconds, "an owner of each partition")

    def counters(self):
        """Return the sums of the processors' counters."""
        every = [query.stats() for query in self.queries]
        return {name: sum(stats[name] for stats in every) for name in every[0]
                if isinstance(every[0][name], int)}

    def applied(self):
        return self.counters()["messagesApplied"]

    def await_applied(self, count, seconds=300):
        """Wait until so many messages are applied. Return the time, by the monotonic clock."""
        until(lambda: self.applied() >= count, seconds, f"{count} messages applied")
        return time.monotonic()

    def settle(self):
        """Wait until all accepted messages are saved, and return the time. Partitions are first in, first out, so
        the last of them is saved when one more message to each partition is."""
        lines = "\n".join(json.dumps(message(f"settle-{salt()}-{index}", 1))
                          for index in range(400))
        with Client(self.http) as client:
            answer = client.call("POST", "/messages", lines, Content_Type="application/x-ndjson",
                                 Prefer="wait=15")
            while answer.status == 202:
                answer = client.call("POST", "/messages", lines, Prefer="wait=15",
                                     Content_Type="application/x-ndjson")
        if answer.status != 200:
            raise AssertionError(f"settling got {answer.status}: {answer.body[:200]}")
        return time.monotonic()


class Peer:
    """A program to compare with Downlink: given as a URL, as a path, or by the place where it was built."""

    def __init__(self, name, flags):
        """flags: a function from a port to the program's arguments."""
        given = os.environ.get("BENCH_" + name.upper().replace("-", "_"), "")
        self.name, self.program, self.url = name, None, given if "://" in given else None
        if self.url:
            return
        path = pathlib.Path(given) if given else BIN / f"bench-{name}"
        if given == "none" or not path.exists():
            raise Skip(f"no {name} here" if given != "none" else f"{name} is not wanted")
        port = free_ports(1, *PORTS)
        self.url = f"http://127.0.0.1:{port}"
        self.program = subprocess.Popen([path, *map(str, flags(port))], stderr=subprocess.DEVNULL)

    def __enter__(self):
        until(self.answers, 10, f"an answer of {self.name} at {self.url}")
        return self

    def __exit__(self, *_):
        if self.program:
            self.program.kill()
            self.program.wait()

    def answers(self):
        with contextlib.suppress(OSError):
            with Client(port_of(self.url)) as client:
                client.call("GET", "/")
                return True
        return False


def go_channel(buffer=1000):
    return Peer("go-channel", lambda port: (f"127.0.0.1:{port}", buffer))


def ceiling():
    """Start the ceiling, with as many workers as a gateway has by default."""
    return Peer("ceiling", lambda port: (port, max(1, os.cpu_count() // 2)))


def synced(place):
    """Start the limit, with one worker, and with its file in a folder of the measured disk."""
    return Peer("synced", lambda port: (port, place / "synced"))


def entered(stack, make, row):
    """Start a peer and return it, or note in the row why not and return None."""
    try:
        return stack.enter_context(make())
    except Skip as reason:
        row.note(f"not compared: {reason}")
        return None


def port_of(url):
    return urllib.parse.urlsplit(url).port or 80


def wrk(script, url, seconds, mark, connections=CONNECTIONS):
    """Run wrk; return the output of summary.lua."""
    if not shutil.which("wrk"):
        raise Skip("wrk is not installed")
    run = subprocess.run(
        ["wrk", "--threads", str(min(WRK_THREADS, connections)), "--connections", str(connections),
         "--duration", f"{seconds}s", "--timeout", "30s", "--script", HERE / script, url, "--", mark],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    for line in run.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[len("RESULT "):])
    raise AssertionError(f"wrk failed: {run.stdout}")


def measure_posts(row, systems, rounds, seconds):
    """Post one message a request to each of the systems, by name, in turn."""
    for _ in range(rounds):
        for name, system in systems.items():
            result = wrk("post.lua", system.url, seconds, salt())
            row.add(name, "messages/s", result["rate"])
            row.detail(name, result)
            if result["refused"] or result["socket_errors"]:
                row.note(f"{name}: {result['refused']} refused, {result['socket_errors']} socket errors")
            system.settle()


def launch(url, **flags):
    """Run downlink-launch; return its summary, with `ended` by the monotonic clock."""
    flags.setdefault("seed", random.SystemRandom().getrandbits(31))
    options = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
    command = [BIN / "downlink-launch", *options, "--json", f"{url}/messages"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        ended = time.monotonic()
    if process.returncode != 0 and not line:
        raise AssertionError(f"downlink-launch ended with {process.returncode}")
    return {**json.loads(line), "ended": ended, "status": process.returncode}


def post_rockets_of_get(port, mark):
    """Make the rockets that get.lua asks for, with one request each, since not every peer takes batches."""
    with Client(port) as client:
        for index in range(ROCKETS_OF_GET):
            body = message(f"{mark}-c9cf-404a-{0:04d}-{index:012d}", 1, "RocketLaunched")
            answer = client.call("POST", "/messages", json.dumps(body))
            assert answer.status == 202, answer.body


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values):
    return statistics.median(values)
