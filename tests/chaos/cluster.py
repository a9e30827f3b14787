"""Real gateways and processors that are killed, stopped and started again, as a supervisor would.

An unexpected exit is a failure, which shows the end of the log.
"""
import contextlib
import http.client
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from downlink import BIN, DISK_SHIM, Client, Program, free_ports, until  # noqa: E402

SHIM = pathlib.Path(os.environ.get("DOWNLINK_DISK_SHIM", DISK_SHIM))
HERE = pathlib.Path(__file__).resolve().parent
PORTS = (12000, 19000)  # not those that other tests probe while one of ours is being restarted
STOP_SECONDS = 10
KILLED = -signal.SIGKILL


def is_sanitized():
    """Return true for programs with sanitizers: they take no disk shim, and their memory says little."""
    return not SHIM.exists()


class ClusterFault(AssertionError):
    """A process ended unexpectedly, or did not do as asked."""


class Member:
    """A gateway or a processor: its flags stay, its process comes and goes."""

    def __init__(self, folder, name, *flags, wrapper=()):
        self.folder, self.name, self.flags, self.wrapper = folder, name, flags, wrapper
        self.program = None
        self.is_away = False  # stopped, until the test starts it again
        self.logs = []

    def start(self, **environment):
        """environment: DOWNLINK_FAILPOINTS, if any."""
        assert not self.program or self.program.process.poll() is not None
        self.is_away = False
        self.program = Program(self.folder, self.name, *self.flags, environment=environment,
                               wrapper=self.wrapper)
        self.logs.append(self.program.log)
        if len(self.logs) > 20:  # after thousands of restarts, only the last ones are of interest
            self.logs.pop(0).unlink()

    @property
    def process(self):
        return self.program.process

    def fault(self, text):
        tail = "\n".join(self.program.text().splitlines()[-40:])
        return ClusterFault(f"{self.name}: {text}\n{tail}")

    def check(self):
        """It must be running."""
        status = self.process.poll()
        if status is not None:
            raise self.fault(f"ended by itself with status {status}")

    def await_log(self, text, seconds=30):
        until(lambda: text in self.program.text(), seconds, f"'{text}' in the log of {self.name}")

    def kill(self, **environment):
        """Kill it with kill -9, and start it again at once."""
        self.check()
        self.process.kill()
        status = self.process.wait()
        if status != KILLED:
            raise self.fault(f"ended by itself with status {status}")
        self.start(**environment)

    def restart(self, number=signal.SIGTERM):
        """Ask it to stop, which it must do within STOP_SECONDS, and start it again. Return the time
        of the request."""
        asked = self.ask_to_stop(number)
        self.await_stopped(asked)
        self.start()
        return asked

    def leave(self):
        """Ask it to stop, and leave it stopped."""
        self.await_stopped(self.ask_to_stop())
        self.is_away = True

    def ask_to_stop(self, number=signal.SIGTERM):
        self.check()
        asked = time.monotonic()
        self.program.send(number)
        return asked

    def await_stopped(self, asked):
        try:
            status = self.process.wait(max(0.1, asked + STOP_SECONDS - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise self.fault(f"did not stop within {STOP_SECONDS} s") from None
        if status < 0 and not self.program.text():
            return  # it has just begun, and no program can take a signal before it runs
        if status != 0:
            raise self.fault(f"was asked to stop, and ended with status {status}")

    def await_exit(self, status, seconds):
        """Wait until it ends with this status (137 at a failpoint); False if it does not end."""
        try:
            found = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        if found != status:
            raise self.fault(f"ended with status {found} instead of {status}")
        return True

    def resident_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise self.fault("has no memory")


class Fleet:
    """Gateways and processors that share a state, wherever they run. addresses: (host, port) of each
    gateway; journals: the folders of their journals."""

    def __init__(self, processors, gateways, addresses, journals):
        self.processors, self.gateways = processors, gateways
        self.addresses, self.journals = addresses, journals

    @property
    def processor(self):
        """Return the only gateway, or the first one."""
        return self.processors[0]

    @property
    def members(self):
        return [*self.processors, *self.gateways]

    def __enter__(self):
        try:
            for member in self.members:
                member.start()
            self.await_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        """End the remaining processes quickly, after all checks."""
        for member in self.members:
            if member.program and member.process.poll() is None:
                member.process.kill()
                member.process.wait()

    def check(self):
        """Check that no process ended unexpectedly."""
        for member in self.members:
            if not member.is_away:
                member.check()

    def call(self, address, target):
        host, port = address
        with Client(port, host) as client:
            return client.call("GET", target)

    def stats(self):
        """Return the counters of the first gateway."""
        return self.call(self.addresses[0], "/stats").json()

    def owners(self):
        """Return the owner of each partition, in order, as the first gateway sees it; None: no owner."""
        return [route["owner"] for route in self.stats()["routing"]]

    def await_shared(self, seconds=60, former=None):
        """Wait until the processors that run have equal shares of the partitions. former: the owners before one of them
        was started again, which has a new id then. Return the owners."""
        wanted = sum(not processor.is_away for processor in self.processors)

        def shared():
            self.check()
            owners = self.owners()
            shares = [owners.count(owner) for owner in set(owners)]
            good = None not in owners and len(shares) == wanted and max(shares) - min(shares) <= 1
            return owners if good and (former is None or set(owners) != set(former)) else None
        return until(shared, seconds, f"equal shares for {wanted}")

    def is_ready(self):
        self.check()
        with contextlib.suppress(OSError, http.client.HTTPException):
            return all(self.call(address, "/readyz").status == 200 for address in self.addresses)
        return False

    def await_ready(self, seconds=60):
        until(self.is_ready, seconds, "/readyz of every gateway")

    def are_slots_taken_over(self):
        """Return true if only the journals of running gateways are left: one for each of their workers."""
        slots = [slot for journal in self.journals for slot in journal.glob("slot-*")]
        return len(slots) <= sum(self.call(address, "/stats").json()["workers"] for address in self.addresses)

    def rockets(self):
        """Return all rockets that the API shows, by id; None if a page fails."""
        rockets, cursor = {}, ""
        while cursor is not None:
            answer = self.call(self.addresses[0], f"/rockets?limit=1000&sort=id{cursor}")
            if answer.status != 200:
                return None
            page = answer.json()
            rockets.update((rocket["id"], rocket) for rocket in page["rockets"])
            cursor = page["next"] and "&cursor=" + urllib.parse.quote(page["next"])
        return rockets


class Cluster(Fleet):
    """Gateways and processors with ports of their own on one journal and one state folder; a proxy
    between the gateways and a single processor if wanted."""

    def __init__(self, folder, gateways=1, processors=1, proxied=False, gateway=(), processor=()):
        assert processors == 1 or not proxied
        self.folder = pathlib.Path(folder)
        self.journal = self.folder / "journal"
        first = free_ports(3 + 3 * processors + gateways, *PORTS)
        ports = [first + 3 * index for index in range(processors)]
        http_ports = [first + 3 + 3 * processors + index for index in range(gateways)]
        addresses = [("127.0.0.1", port) for port in http_ports]
        self.proxy = None
        if proxied:
            self.proxy = subprocess.Popen(
                [sys.executable, HERE / "proxy.py", str(first + 3), str(first), "3"],
                stdin=subprocess.PIPE, text=True)
        owners = [Member(self.folder, "downlink-processor", "--port", port, "--state-dir",
                         self.folder / "state", *processor) for port in ports]
        found_at = ",".join(f"127.0.0.1:{port + 3 if proxied else port}" for port in ports)
        takers = [
            Member(self.folder, "downlink-gateway", "--journal-dir", self.journal, "--listen",
                   f"127.0.0.1:{port}", "--processors", found_at, *gateway)
            for port in http_ports]
        super().__init__(owners, takers, addresses, [self.journal])

    def __exit__(self, *_):
        super().__exit__()
        if self.proxy:
            self.proxy.stdin.close()
            self.proxy.wait(30)

    def command_proxy(self, command):
        self.proxy.stdin.write(command + "\n")
        self.proxy.stdin.flush()
