"""Clients that post: messages in some form, or while something is harmed, and then check that nothing is lost or counts
twice."""
# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import http.client
import json
import threading
import time

from downlink import Client, channel, message, until


def post_singly(both, arrived):
    with both.client() as client:
        for one in arrived:
            assert client.call("POST", "/messages", json.dumps(one)).status == 202


def post_from_many_sides(both, arrived):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(post_singly, both, arrived[side::4]) for side in range(4)]:
            done.result()


def post_arrays(both, arrived):
    for start in range(0, len(arrived), 333):
        assert both.post(arrived[start:start + 333]).status == 202


def post_lines(both, arrived):
    body = "\n".join(json.dumps(one) for one in arrived)
    answer = both.call("POST", "/messages", body, Content_Type="application/x-ndjson")
    assert answer.json()["accepted"] == len(arrived)


class Poster(threading.Thread):
    """Posts messages of one rocket until its end. Messages without an answer are unknown."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.of, self.ending = port, channel(), threading.Event()
        self.accepted, self.tried, self.statuses = 0, 0, set()
        self.start()

    def run(self):
        while not self.ending.is_set():
            self.tried += 1
            try:
                with Client(self.port, timeout=10) as client:
                    self.statuses.add(status := client.call(
                        "POST", "/messages", json.dumps(message(self.of, self.tried, by=1))).status)
                self.accepted += status == 202
            except (OSError, http.client.HTTPException):  # also half an answer, of a gateway that was killed
                time.sleep(0.02)

    def end(self):
        self.ending.set()
        self.join(20)
        assert not self.is_alive()

    def check(self, both):
        """Check that every accepted message counts, that none counts twice, and that nothing else counts."""
        def is_complete():
            rocket = both.rocket(self.of)
            return rocket and rocket["messagesApplied"] >= self.accepted and rocket
        rocket = until(is_complete, what=f"{self.accepted} of {self.tried} messages")
        assert rocket["speed"] == rocket["messagesApplied"] <= self.tried
        assert rocket["conflicts"] == 0 and self.accepted > 0


def under_load(both, harm, ports=(), posters=4):
    """Post from several clients while something is harmed; check each one's rocket, and return the statuses of their
    answers. ports: of the gateways to post to, by turns; without them that of the pair."""
    ports = ports or [both.http]
    load = [Poster(ports[index % len(ports)]) for index in range(posters)]

    def go_on():
        before = [one.accepted for one in load]
        until(lambda: all(one.accepted > count for one, count in zip(load, before)), what="accepted messages of each")
    go_on()
    harm()
    go_on()
    for one in load:
        one.end()
    for one in load:
        one.check(both)
    return set().union(*(one.statuses for one in load))
