"""Relay between a gateway and a processor, and pretend to be either."""
import contextlib
import os
import socket
import threading
import time

import msgpack
import zmq

from downlink import free_ports


class Impostor:
    """Speaks as a processor: takes frames, acknowledges those without the channel that it refuses, and
    announces the messages of the test, unless it is silent."""

    def __init__(self, context, partitions, is_silent=False, is_acking=True, **announced):
        self.id = os.urandom(16)
        self.is_silent = is_silent
        self.is_acking = is_acking
        self.messages = set()  # (partition of the frame, channel, number)
        self.announced = {"partitions": partitions, **announced}
        self.sockets = [context.socket(zmq.PULL), context.socket(zmq.PUB)]
        self.frames, self.events = self.sockets
        while True:
            self.port = free_ports(3)
            try:
                self.frames.bind(f"tcp://127.0.0.1:{self.port}")
                self.events.bind(f"tcp://127.0.0.1:{self.port + 2}")
                break
            except zmq.ZMQError:
                continue
        self.taken = 0
        self.refuses = None
        self.refused = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def announce(self):
        endpoints = {name: f"tcp://127.0.0.1:{self.port + offset}"
                     for offset, name in enumerate(("frames", "queries", "events"))}
        self.events.send_multipart([b"owner", msgpack.packb(
            {"processor": self.id, "endpoints": endpoints, **self.announced})])

    def work(self):
        announce_at = 0
        while not self.is_over.is_set():
            if time.monotonic() >= announce_at and not self.is_silent:
                self.announce()
                announce_at = time.monotonic() + 0.1
            if self.frames.poll(20):
                _, source, sequence, partition, messages = msgpack.unpackb(self.frames.recv())
                self.messages |= {(partition, one[0], one[1]) for one in messages}
                if self.refuses in [one[0] for one in messages]:
                    self.refused += 1
                    continue
                self.taken += len(messages)
                if not self.is_acking:
                    continue
                self.events.send_multipart([b"ack/" + source.hex().encode(), msgpack.packb(
                    {"processor": self.id, "ranges": [[sequence, sequence]]})])

    def stop(self):
        self.is_over.set()
        self.thread.join()
        for one in self.sockets:
            one.close(linger=0)


class Relay:
    """Forwards three ports to a processor's. It can swallow what the gateway sends as frames, and what it
    hears as events (as whole messages: it does so only while little is in progress)."""

    def __init__(self, target):
        self.swallowed = 0
        self.is_swallowing = self.are_events_swallowed = False
        self.events_swallowed = 0
        self.links = []  # of frames
        while True:
            self.port = free_ports(3)
            self.listeners = []
            with contextlib.suppress(OSError):
                for offset in range(3):
                    self.listeners.append(socket.create_server(("127.0.0.1", self.port + offset)))
                break
        for offset, listener in enumerate(self.listeners):
            threading.Thread(target=self.accept, args=(listener, target + offset, offset),
                             daemon=True).start()

    def accept(self, listener, target, offset):
        with contextlib.suppress(OSError):  # the end: the listener is closed
            while True:
                near = listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", target))
                self.links += [near, far] if offset == 0 else []
                for one, other, is_up in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self.pump, args=(one, other, is_up, offset),
                                     daemon=True).start()

    def pump(self, one, other, is_up, offset):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if is_up and offset == 0 and self.is_swallowing:
                    self.swallowed += len(data)
                elif not is_up and offset == 2 and self.are_events_swallowed:
                    self.events_swallowed += len(data)
                else:
                    other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def break_links(self):
        links, self.links = self.links, []
        for end in links:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.is_swallowing = False

    def stop(self):
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
