"""Speak ZMTP 3.0, the protocol of ZeroMQ, byte by byte: what a peer does that its library would not."""
import contextlib
import socket
import struct
import threading

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


def frame(payload, command=False):
    """A frame with a short size."""
    return bytes([4 if command else 0, len(payload)]) + payload


def part(size):
    """A part that further parts follow."""
    return bytes([1, size]) + bytes(size) if size < 256 else b"\x03" + struct.pack(">Q", size) + bytes(size)


def ready(kind):
    return frame(b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind, command=True)


PING = frame(b"\x04PING\0\0", command=True)


def shake_hands(one, kind):
    """Send a greeting and a handshake over a connection, and read the other side's."""
    one.sendall(GREETING + ready(kind))
    received = b""
    while len(received) < 64 + 2 or len(received) < 66 + received[65]:
        more = one.recv(4096)
        assert more, "the handshake was refused"
        received += more


def stranger(port, kind=b"SUB"):
    """Connect to a port. Return a connection with a finished handshake."""
    one = socket.create_connection(("127.0.0.1", port), 10)
    shake_hands(one, kind)
    return one


def is_ended(one):
    """Whether a connection, whose peer says nothing, was ended by it."""
    one.settimeout(0.05)
    try:
        return one.recv(4096) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def send_for_ever(one, data, limit):
    """Send the same again and again until the connection ends; return False if it takes all."""
    data *= max(1, 65536 // len(data))
    one.settimeout(0.5)
    sent = 0
    while sent < limit:
        try:
            sent += one.send(data)
        except TimeoutError:
            pass
        except OSError:
            return True
        if is_ended(one):
            return True
        one.settimeout(0.5)
    return False


def flood(one, data, limit):
    """Send the same again and again, as fast as possible; return False if the connection takes all."""
    data *= max(1, 65536 // len(data))
    one.settimeout(10)
    try:
        for _ in range(0, limit, len(data)):
            one.sendall(data)
    except OSError:
        return True
    return False


def reset(one):
    """End a connection with a reset."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    one.close()


class Server:
    """Listens on a port, and calls a function for each connection, in a thread, after the handshake, or before it
    unless it is greeting."""

    def __init__(self, port, kind, serve, is_greeting=True):
        self.kind, self.serve, self.is_greeting = kind, serve, is_greeting
        self.listener = socket.create_server(("127.0.0.1", port))
        self.thread = threading.Thread(target=self.accept)
        self.thread.start()

    def accept(self):
        threads = []
        with contextlib.suppress(OSError):  # the end: the listener is closed
            while True:
                threads.append(threading.Thread(target=self.greet, args=self.listener.accept()[:1]))
                threads[-1].start()
        for thread in threads:
            thread.join()

    def greet(self, one):
        with one, contextlib.suppress(OSError, AssertionError):
            one.settimeout(10)
            if self.is_greeting:
                shake_hands(one, self.kind)
            self.serve(one)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
