"""Facts from the kernel about programs and the connections to their ports."""
import collections
import os
import pathlib

Connection = collections.namedtuple("Connection", "state unsent unread")  # the sizes in bytes
ESTABLISHED, CLOSE_WAIT = 0x01, 0x08


def memory_of(program, key="VmRSS"):
    """Return the bytes of memory that a program has resident, or had at most (VmHWM)."""
    status = pathlib.Path(f"/proc/{program.process.pid}/status").read_text(encoding="ascii")
    return next(1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith(key + ":"))


def cpu_seconds(program):
    """Return the processor time that a program has used, in user and system mode."""
    stat = pathlib.Path(f"/proc/{program.process.pid}/stat").read_text(encoding="ascii")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connections(port):
    """Return the IPv4 connections whose near end is this port, the listening socket included."""
    found = []
    for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, near, _, state, queues = line.split()[:5]
        if int(near.partition(":")[2], 16) == port:
            unsent, _, unread = queues.partition(":")
            found.append(Connection(int(state, 16), int(unsent, 16), int(unread, 16)))
    return found


def unsent_bytes(port):
    """Return how many bytes the kernel holds to be sent on the connections to a port."""
    return sum(one.unsent for one in connections(port))


def unread_bytes(port):
    """Return how many bytes wait in the kernel to be read from the connections to a port."""
    return sum(one.unread for one in connections(port) if one.state == ESTABLISHED)
