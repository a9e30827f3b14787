"""A TCP proxy between gateway and processor, which cuts, stalls and refuses connections on command.

proxy.py LISTEN TARGET COUNT forwards COUNT ports, from LISTEN on, to the ports from TARGET on. Lines on its
standard input are commands: `cut`, `stall SECONDS`, `refuse SECONDS`.
"""
import contextlib
import selectors
import socket
import struct
import sys
import time

PIECE = 1 << 18
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST


class Side:
    """One end of a forwarded connection; `held` waits to be written to it."""

    def __init__(self, connection):
        self.socket = connection
        self.other = None
        self.held = b""


class Proxy:
    def __init__(self, listen, target, count):
        self.selector = selectors.DefaultSelector()
        self.sides = set()
        self.stalled_until = self.refusing_until = 0
        for index in range(count):
            listener = socket.create_server(("127.0.0.1", listen + index), backlog=64)
            listener.setblocking(False)
            self.selector.register(listener, READ, lambda l=listener, p=target + index:
                                   self._accept(l, p))
        self.selector.register(sys.stdin, READ, self._command)

    def run(self):
        while True:
            stalled = self.stalled_until - time.monotonic()
            if stalled > 0:  # commands are still obeyed
                if self._wait_for_command(stalled):
                    self._command()
                continue
            for key, _ in self.selector.select(1):
                if key.fileobj is sys.stdin or key.fileobj.fileno() >= 0:
                    key.data()

    @staticmethod
    def _wait_for_command(seconds):
        with selectors.DefaultSelector() as only:
            only.register(sys.stdin, READ)
            return only.select(seconds)

    def _command(self):
        words = sys.stdin.readline().split()
        if not words:
            sys.exit(0)
        if words[0] == "cut":
            for side in list(self.sides):
                self._close(side)
        elif words[0] == "stall":
            self.stalled_until = time.monotonic() + float(words[1])
        else:
            self.refusing_until = time.monotonic() + float(words[1])

    def _accept(self, listener, port):
        client = listener.accept()[0]
        try:
            if time.monotonic() < self.refusing_until:
                raise ConnectionRefusedError
            server = socket.create_connection(("127.0.0.1", port), timeout=1)
        except OSError:
            self._reset(client)
            return
        one, two = Side(client), Side(server)
        one.other, two.other = two, one
        for side in (one, two):
            side.socket.setblocking(False)
            side.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sides.add(side)
            self.selector.register(side.socket, READ, lambda s=side: self._move(s))

    @staticmethod
    def _reset(connection):
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.close()

    def _close(self, side):
        for end in (side, side.other):
            if end in self.sides:
                self.sides.discard(end)
                self.selector.unregister(end.socket)
                self._reset(end.socket)

    def _move(self, side):
        """Pass all readable bytes to the other side; hold the bytes that it does not take."""
        try:
            self._write(side)
            if not side.other.held:
                piece = side.socket.recv(PIECE)
                if not piece:
                    self._close(side)
                    return
                side.other.held = piece
                self._write(side.other)
        except BlockingIOError:
            pass
        except OSError:
            self._close(side)

    def _write(self, side):
        if side.held:
            with contextlib.suppress(BlockingIOError):
                side.held = side.held[side.socket.send(side.held):]
        #  A side without room waits, and its source is not read meanwhile.
        for end in (side, side.other):
            wanted = (WRITE if end.held else 0) | (0 if end.other.held else READ)
            self.selector.modify(end.socket, wanted or WRITE, lambda s=end: self._move(s))


if __name__ == "__main__":
    Proxy(*map(int, sys.argv[1:4])).run()
