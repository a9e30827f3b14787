"""From a POST to the GET that shows it, while the gateway takes half of what it can."""
import contextlib
import socket
import threading
import time

import harness

TARGET_MS = 3
ROCKETS = 1000


class Prober:
    """Posts to a rocket of its own, then asks until it sees the message. Written close to the
    socket, so that little of what is measured is Python."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.channel = "probe-" + harness.salt()
        self.number = 0
        self.get = f"GET /rockets/{self.channel} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    def ask(self, request):
        self.socket.sendall(request)
        answer = self.socket.recv(65536)
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self.socket.recv(65536)
        return head[9:12], body

    def probe(self):
        """Milliseconds until the 202, and until the message is seen."""
        self.number += 1
        body = harness.json.dumps(harness.message(self.channel, self.number))
        request = (f"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        wanted = f'"lastMessageNumber":{self.number},'.encode()
        started = time.perf_counter()
        status, answer = self.ask(request)
        assert status == b"202", answer
        accepted = time.perf_counter()
        while wanted not in self.ask(self.get)[1]:
            pass
        return (accepted - started) * 1000, (time.perf_counter() - started) * 1000


def probe_for(port, seconds):
    prober, times = Prober(port), []
    with contextlib.closing(prober.socket):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            times.append(prober.probe())
            time.sleep(0.002)
    return times


def measure(row, rounds, seconds):
    with harness.folder() as folder, harness.System(folder) as system:
        for _ in range(rounds):
            idle = probe_for(system.http, min(seconds, 2))
            top = harness.launch(system.url, rockets=ROCKETS, max_messages=20000 * seconds,
                                 concurrency_level=harness.CONNECTIONS, new_connections="no")
            system.settle()
            rate = int(top["rate"] / 2)
            load = threading.Thread(target=lambda rate=rate: harness.launch(
                system.url, rockets=ROCKETS, max_messages=rate * (seconds + 1), rate=rate,
                concurrency_level=harness.CONNECTIONS, new_connections="no"))
            load.start()
            time.sleep(0.5)
            busy = probe_for(system.http, seconds)
            load.join()
            system.settle()
            add(row, "idle", idle)
            add(row, "at half the top rate", busy)
            row.add("half the top rate", "messages/s", rate)
    row.check_series("at half the top rate, p99", "<=", TARGET_MS)


def add(row, when, times):
    visible = [both[1] for both in times]
    row.add(f"{when}, p50", "ms", harness.median(visible))
    row.add(f"{when}, p99", "ms", harness.percentile(visible, 0.99))
    row.detail(when, {"probes": len(times), "max_ms": max(visible),
                      "accepted_p99_ms": harness.percentile([both[0] for both in times], 0.99)})


ROWS = {"visible": ("POST to visible in GET, at half the top rate", measure)}
