"""Hosts are reached, cut off, paused, killed and started again. Runs itself in namespaces of its own."""
import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest

from downlink import until

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
PORT = 7000
LATEST = 60  # seconds: TCP sends again after twice the time of the time before
ECHO = ("import socket, threading\n"
        "def serve(client):\n"
        "    while data := client.recv(99): client.sendall(data)\n"
        "server = socket.create_server(('', 7000))\n"
        "while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()")


def in_namespaces(function):
    """Run a function of this file in a network of its own."""
    command = (f"import sys; sys.path[:0] = {sys.path!r}; sys.path[:0] = [{str(HERE)!r}]; "
               f"import test_network; test_network.{function.__name__}()")
    done = subprocess.run([HERE / "in_namespaces.sh", sys.executable, "-c", command], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200, check=False)
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout


class Echo:
    """A connection to a process on a host that echoes its input."""

    def __init__(self, host):
        self.host = host
        self.process = subprocess.Popen([*host.wrapper, sys.executable, "-c", ECHO])
        self.connection = until(self.connect, what="a connection")
        self.lines = 0

    def connect(self):
        try:
            return socket.create_connection((self.host.address, PORT), 2)
        except OSError:
            return None

    def answers(self, seconds=0.3):
        """Return whether it hears the answer to a new line in time."""
        self.lines += 1
        line = b"<%d>" % self.lines
        self.connection.settimeout(seconds)
        heard = b""
        try:
            self.connection.sendall(line)
            while line not in heard:
                piece = self.connection.recv(99)
                if not piece:
                    raise ConnectionAbortedError
                heard += piece
        except socket.timeout:
            return False
        return True


def live_and_die():
    from network import Host, make_network
    folder = pathlib.Path("/tmp") / f"downlink-network-{os.getpid()}-{time.time_ns()}"
    folder.mkdir()
    make_network()
    one, other = Host(1, "one", folder), Host(2, "other", folder)
    echo = Echo(one)
    assert echo.answers(LATEST)
    for cut, mend in ((one.cut, one.mend), (lambda: one.cut(False), one.mend), (one.pause, one.resume)):
        cut()
        assert not echo.answers(), cut
        assert Echo(other).answers(LATEST), "the other host"
        other.signal(9)
        mend()
        assert echo.answers(LATEST), mend
    other.cut_from([one])
    assert echo.answers(LATEST), "the test itself still reaches it"
    other.mend_to([one])
    #  Killed: no word to its peers, so a connection hangs; the next host there knows nothing of it.
    one.kill()
    assert not echo.answers()
    echo.process.wait(LATEST)
    one.boot()
    with pytest.raises(ConnectionError):
        echo.answers(LATEST)
    assert Echo(one).answers(LATEST)
    for host in (one, other):
        host.kill()
        host.folder.rmdir()
    folder.rmdir()


def test_a_host_lives_and_dies():
    in_namespaces(live_and_die)
