"""Hosts: network namespaces on one bridge, which can be killed, cut off, paused, and started again.

Needs a network of its own (in_namespaces.sh). The test itself is on the bridge as well, so it reaches
every host.
"""
import contextlib
import os
import pathlib
import signal
import subprocess
import time

from kernel import is_stopped

BRIDGE, ADDRESSES = "site", "10.88.0"
OUR_NUMBER = 254
NOBODY = "02:00:00:00:ff:ff"  # no host has this hardware address: a switch drops what is sent there
BOOT_SECONDS = 60
STOP_SECONDS = 60  # a process that waits for its disk stops only then


def ip(*words):
    subprocess.run(["ip", *words], check=True, stdin=subprocess.DEVNULL)


def network_of(process):
    """Return the inode of a process's network namespace; None if the process is gone."""
    with contextlib.suppress(OSError):
        return os.stat(f"/proc/{process}/ns/net").st_ino
    return None


def make_network():
    """Make the bridge, and connect the test to it."""
    ip("link", "set", "lo", "up")
    ip("link", "add", BRIDGE, "type", "bridge")
    ip("address", "add", f"{ADDRESSES}.{OUR_NUMBER}/24", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")


def remove_network():
    """Undo `make_network`, after all hosts have been killed."""
    ip("link", "delete", BRIDGE)


class Host:
    """A host with an address and a folder, which is its disk: it outlives a kill. `wrapper` is the command
    under which a process runs on it."""

    def __init__(self, number, name, folder):
        self.number, self.name = number, name
        self.address, self.link = f"{ADDRESSES}.{number}", f"h{number}"
        self.hardware = f"02:00:00:00:00:{number:02x}"
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.keeper = None  # the process that keeps the namespace
        self.wrapper = []  # changed in place, because others refer to it
        self.boot()

    def __repr__(self):
        return self.name

    def boot(self):
        """Connect a new host, with the same address: nothing is left of the kernel's state of the old one."""
        self.keeper = subprocess.Popen(["unshare", "--net", "sleep", "infinity"],
                                       stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + BOOT_SECONDS
        while network_of(self.keeper.pid) in (None, network_of("self")):
            assert time.monotonic() < deadline and self.keeper.poll() is None, "no network namespace"
            time.sleep(0.002)
        process = str(self.keeper.pid)
        self.wrapper[:] = ["nsenter", f"--net=/proc/{process}/ns/net"]
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "address", self.hardware,
           "netns", process)
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")
        ip("link", "set", self.link, "master", BRIDGE, "up")

    def run(self, *command):
        """Run a command on it, to its end."""
        subprocess.run([*self.wrapper, *command], check=True, stdin=subprocess.DEVNULL)

    def processes(self):
        """Return the numbers of the processes on it, its keeper left out."""
        network = network_of(self.keeper.pid)
        return [number for number in (int(path.name) for path in pathlib.Path("/proc").iterdir()
                                      if path.name.isdigit())
                if number != self.keeper.pid and network_of(number) == network]

    def signal(self, number):
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def kill(self):
        """End it as a power cut does: it sends nothing any more, so peers see no connection close."""
        ip("link", "set", self.link, "down")
        self.signal(signal.SIGSTOP)  # first, so that none starts another one
        self.signal(signal.SIGKILL)
        deadline = time.monotonic() + STOP_SECONDS
        while self.processes():  # files that they have locked are free only then
            assert time.monotonic() < deadline, "processes go on after SIGKILL"
            time.sleep(0.001)
        ip("link", "delete", self.link)  # first, as it goes by itself with the namespace
        self.keeper.kill()
        self.keeper.wait()
        self.keeper = None

    def is_up(self):
        return self.keeper is not None

    def cut(self, is_unplugged=True):
        """Cut it off. is_unplugged: it notices that its cable is out; else the switch forgets it."""
        if is_unplugged:
            ip("link", "set", self.link, "down")
        else:
            ip("link", "set", self.link, "nomaster")

    def mend(self):
        """Undo `cut`."""
        ip("link", "set", self.link, "master", BRIDGE, "up")

    def cut_from(self, others):
        """Lose all packets from here to some hosts, while it reaches the rest."""
        for other in others:
            self.run("ip", "neighbour", "replace", other.address, "lladdr", NOBODY, "dev", "eth0",
                     "nud", "permanent")

    def mend_to(self, others):
        """Undo `cut_from`."""
        for other in others:
            self.run("ip", "neighbour", "delete", other.address, "dev", "eth0")

    def pause(self):
        """Stop all that runs on it. When this returns, none of it runs any more."""
        self.signal(signal.SIGSTOP)
        deadline = time.monotonic() + STOP_SECONDS
        while not all(is_stopped(process) for process in self.processes()):
            assert time.monotonic() < deadline, "processes go on after SIGSTOP"
            self.signal(signal.SIGSTOP)  # again: one of them may have started another
            time.sleep(0.001)

    def resume(self):
        self.signal(signal.SIGCONT)
