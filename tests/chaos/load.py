"""Post a history's messages in many ways, as real clients do, and log the answers."""
import heapq
import random
import socket
import threading
import time

from history import ACCEPTED, REFUSED, UNKNOWN, Source

ANSWER_SECONDS = 10  # then the client gives up waiting
EXPECTED = {202, 408, 503}  # 408: a gateway that was stopped in the middle of a request
LARGE_BYTES = 600000  # of blank lines: then a body is read and kept in pieces
JSON, NDJSON = "application/json", "application/x-ndjson"


class Unreached(Exception):
    """No connection came about, so nothing was sent."""


class Broken(Exception):
    """The request left, wholly or in part; no whole answer came."""

    def __init__(self, reason, sent_at, reused):
        super().__init__(reason)
        self.sent_at = sent_at  # when the last byte was given to the kernel; None: it was not
        self.reused = reused  # the connection had carried a request before


class Connection:
    """HTTP/1.1 on one socket: just enough, and quicker than http.client."""

    def __init__(self, address, timeout=ANSWER_SECONDS):
        self.address, self.timeout = address, timeout  # (host, port)
        self.socket = None
        self.served = 0

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def _open(self):
        try:
            self.socket = socket.create_connection(self.address, self.timeout)
        except OSError as error:
            raise Unreached(type(error).__name__) from None
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.served = 0

    def post(self, body, content_type):
        """Post messages. Return (status, body of the answer)."""
        return self.ask("POST /messages", body, f"Content-Type: {content_type}\r\n")

    def ask(self, what, body=b"", fields=""):
        """Send a request (its method and target, its body, more fields). Return (status, body)."""
        if not self.socket:
            self._open()
        sent_at = None
        try:
            self.socket.sendall(b"%s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n%s"
                                % (what.encode(), fields.encode(), len(body), body))
            sent_at = time.monotonic()
            return self._answer()
        except OSError as error:
            self.close()
            raise Broken(type(error).__name__, sent_at, self.served > 0) from None

    def _answer(self):
        received = self._receive()
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, body = received.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:])
        while len(body) < int(fields["content-length"]):
            body += self._receive()
        self.served += 1
        if fields.get("connection") == "close":
            self.close()
        status = int(lines[0].split()[1])
        assert status != 503 or "retry-after" in fields, f"503 without Retry-After: {head}"
        return status, body

    def _receive(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionAbortedError
        return piece


class Client(threading.Thread):
    """Posts until it is told to end; each has channels, habits and a connection of its own."""

    def __init__(self, load, seed):
        super().__init__(daemon=True)
        self.load = load
        self.rng = random.Random(seed)
        self.source = Source(load.history, seed, load.channels)
        self.keep_alive = load.connection()
        self.again = []  # heap of (when, tie-breaker, messages): to be sent once more
        self.gives_up = self.rng.random() < load.gives_up  # after a 503, and after a connection that broke
        self.failure = None

    def run(self):
        try:
            while not self.load.ending.is_set():
                self._step()
        except BaseException as error:  # an error that the end of the load raises
            self.failure = error
        self.keep_alive.close()

    def _step(self):
        if self.again and self.again[0][0] < time.monotonic():
            messages = heapq.heappop(self.again)[2]
        else:
            batch = self.rng.random() < self.load.batches
            messages = self.source.take(self.rng.randint(*self.load.batch) if batch else 1)
        wait = self._post(messages)
        if self.rng.random() < self.load.repeats:
            self._send_again(messages, self.rng.uniform(0, 1))
        self.load.ending.wait(wait + self.load.pause * self.rng.random())

    def _send_again(self, messages, seconds):
        heapq.heappush(self.again, (time.monotonic() + seconds, self.rng.random(), messages))

    def _post(self, messages):
        """One attempt, logged; return how long to hold back."""
        body, content_type = self._body(messages)
        is_new = self.rng.random() < 0.3
        connection = self.load.connection() if is_new else self.keep_alive
        log = self.load.history.log
        try:
            status, answer = connection.post(body, content_type)
        except Unreached as error:
            log(messages, 0, f"unreached {error}")
            self._send_again(messages, 0.02)
            return 0.02
        except Broken as error:
            log(messages, UNKNOWN, f"broken {error}")
            self.load.broken.append(error)
            if not self.gives_up:
                self._send_again(messages, self.rng.uniform(0, 1))
            return 0.01
        finally:
            if is_new:
                connection.close()
        #  Without a journal, what the brokers did not take in time may still get there.
        refused = UNKNOWN if b"bus-away" in answer else REFUSED
        log(messages, ACCEPTED if 200 <= status < 300 else refused, status)
        assert status in EXPECTED, f"{status}: {answer}"
        if status != 202:
            if not self.gives_up:
                self._send_again(messages, self.rng.uniform(0, 0.5))
            return 0.05
        assert b'"accepted":%d}' % len(messages) in answer, answer
        return 0

    def _body(self, messages):
        texts = [channel.text(number) for channel, number in messages]
        if len(texts) == 1:
            return texts[0].encode(), JSON
        if self.rng.random() < 0.2:
            return ("[" + ",".join(texts) + "]").encode(), JSON
        is_large = self.rng.random() < self.load.large
        end = "\n" + " " * (LARGE_BYTES // len(texts)) + "\n" if is_large else "\n"
        return end.join(texts).encode(), NDJSON


class Load:
    """Several clients at once, in a `with` block: the clients end with the block."""

    def __init__(self, history, addresses, seed, clients=6, channels=50, batches=0.1, batch=(10, 200),
                 large=0.3, pause=0.004, gives_up=0.3, repeats=0.03, patience=ANSWER_SECONDS):
        self.history, self.addresses = history, addresses
        self.patience = patience  # seconds that a client waits for an answer
        self.channels = channels  # open at a time, for each client
        self.batches, self.batch = batches, batch  # how often, and how many messages
        self.large = large  # how likely a batch of lines is so large that it is kept in pieces
        self.pause = pause  # seconds between requests, at most
        self.gives_up = gives_up  # how likely a client is one that does
        self.repeats = repeats  # how often what was answered is sent once more
        self.rng = random.Random(seed)
        self.ending = threading.Event()
        self.broken = []
        self.clients = [Client(self, f"{seed}/{index}") for index in range(clients)]

    def connection(self):
        return Connection(self.rng.choice(self.addresses), self.patience)

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, kind, *_):
        self.ending.set()
        for client in self.clients:
            client.join(3 * ANSWER_SECONDS)
            assert not client.is_alive(), "a client did not end"
        for client in self.clients:
            if client.failure and not kind:
                raise client.failure
