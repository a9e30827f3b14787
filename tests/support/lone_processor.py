"""A processor without a gateway, on a state of its own, and a client of it."""
# SPDX-License-Identifier: Apache-2.0
import signal
import time

import msgpack
import zmq

from downlink import Client, Program, free_ports, until


class LoneProcessor:
    """flags: of the bus, and more; later ones win. `partitions` are those of a state that is new."""

    def __init__(self, folder, *flags, partitions=4, state=None, failpoints=""):
        self.folder, self.partitions = folder, partitions
        self.port = free_ports(4)
        self.state = state or folder / f"state-{self.port}"
        self.flags = ["--port", self.port, "--state-dir", self.state, "--partitions", partitions,
                      "--admin", f"127.0.0.1:{self.port + 3}", *flags]
        self.program = None
        self.start(failpoints)

    def start(self, failpoints=""):
        self.program = Program(self.folder, "downlink-processor", *self.flags,
                               environment={"DOWNLINK_FAILPOINTS": failpoints})
        return self

    def kill(self):
        self.program.process.kill()
        self.program.process.wait()

    def stop(self):
        assert self.program.stop() == 0, self.program.text()

    def restart(self, number=signal.SIGTERM):
        if number == signal.SIGKILL:
            self.kill()
        else:
            self.stop()
        return self.start()

    def ask(self, op, **query):
        with zmq.Context() as context, context.socket(zmq.REQ) as socket:
            socket.linger = 0
            socket.rcvtimeo = 60000
            socket.connect(f"tcp://127.0.0.1:{self.port + 1}")
            socket.send(msgpack.packb({"op": op, **query}))
            return msgpack.unpackb(socket.recv())

    def stats(self):
        return self.ask("stats")["stats"]

    def rockets(self):
        return {rocket["id"]: rocket for rocket in self.ask("list", limit=1000)["rockets"]}

    def await_stats(self, what, condition):
        return until(lambda: (lambda stats: stats if condition(stats) else None)(self.stats()), what=what)

    def await_owned(self):
        return self.await_stats("all partitions", lambda stats: len(stats["owned"]) == self.partitions)

    def await_end(self):
        """Wait until all of the feed is saved."""
        def is_there():
            stats = self.stats()
            lags = [messages for _, messages, _ in stats["bus"]["lag"]]
            return stats["records"] > 0 and lags == [0] * self.partitions and not any(row[3] for row in stats["owned"])
        until(is_there, what="the end of the topic")
        time.sleep(0.6)  # the lag is measured twice a second
        until(is_there, what="the end of the topic")
        return self.stats()

    def call(self, target):
        with Client(self.port + 3) as client:
            return client.call("GET", target)

    def exit_text(self):
        """Wait for its end with status 1, and return its log."""
        assert self.program.process.wait(60) == 1, self.program.text()
        return self.program.text()
