"""Put load on a gateway: heavy rockets, many requests at once, and an ordinary client beside them."""
import contextlib
import json
import resource
import selectors
import socket
import threading
import time

from downlink import message, until

RANGES_MAX = 1024


def allow_descriptors(count):
    """Raise the soft limit of open files of this process, as far as allowed. Return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def post_lines(pair, lines):
    answer = pair.call("POST", "/messages", "\n".join(lines), Content_Type="application/x-ndjson",
                       Prefer="wait=30")
    assert answer.status in (200, 202), answer.body


def fill_with_heavy_rockets(pair, count, prefix="heavy"):
    """Make rockets with as many missing ranges as there may be: some 20 KB each in a list."""
    for index in range(count):
        post_lines(pair, [json.dumps(message(f"{prefix}-{index:04}", 2 * number))
                          for number in range(1, RANGES_MAX + 1)])
    until(lambda: len(pair.rocket(f"{prefix}-{count - 1:04}")["missing"]) == RANGES_MAX,
          what="heavy rockets")


def fill(pair, count, prefix="light", piece=20000):
    """Make many rockets of one message."""
    template = json.dumps(message("ROCKET", 1))
    for first in range(0, count, piece):
        post_lines(pair, [template.replace("ROCKET", f"{prefix}-{index:07}")
                          for index in range(first, min(first + piece, count))])


class GoodClient:
    """Asks for one rocket again and again, in a thread of its own, and keeps the times."""

    def __init__(self, port, target, pause_s=0.005):
        self.request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        self.port = port
        self.pause_s = pause_s
        self.times = []
        self.failures = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def _run(self):
        with socket.create_connection(("127.0.0.1", self.port), 30) as connection:
            while not self.over.wait(self.pause_s):
                begin = time.monotonic()
                connection.sendall(self.request)
                answer = connection.recv(65536)
                self.times.append(time.monotonic() - begin)
                if not answer.startswith(b"HTTP/1.1 200"):
                    self.failures.append(answer[:200])
                    if not answer:
                        return

    def quantile(self, share):
        return sorted(self.times)[min(len(self.times) - 1, int(share * len(self.times)))]


def bound(port, target, seconds):
    """Return the time in which 99 of 100 requests must be answered beside a load: so many seconds, and more on a machine
    that is busy with other things, as requests without the load show."""
    with GoodClient(port, target) as calm:
        until(lambda: len(calm.times) >= 50, what="50 answers")
    return seconds + 20 * calm.quantile(0.99)


class Crowd:
    """Clients that ask at once, in one thread. Keeps status and size of each answer."""

    def __init__(self, port, targets):
        self.answers = []
        self.fields = []
        self.selector = selectors.DefaultSelector()
        for target in targets:
            client = socket.create_connection(("127.0.0.1", port), 30)
            client.setblocking(False)
            request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
            self.selector.register(client, selectors.EVENT_READ, (request, bytearray()))

    def ask(self):
        for key in list(self.selector.get_map().values()):
            with contextlib.suppress(ConnectionError):
                key.fileobj.send(key.data[0])
        return self

    def read(self, seconds=60):
        end = time.monotonic() + seconds
        while self.selector.get_map() and time.monotonic() < end:
            for key, _ in self.selector.select(1):
                try:
                    piece = key.fileobj.recv(1 << 18)
                except ConnectionError:
                    piece = b""
                key.data[1].extend(piece)
                if not piece:
                    self._end(key)
        return self.answers

    def _end(self, key):
        head, _, body = bytes(key.data[1]).partition(b"\r\n\r\n")
        status = int(head[9:12]) if head else 0
        self.answers.append((status, len(body)))
        self.fields.append(head)
        self.selector.unregister(key.fileobj)
        key.fileobj.close()

    def close(self):
        for key in list(self.selector.get_map().values()):
            self.selector.unregister(key.fileobj)
            key.fileobj.close()
