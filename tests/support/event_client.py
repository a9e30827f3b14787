"""A client of GET /events: reads Server-Sent Events over a socket of its own."""
import json
import selectors
import socket

from downlink import until


class Event:
    def __init__(self, lines):
        fields = [line.partition(": ")[::2] for line in lines if not line.startswith(":")]
        self.fields = dict(fields)
        self.name = self.fields.get("event")
        self.id = self.fields.get("id")
        self.data = json.loads(self.fields["data"]) if "data" in self.fields else None
        self.is_comment = not fields


class Stream:
    """next() returns events; comments and `retry` are skipped and counted."""

    def __init__(self, port, target="/events", last_id=None, receive_bytes=None, seconds=30,
                 fields=None):
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(seconds)
        self.socket.connect(("127.0.0.1", port))
        fields = {**({"Last-Event-ID": last_id} if last_id else {}), **(fields or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.socket.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        self.raw, self.text = b"", b""
        self.is_ended = False
        self.comments = 0
        self.last_id = last_id
        self.rockets = {}
        while b"\r\n\r\n" not in self.raw:
            self._receive()
        head, _, self.raw = self.raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value for name, value in
                        (line.split(": ", 1) for line in lines[1:])}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def _receive(self):
        piece = self.socket.recv(1 << 16)
        assert piece, "the connection ended in the middle"
        self.raw += piece

    def _chunk(self):
        """Take one chunk of the body apart."""
        while b"\r\n" not in self.raw:
            self._receive()
        size, _, rest = self.raw.partition(b"\r\n")
        size = int(size, 16)
        while len(rest) < size + 2:
            self._receive()
            rest = self.raw.partition(b"\r\n")[2]
        self.text += rest[:size]
        self.raw = rest[size + 2:]
        self.is_ended = size == 0

    def __iter__(self):
        return self

    def __next__(self):
        while True:
            while b"\n\n" not in self.text:
                if self.is_ended:
                    raise StopIteration
                self._chunk()
            block, _, self.text = self.text.partition(b"\n\n")
            event = Event(block.decode().split("\n"))
            self.comments += event.is_comment
            if event.id:
                self.last_id = event.id
            if event.name:
                return self._look(event)

    def _look(self, event):
        """No rocket ever goes back, unless the stream has said that it begins again."""
        if event.name == "reset":
            self.rockets = {}
        if event.name == "rocket":
            last = self.rockets.get(event.data["id"])
            assert not last or last["messagesApplied"] <= event.data["messagesApplied"]
            self.rockets[event.data["id"]] = event.data
        return event

    def until(self, name):
        """The events up to the first of that name, it included."""
        events = []
        for event in self:
            events.append(event)
            if event.name == name:
                return events
        raise AssertionError(f"the stream ended without {name}")

    def rocket(self, wanted=None):
        """The next rocket, or the next state of that one."""
        for event in self:
            if event.name == "rocket" and wanted in (None, event.data["id"]):
                return event.data
        raise AssertionError("the stream ended without the rocket")

    def rocket_when(self, wanted, condition):
        """That rocket once the condition holds for it: as it was seen last, or comes next."""
        rocket = self.rockets.get(wanted)
        while not rocket or not condition(rocket):
            rocket = self.rocket(wanted)
        return rocket


def receive_until(streams, name):
    """Read from all streams at once, as the gateway ends one that is not read for long, until each has received an event
    of that name. They show their events later."""
    end = f"event: {name}\n".encode()
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream.socket, selectors.EVENT_READ, stream)
        while selector.get_map():
            for key, _ in selector.select():
                before = len(key.data.raw)
                key.data._receive()
                if end in key.data.raw[max(0, before - len(end)):]:
                    selector.unregister(key.fileobj)


def synced(port, *arguments, **options):
    """Return a stream that has shown all current rockets."""
    stream = Stream(port, *arguments, **options)
    assert stream.status == 200
    stream.until("synced")
    return stream


def all_rockets(pair):
    """Every rocket as GET /rockets shows it."""
    rockets, target = {}, "/rockets?limit=1000"
    while target:
        page = pair.call("GET", target).json()
        rockets.update((rocket["id"], rocket) for rocket in page["rockets"])
        target = page["next"] and "/rockets?limit=1000&cursor=" + page["next"]
    return rockets


def streams(pair):
    return pair.call("GET", "/stats").json()["eventStreams"]


def await_streams(pair, count):
    until(lambda: streams(pair) == count, what=f"{count} streams")
