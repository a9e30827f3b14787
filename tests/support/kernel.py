"""Ask the kernel about programs and the connections to their ports."""
import collections
import contextlib
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


def worked_ns(program):
    """Return the processor time of all threads of a program, in nanoseconds."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{program.process.pid}/task").iterdir())


def _ends():
    """Return the near port, the far port and the connection of each end of the IPv4 connections."""
    found = []
    for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, near, far, state, queues = line.split()[:5]
        unsent, _, unread = queues.partition(":")
        found.append((int(near.partition(":")[2], 16), int(far.partition(":")[2], 16),
                      Connection(int(state, 16), int(unsent, 16), int(unread, 16))))
    return found


def connections(port):
    """Return the IPv4 connections whose near end is this port, the listening socket included."""
    return [one for near, _, one in _ends() if near == port]


def is_quiet(port):
    """Return whether a server has closed all connections to its port."""
    return not any(one.state in (ESTABLISHED, CLOSE_WAIT) for one in connections(port))


def unsent_bytes(port):
    """Return how many bytes the kernel holds to be sent on the connections to a port."""
    return sum(one.unsent for one in connections(port))


def unread_bytes(port):
    """Return how many bytes the clients of a port have sent that wait in the kernel to be read.

    Those that the near end has no room for wait at the client's end.
    """
    return sum(one.unread if near == port else one.unsent
               for near, far, one in _ends() if port in (near, far) and one.state == ESTABLISHED)


def _state_and_parent(process):
    """Return the state letter and the parent of a process, or (None, None) if it is gone."""
    try:
        stat = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None, None
    state, parent = stat.rpartition(")")[2].split()[:2]
    return state, int(parent)


def children(process):
    """Return the numbers of the processes that a process has started and that are not gone."""
    numbers = (int(path.name) for path in pathlib.Path("/proc").iterdir() if path.name.isdigit())
    return [number for number in numbers if _state_and_parent(number)[1] == process]


def is_alive(process):
    """Return whether a process exists and is no zombie."""
    return _state_and_parent(process)[0] not in (None, "Z", "X")


def is_stopped(process):
    """Return whether no thread of a process runs: after SIGSTOP the kernel stops one after the other."""
    with contextlib.suppress(OSError):
        return all(path.read_text().rpartition(")")[2].split()[0] in "TtZX"
                   for path in pathlib.Path(f"/proc/{process}/task").glob("*/stat"))
    return False  # it is ending: look again
