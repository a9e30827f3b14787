"""Directories of keys, and clients of ZeroMQ that show a key and say whether they got in."""
import os
import pathlib

import msgpack
import zmq
import zmq.utils.monitor

from downlink import until

PORTS = {"frames": (0, zmq.PUSH), "queries": (1, zmq.DEALER), "events": (2, zmq.SUB)}
VERDICTS = {zmq.EVENT_HANDSHAKE_SUCCEEDED: True, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: False,
            zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: False, zmq.EVENT_HANDSHAKE_FAILED_AUTH: False}


class Keys:
    """A directory of keys, which the programs fill, and further keys beside it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir(mode=0o700)
        self.secrets = {}  # of keys that the tests made

    def lines(self):
        """The lines of the list, by name."""
        text = (self.path / "peers").read_text()
        return {line.split()[0]: line for line in text.splitlines() if line and line[0] != "#"}

    def write(self, lines):
        """Replace the list as a whole, as an operator should."""
        new = self.path / ".new"
        new.touch(mode=0o600)
        new.write_text("".join(line + "\n" for line in lines.values()))
        os.replace(new, self.path / "peers")

    def allow(self, name, rights):
        """Give a key rights, or remove its line; make the key if it does not exist."""
        lines = self.lines()
        public = lines[name].split()[2] if name in lines else self.public(name)
        lines[name] = f"{name} {rights} {public}"
        if not rights:
            del lines[name]
        self.write(lines)

    def secret(self, name):
        file = self.path / f"{name}.key"
        if file.exists():
            return file.read_text().strip().encode()
        return self.secrets.setdefault(name, zmq.curve_keypair()[1])

    def public(self, name):
        return zmq.curve_public(self.secret(name)).decode()


class Visitor:
    """A client of one of a processor's ports, with the key of a name, or without one. server: the name of
    the key that it expects there."""

    def __init__(self, context, keys, port, kind, name, server="processor"):
        offset, kind_of_socket = PORTS[kind]
        self.socket = context.socket(kind_of_socket)
        self.socket.linger = 0
        self.events = self.socket.get_monitor_socket(sum(VERDICTS))
        if name:
            self.socket.curve_secretkey = keys.secret(name)
            self.socket.curve_publickey = keys.public(name).encode()
            self.socket.curve_serverkey = keys.public(server).encode()
        if kind == "events":
            self.socket.subscribe(b"")
        self.socket.connect(f"tcp://127.0.0.1:{port + offset}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.disable_monitor()
        self.socket.close()

    def gets_in(self):
        """Wait for the verdict of the handshake."""
        assert self.events.poll(60000), "no verdict"
        return VERDICTS[zmq.utils.monitor.recv_monitor_message(self.events)["event"]]

    def ask(self, query, patience=10000):
        """Return the reply to a query; None if none comes."""
        self.socket.send_multipart([b"", msgpack.packb(query)])
        if not self.socket.poll(patience):
            return None
        return msgpack.unpackb(self.socket.recv_multipart()[-1])

    def hears(self, patience=10000):
        """Return whether an event comes, after those that have arrived already."""
        while self.socket.poll(0):
            self.socket.recv_multipart()
        return bool(self.socket.poll(patience))


def counters(context, keys, port, name="query"):
    """Return the counters of a processor."""
    with Visitor(context, keys, port, "queries", name) as visitor:
        return until(lambda: visitor.ask({"op": "stats"}, patience=1000), what="the counters")["stats"]
