"""The proxies of docs/security.md: each configuration, taken out of the page, in front of a real gateway."""
import concurrent.futures
import contextlib
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import time

import pytest

import tls
from downlink import BIN, ROOT, Answer, Pair, channel, free_ports, message, until

NAME = "gateway.example"
RATE = 50  # requests a second: fewer than a busy machine passes, and more than the tests send
CLIENT, OTHER = "127.0.0.2", "127.0.0.3"
SOON = 5  # seconds within which an event passes a proxy
SEARCH_PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"


def chapter():
    text = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    return text.partition("\n## Behind a proxy\n")[2].partition("\n## ")[0]


def snippet(program):
    """Return the configuration that follows the paragraph with the program's name."""
    return re.search(rf"^{program}\b(?:.*\n)+?```\w*\n((?:.*\n)*?)```$", chapter(), re.M)[1]


def replace(text, pairs):
    """Replace each text, which must be there."""
    for old, new in pairs.items():
        assert old in text, f"the configuration has no {old!r}\n{text}"
        text = text.replace(old, new)
    return text


class Proxy:
    """A proxy with the configuration of the document: only ports, addresses and paths are others."""

    def __init__(self, folder, program, authority, gateway_port):
        self.folder, self.port, self.program = pathlib.Path(folder), free_ports(1), program
        self.gateway = f"127.0.0.1:{gateway_port}"
        self.certificate, self.key = authority.sign(program, names=f"DNS:{NAME}")
        self.authority = authority.certificate
        self.log = self.folder / f"{program}.log"
        command, environment = getattr(self, program)()
        command[0] = shutil.which(command[0], path=SEARCH_PATH)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log,
                                            env={**os.environ, **environment})

    def nginx(self):
        text = replace(snippet("nginx"), {"listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
                                          "127.0.0.1:8088": self.gateway,
                                          "/etc/nginx/server.pem": str(self.certificate),
                                          "/etc/nginx/server.key": str(self.key)})
        paths = "".join(f"{name}_temp_path {self.folder}/nginx-{name};\n" for name in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.folder / "nginx.conf"
        config.write_text(f"daemon off;\npid {self.folder}/nginx.pid;\nworker_processes 2;\nerror_log stderr warn;\n"
                          f"events {{}}\nhttp {{\naccess_log off;\n{paths}{text}}}\n")
        return ["nginx", "-p", self.folder, "-c", config, "-e", "stderr"], {}

    def HAProxy(self):
        both = self.folder / "haproxy-server.pem"
        both.write_text(self.certificate.read_text() + self.key.read_text())
        text = replace(snippet("HAProxy"), {"bind :443": f"bind 127.0.0.1:{self.port}",
                                            "127.0.0.1:8088": self.gateway,
                                            "/etc/haproxy/server.pem": str(both)})
        config = self.folder / "haproxy.cfg"
        config.write_text("global\n    log stderr format raw local0\n    zero-warning\n" + text)
        return ["haproxy", "-db", "-f", config], {}

    def Caddy(self):
        text = replace(snippet("Caddy"), {"127.0.0.1:8088": self.gateway})
        config = self.folder / "Caddyfile"
        config.write_text(f"{{\n    admin off\n    https_port {self.port}\n    http_port {free_ports(1)}\n"
                          "    default_bind 127.0.0.1\n    auto_https disable_redirects\n    local_certs\n"
                          f"    skip_install_trust\n    grace_period 1s\n    storage file_system {self.folder}/caddy\n}}\n{text}")
        self.authority = self.folder / "caddy/pki/authorities/local/root.crt"
        return ["caddy", "run", "--config", config, "--adapter", "caddyfile"], {"HOME": str(self.folder)}

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def text(self):
        return self.log.read_text(errors="replace")

    def connect(self, source):
        """A connection with TLS whose certificate and name are checked."""
        context = ssl.create_default_context(cafile=self.authority)
        context.set_alpn_protocols(["http/1.1"])
        plain = socket.create_connection(("127.0.0.1", self.port), 10, (source, 0))
        return context.wrap_socket(plain, server_hostname=NAME)

    @contextlib.contextmanager
    def client(self, source=CLIENT):
        connection = http.client.HTTPConnection(NAME, self.port)
        connection.sock = self.connect(source)
        yield connection
        connection.close()

    def call(self, method, target, body=None, source=CLIENT, **fields):
        with self.client(source) as connection:
            connection.request(method, target, body, {name.replace("_", "-"): value for name, value in fields.items()})
            return Answer(connection.getresponse())

    def is_up(self):
        assert self.process.poll() is None, self.text()
        try:
            return self.call("GET", "/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False


@pytest.fixture(scope="module")
def guarded(folder):
    """A pair whose gateway asks for tokens, with the flags of the document."""
    flags = re.search(r"^downlink-gateway (.*--behind-proxy.*?) …$", chapter(), re.M)[1].split()
    flags[flags.index("--trusted-proxies") + 1] = "10.0.0.0/24"
    tokens = os.path.join(folder, "tokens")
    made = subprocess.run([BIN / "downlink-keygen", "token", "all", "--scopes", "read,write,stats", "--token-file",
                           tokens], capture_output=True, check=True, text=True).stdout.split()[-1]
    both = Pair(folder, gateway=(*flags, "--token-file", tokens, "--rate", RATE))
    both.bearer = f"Bearer {made}"
    yield both
    both.stop()


@pytest.fixture(scope="module", params=["nginx", "HAProxy", "Caddy"])
def proxy(request, folder, guarded):
    if not shutil.which(request.param.lower(), path=SEARCH_PATH):
        pytest.skip(f"{request.param} is not installed: scripts/install-stopped.sh proxies")
    one = Proxy(folder, request.param, tls.Authority(folder), guarded.http)
    try:
        until(one.is_up, what=f"{request.param}, ready")
        yield one
    finally:
        one.stop()
    assert not re.search(r"(?i)\b(warning|alert|emerg|panic)\b|\[warn\]", one.text()), one.text()


def test_messages_and_answers_pass(proxy, guarded):
    one = channel()
    for number, origin in enumerate([f"https://{NAME}:{proxy.port}", None], 1):
        fields = {"Origin": origin} if origin else {}
        assert proxy.call("POST", "/messages", json.dumps(message(one, number)), Authorization=guarded.bearer,
                          Prefer="wait=30", Content_Type="application/json", **fields).status == 200
    answer = proxy.call("GET", f"/rockets/{one}", Authorization=guarded.bearer)
    assert answer.status == 200 and answer.json()["messagesApplied"] == 2
    evil = proxy.call("POST", "/messages", "{}", Authorization=guarded.bearer, Origin="https://evil.example")
    assert evil.status == 403
    assert proxy.call("GET", f"/rockets/{one}").status == 401
    lines = "".join(json.dumps(message(one, number)) + "\n" for number in range(3, 20000))
    assert len(lines) > 1 << 20
    assert proxy.call("POST", "/messages", iter([lines.encode()]), Authorization=guarded.bearer, Prefer="wait=30",
                      Content_Type="application/x-ndjson").status == 200


def next_event(response, name):
    """Read to the next event of that name, and return its data."""
    while True:
        line = response.readline().decode().strip()
        if line == f"event: {name}":
            data = iter(lambda: response.readline().decode().strip(), "")
            return next((json.loads(one[6:]) for one in data if one.startswith("data: ")), None)


def test_events_pass_at_once(proxy, guarded):
    one = channel()
    guarded.call("POST", "/messages", json.dumps(message(one, 1)), Authorization=guarded.bearer, Prefer="wait=30")
    with proxy.client() as connection:
        connection.sock.settimeout(SOON)
        connection.request("GET", f"/events?id={one}", headers={"Authorization": guarded.bearer,
                                                                "Accept-Encoding": "gzip"})
        response = connection.getresponse()
        assert response.status == 200
        assert next_event(response, "rocket")["messagesApplied"] == 1
        for number in range(2, 5):
            assert guarded.call("POST", "/messages", json.dumps(message(one, number)), Prefer="wait=30",
                                Authorization=guarded.bearer).status == 200
            assert next_event(response, "rocket")["messagesApplied"] == number

    numbers = itertools.count(5)

    def streams():
        time.sleep(0.2)  # the requests of the tests count for the rate too
        if proxy.program == "HAProxy":  # it notices when it has something to send
            guarded.post(message(one, next(numbers)), Authorization=guarded.bearer, Prefer="wait=1")
        return guarded.call("GET", "/stats", Authorization=guarded.bearer).json()["eventStreams"]
    until(lambda: streams() == 0, what="the end of the stream, as its client is gone")


def test_the_page_signs_in_with_a_secure_cookie(proxy, guarded):
    origin = f"https://{NAME}:{proxy.port}"
    answer = proxy.call("GET", "/")
    assert answer.status == 401 and b"<form" in answer.body
    answer = proxy.call("POST", "/session", Authorization=guarded.bearer, Origin=origin)
    cookie = answer.headers["Set-Cookie"]
    assert answer.status == 204 and "; Secure" in cookie and "; HttpOnly" in cookie
    session = cookie.partition(";")[0]
    for target in ("/", "/rockets", "/stats", "/session"):
        assert proxy.call("GET", target, Cookie=session).status == 200
    assert "Max-Age=0" in proxy.call("DELETE", "/session", Cookie=session, Origin=origin).headers["Set-Cookie"]


def test_a_body_is_not_waited_for(proxy):
    with proxy.connect(CLIENT) as connection:
        connection.settimeout(SOON)
        #  Caddy, as all servers in Go, first reads up to 256 KiB that are left of a body.
        head = f"POST /messages HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 1000000\r\n\r\n"
        connection.sendall(head.encode() + bytes(50000))
        assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")


def test_each_client_has_its_own_rate_whatever_it_says_of_itself(proxy, guarded):
    def guess(connection, source, number):
        connection.request("GET", "/rockets", headers={
            "X-Forwarded-For": f"203.0.113.{number}", "X-Forwarded-Proto": "http", "Forwarded": "for=6.6.6.6",
            "X-Real-IP": "6.6.6.6", "X-Request-Id": f"{source}-{proxy.port}", "Authorization": f"Bearer guess{number}"})
        return Answer(connection.getresponse()).status

    def is_slowed_down(first):
        with proxy.client(CLIENT) as connection:
            return any(guess(connection, CLIENT, first + number) == 429 for number in range(10 * RATE))
    with proxy.client(CLIENT) as one, proxy.client(OTHER) as other:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:  # at once, as a busy machine is slow with each
            assert any(pool.map(is_slowed_down, range(0, 80 * RATE, 10 * RATE)))
        assert guess(other, OTHER, 1) == 401

        #  The log has a bounded number of such lines a second.
        def line_of(connection, source):
            guess(connection, source, 1)
            lines = guarded.gateway.text().splitlines()
            return next((line for line in lines if f"{source}-{proxy.port}" in line), None)
        for connection, source in ((one, CLIENT), (other, OTHER)):
            line = until(lambda this=connection, of=source: line_of(this, of), what="a line of the log")
            assert f" client={source} " in f"{line} "
