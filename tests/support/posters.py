"""Clients that post while something is harmed, and check that nothing is lost or counts twice."""
# SPDX-License-Identifier: Apache-2.0
import json
import threading
import time

from downlink import Client, channel, message, until


class Poster(threading.Thread):
    """Posts messages of one rocket until it is told to end. Of those without an answer it does not know."""

    def __init__(self, both):
        super().__init__(daemon=True)
        self.both, self.of, self.ending = both, channel(), threading.Event()
        self.accepted, self.tried, self.statuses = 0, 0, set()
        self.start()

    def run(self):
        while not self.ending.is_set():
            self.tried += 1
            try:
                with Client(self.both.http, timeout=10) as client:
                    self.statuses.add(status := client.call(
                        "POST", "/messages", json.dumps(message(self.of, self.tried, by=1))).status)
                self.accepted += status == 202
            except OSError:
                time.sleep(0.02)

    def end(self):
        self.ending.set()
        self.join(20)
        assert not self.is_alive()

    def check(self, both):
        """Every accepted message counts, none counts twice, and nothing else does."""
        def is_complete():
            rocket = both.rocket(self.of)
            return rocket and rocket["messagesApplied"] >= self.accepted and rocket
        rocket = until(is_complete, what=f"{self.accepted} of {self.tried} messages")
        assert rocket["speed"] == rocket["messagesApplied"] <= self.tried
        assert rocket["conflicts"] == 0 and self.accepted > 0


def under_load(both, harm, posters=4):
    """Post from several clients while something is harmed; check each one's rocket."""
    load = [Poster(both) for _ in range(posters)]
    time.sleep(0.3)
    harm()
    time.sleep(0.3)
    for one in load:
        one.end()
    for one in load:
        one.check(both)
    return set().union(*(one.statuses for one in load))
