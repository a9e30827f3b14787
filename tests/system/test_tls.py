"""HTTPS: versions, certificates of both sides, reloads, handshakes that wait, and all that HTTP can, under TLS."""
import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest

import tls
from downlink import BIN, Program, channel, free_ports, message, raw, until
from secure_pair import SecurePair

HANDSHAKE_SECONDS = 3
#  A record that announces a ClientHello of 512 bytes, and the first few of them.
HALF_HELLO = bytes.fromhex("160301020001 0001fc0303".replace(" ", "")) + bytes(32)


@pytest.fixture(scope="module")
def authority(folder):
    return tls.Authority(folder)


@pytest.fixture(scope="module")
def trusting(authority):
    """A client's context that believes the authority."""
    return ssl.create_default_context(cafile=authority.certificate)


@pytest.fixture(scope="module")
def secure(folder, authority, trusting):
    both = SecurePair(folder, trusting, tls.files(*authority.sign("server")))
    yield both
    both.stop()


@pytest.fixture
def start_secure(folder, trusting):
    started = []

    def start(*flags, context=trusting):
        started.append(SecurePair(folder, context, flags))
        return started[-1]
    yield start
    for both in started:
        both.stop()


def answer_of(connection, request=b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):
    """Send a request, and read until the end."""
    connection.sendall(request)
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            return received
        if not piece:
            return received
        received += piece


# --- versions, ciphers, names -------------------------------------------------------------------

VERSIONS = {"TLSv1": False, "TLSv1_1": False, "TLSv1_2": True, "TLSv1_3": True}


@pytest.mark.parametrize("version", VERSIONS)
def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(secure, version):
    context = tls.blind()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    if not VERSIONS[version]:
        with pytest.raises(OSError):
            secure.connect(context)
        return
    with secure.connect(context) as connection:
        assert connection.version() == version.replace("_", ".")
        assert answer_of(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "NULL-SHA256",
                                    "ECDHE-ECDSA-AES256-SHA384"])
def test_ciphers_without_authentication_or_fresh_keys_are_refused(secure, cipher):
    context = tls.blind()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    with pytest.raises(OSError):
        secure.connect(context)
    until(lambda: secure.failed("nothing-in-common") >= 1, what="a count of it")


def test_the_protocol_is_agreed_as_http_1_1(secure, authority):
    context = ssl.create_default_context(cafile=authority.certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with secure.connect(context) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"


def test_a_client_that_does_not_trust_the_authority_gives_up_and_is_counted(secure):
    with pytest.raises(ssl.SSLCertVerificationError):
        secure.connect(ssl.create_default_context())
    until(lambda: secure.failed("refused-by-client") >= 1, what="a count of it")


def test_a_client_that_comes_back_resumes_its_session(secure, authority):
    context = ssl.create_default_context(cafile=authority.certificate)
    with secure.connect(context) as first:
        assert answer_of(first).startswith(b"HTTP/1.1 200 ")
        session = first.session
    with socket.create_connection(("127.0.0.1", secure.http)) as plain, context.wrap_socket(
            plain, server_hostname="localhost", session=session) as second:
        assert second.session_reused
        assert answer_of(second).startswith(b"HTTP/1.1 200 ")


# --- clients with certificates ------------------------------------------------------------------

def test_only_clients_with_a_certificate_of_the_authority_come_in(folder, authority, start_secure):
    stranger = tls.Authority(folder, "stranger")
    rows = {"none": (None, False), "good": (authority.sign("good", "clientAuth"), True),
            "expired": (authority.sign("expired", "clientAuth", days=-1), False),
            "unknown": (stranger.sign("unknown", "clientAuth"), False),
            "a server's": (authority.sign("other"), False)}

    def context_of(files, version):
        context = ssl.create_default_context(cafile=authority.certificate)
        context.maximum_version = version
        if files:
            context.load_cert_chain(*files)
        return context
    good = context_of(rows["good"][0], ssl.TLSVersion.TLSv1_3)
    both = start_secure(*tls.files(*authority.sign("asking")), "--tls-client-ca",
                        authority.certificate, context=good)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for name, (files, is_good) in rows.items():
            before = both.failed("client-certificate")
            try:
                #  In TLS 1.3 the client is done before the server has seen its certificate.
                with both.connect(context_of(files, version)) as connection:
                    is_in = answer_of(connection).startswith(b"HTTP/1.1 200 ")
            except OSError:
                is_in = False
            assert is_in == is_good, (name, version)
            if not is_good:
                until(lambda before=before: both.failed("client-certificate") > before,
                      what=f"a count of {name}")
    assert both.gateway.lines_with("reason=client-certificate client=127.0.0.1")


# --- files --------------------------------------------------------------------------------------

def refusal(folder, *flags):
    program = Program(folder, "downlink-gateway", "--listen", f"127.0.0.1:{free_ports(1)}",
                      "--journal", "off", *flags)
    assert program.process.wait(60) != 0
    return program.text()


def test_files_that_cannot_be_used_stop_the_start_with_a_sentence(folder, authority):
    certificate, key = authority.sign("files")
    other = authority.sign("another")[1]
    assert "must be given together" in refusal(folder, "--tls-cert", certificate)
    assert "needs --tls-cert" in refusal(folder, "--tls-client-ca", certificate)
    assert "No such file" in refusal(folder, *tls.files("missing.pem", key))
    assert "is not the key of the certificate" in refusal(folder, *tls.files(certificate, other))
    assert "no chain of" in refusal(folder, *tls.files(key, key))
    certificate.with_suffix(".csr").chmod(0o600)
    assert "no key in PEM" in refusal(folder, *tls.files(certificate, certificate.with_suffix(".csr")))
    assert "holds no certificates" in refusal(folder, *tls.files(certificate, key), "--tls-client-ca",
                                              key)
    key.chmod(0o644)
    assert "every user of this machine may read it" in refusal(folder, *tls.files(certificate, key))
    key.chmod(0o640)


def serial_of(both):
    with both.connect(tls.blind()) as connection:
        pem = ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True))
    return pem


@pytest.mark.parametrize("how", ["SIGHUP", "change"])
def test_a_new_certificate_is_taken_without_a_restart_and_a_bad_one_is_not(folder, authority,
                                                                           start_secure, how):
    certificate, key = authority.sign(f"current-{how}")
    both = start_secure(*tls.files(certificate, key))
    first = serial_of(both)
    kept = both.connect()
    assert is_alive_on(kept)  # without a request it would have to go soon
    new_certificate, new_key = authority.sign(f"next-{how}")
    if how == "SIGHUP":
        both.gateway.send(signal.SIGHUP)  # the files have not changed
        both.gateway.lines_with("read the certificate again")
        assert serial_of(both) == first
    certificate.write_text("broken", encoding="ascii")
    both.gateway.lines_with("cannot use the changed files of TLS")
    assert serial_of(both) == first
    #  One after the other: between the two, they do not match.
    shutil.copy(new_certificate, certificate)
    shutil.copy(new_key, key)
    until(lambda: serial_of(both) != first, what="the new certificate")
    assert serial_of(both) == new_certificate.read_text(encoding="ascii")
    assert answer_of(kept).startswith(b"HTTP/1.1 200 ")  # a connection goes on with the one it began with
    assert both.call("GET", "/readyz").status == 200


def test_a_certificate_that_ends_soon_is_warned_of_and_its_end_is_a_metric(authority, start_secure):
    both = start_secure(*tls.files(*authority.sign("short", days=3)))
    assert re.search("days_left=[23] ",  both.gateway.lines_with("the certificate ends soon")[0])
    assert abs(both.metric("tls_certificate_end_seconds") - time.time() - 3 * 86400) < 600


# --- the wrong protocol -------------------------------------------------------------------------

def test_http_without_tls_gets_a_400_that_says_so(secure):
    answer = raw(secure.http, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"x" * 100000)
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1") == 1
    assert b"this port speaks TLS" in answer
    until(lambda: secure.failed("plain-http") >= 1, what="a count of it")


def test_tls_on_a_plain_port_is_closed_at_once_and_logged(pair):
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(OSError):
            tls.connect(pair.http, tls.blind())
    assert time.monotonic() - began < 10  # FRESH would last 15 s
    line = pair.gateway.lines_with("began with TLS")[0]
    assert "advice=" in line and "client=127.0.0.1" in line
    until(lambda: re.search(r"^downlink_gateway_tls_hellos_total 3$", pair.call("GET", "/metrics").body.decode(), re.M),
          what="a count of each")
    assert pair.call("GET", "/readyz").status == 200


# --- handshakes that wait -----------------------------------------------------------------------

def busy_seconds(program):
    with open(f"/proc/{program.process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def hello_of(context):
    """The bytes with which a client begins."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    engine = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        engine.do_handshake()
    return outgoing.read()


def is_alive_on(connection):
    """Return whether the gateway answers on a connection, which stays open."""
    connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
    received = b""
    while not received.endswith(b"}\n"):
        received += connection.recv(65536)
    return received.startswith(b"HTTP/1.1 200 ")


def test_a_thousand_handshakes_that_wait_disturb_nobody_and_end_in_time(secure):
    begins = [b"", HALF_HELLO, hello_of(tls.blind())]
    late = secure.failed("timeout")
    good = secure.connect()
    assert is_alive_on(good)  # without a request it would have to go soon
    waiting = [socket.create_connection(("127.0.0.1", secure.http)) for _ in range(1000)]
    for index, one in enumerate(waiting):
        one.sendall(begins[index % 3])
    before = busy_seconds(secure.gateway)
    opened = time.monotonic()
    for _ in range(5):
        assert is_alive_on(good)
        assert secure.call("GET", "/readyz").status == 200  # a new handshake each time
    until(lambda: secure.failed("timeout") >= late + 1000, what="their ends")
    spent = busy_seconds(secure.gateway) - before
    assert spent < 0.8 * (time.monotonic() - opened)  # it does not turn without a pause
    for one in waiting:
        one.settimeout(HANDSHAKE_SECONDS)
        try:
            while one.recv(65536):
                pass
        except ConnectionResetError:
            pass
        one.close()
    good.close()


def test_a_handshake_that_comes_byte_by_byte_succeeds_or_ends_in_time(secure):
    context = tls.blind()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    engine = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", secure.http), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                engine.do_handshake()
                break
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    connection.sendall(bytes([byte]))
                incoming.write(connection.recv(65536))
        engine.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        for byte in outgoing.read():
            connection.sendall(bytes([byte]))
        while True:
            data = connection.recv(65536)
            incoming.write(data) if data else incoming.write_eof()
            try:
                assert engine.read(65536).startswith(b"HTTP/1.1 200 ")
                break
            except ssl.SSLWantReadError:
                continue


def test_garbage_instead_of_a_handshake_ends_its_connection_alone(secure):
    good = secure.connect()
    assert is_alive_on(good)
    for data in (b"\x16" + os.urandom(500), b"\x16\x03\x01\x00\x00", b"\x16\x03\x01\xff\xff" + bytes(65535),
                 hello_of(tls.blind()) + os.urandom(300)):
        with socket.create_connection(("127.0.0.1", secure.http), timeout=30) as connection:
            connection.sendall(data)
            try:
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                pass  # it is closed already
    assert answer_of(good).startswith(b"HTTP/1.1 200 ")


# --- all that HTTP can --------------------------------------------------------------------------

def curl(authority, *arguments):
    return subprocess.run(["curl", "--silent", "--show-error", "--max-time", "60", "--cacert",
                           str(authority.certificate), *map(str, arguments)], capture_output=True,
                          check=True).stdout


def test_curl_posts_and_gets(secure, authority, folder):
    one = channel()
    answer = json.loads(curl(authority, "-d", json.dumps(message(one, 1, "RocketLaunched")),
                             f"https://localhost:{secure.http}/messages"))
    assert answer == {"status": "accepted", "accepted": 1}
    secure.rocket_when(one, lambda rocket: rocket["speed"] == 500)
    rocket = json.loads(curl(authority, f"https://localhost:{secure.http}/rockets/{one}"))
    assert rocket["mission"] == "ARTEMIS"
    large = os.path.join(folder, "large.ndjson")
    with open(large, "w", encoding="ascii") as lines:
        for number in range(2, 20002):
            lines.write(json.dumps(message(one, number)) + "\n")
    answer = json.loads(curl(authority, "-H", "Content-Type: application/x-ndjson", "-T", large, "-X",
                             "POST", f"https://localhost:{secure.http}/messages"))
    assert answer["accepted"] == 20000
    secure.rocket_when(one, lambda rocket: rocket["messagesApplied"] == 20001)


def test_pipelined_requests_are_answered_in_order_and_a_wait_is_kept(secure):
    one = channel()
    with secure.connect() as connection:
        requests = []
        for number in range(1, 21):
            body = json.dumps(message(one, number)).encode()
            requests.append(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=60\r\n"
                            b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        connection.sendall(b"".join(requests))
        received = answer_of(connection)
        assert received.count(b"HTTP/1.1 200 OK") == 21, received[-400:]
        assert received.count(b'"status":"applied"') == 20


def test_a_slow_reader_gets_all_of_a_large_answer(secure):
    rockets = [channel() for _ in range(3000)]
    for first in range(0, 3000, 1000):
        assert secure.post([message(one, 1, "RocketLaunched") for one in rockets[first:first + 1000]],
                           Prefer="wait=60").status == 200
    request = b"GET /rockets?limit=1000 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    expected = len(secure.call("GET", "/rockets?limit=1000").body)
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(30)
    plain.connect(("127.0.0.1", secure.http))
    with secure.context.wrap_socket(plain, server_hostname="localhost") as connection:
        connection.sendall(request)
        time.sleep(0.5)
        received = b""
        while True:
            piece = connection.recv(3000)
            if not piece:
                break
            received += piece
    assert len(received.partition(b"\r\n\r\n")[2]) == expected


def test_a_refusal_in_the_middle_of_a_body_reaches_its_client(secure):
    """Past libmicrohttpd (http_parting), and through TLS."""
    with secure.connect() as connection:
        connection.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n")
        assert b" 413 " in answer_of(connection, b"x" * 1000)
    with secure.connect() as connection:
        connection.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert re.match(rb"HTTP/1.1 4(00|13) ", answer_of(connection, b"1;" + b"a" * 20000))
    with secure.connect() as connection:
        assert b" 431 " in answer_of(connection, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70000)


def test_a_stream_of_events_comes_through_and_its_end_is_noticed(secure):
    one = channel()
    with secure.connect() as connection:
        connection.sendall(f"GET /events?id={one} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        secure.post(message(one, 1, "RocketLaunched"))
        received = b""
        while b'"speed":500' not in received:
            received += connection.recv(65536)
        until(lambda: secure.metric("event_streams") == 1, what="a count of the stream")
        with contextlib.suppress(ssl.SSLError):  # more events come, behind the goodbye
            connection.unwrap()
    until(lambda: secure.metric("event_streams") == 0, what="the end of the stream")


def test_a_held_request_whose_client_goes_away_is_given_up(start_secure, authority):
    both = start_secure(*tls.files(*authority.sign("held")))
    both.processor.stop()
    until(lambda: both.call("GET", "/readyz").status == 503, what="a gateway without processor")
    with both.connect() as connection:
        connection.sendall(b"GET /rockets HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert both.call("GET", "/livez").status == 200
    both.processor = both.start_processor()
    until(lambda: both.call("GET", "/readyz").status == 200, what="a processor")


def test_a_stop_answers_what_is_under_way_and_breaks_off_handshakes(start_secure, authority):
    both = start_secure(*tls.files(*authority.sign("stopping")))
    half = [socket.create_connection(("127.0.0.1", both.http)) for _ in range(20)]
    for index, one in enumerate(half):
        one.sendall(HALF_HELLO if index % 2 else b"")
    idle = both.connect()
    body = json.dumps(message(channel(), 1)).encode()
    with both.connect() as busy:
        busy.sendall(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body))
        both.gateway.send(signal.SIGTERM)
        both.gateway.lines_with("stopping")
        assert b" 202 " in answer_of(busy, body)
    assert both.gateway.process.wait(60) == 0
    for one in [*half, idle]:
        one.close()


def test_the_cookie_of_the_page_is_secure(folder, authority, start_secure):
    tokens = os.path.join(folder, "tokens")
    made = subprocess.run([BIN / "downlink-keygen", "token", "page", "--scopes", "read", "--token-file",
                           tokens], capture_output=True, check=True, text=True).stdout.split()[-1]
    both = start_secure(*tls.files(*authority.sign("page")), "--token-file", tokens)
    answer = both.call("POST", "/session", Authorization=f"Bearer {made}")
    assert answer.status == 204 and "; Secure" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" not in answer.headers  # docs/security.md says why


def test_many_clients_that_connect_anew_each_time_are_all_answered(secure):
    def send(number):
        return secure.post(message(channel(), number)).status
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(send, range(1, 301))) == {202}
    until(lambda: secure.metric("tls_connections") < 10, what="the end of the connections")


# --- our own clients ----------------------------------------------------------------------------

def run(name, *arguments):
    return subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True, timeout=100,
                          check=False)


@pytest.mark.parametrize("new_connections", ["yes", "no"])
def test_launch_plays_and_verifies_over_https(secure, authority, new_connections):
    done = run("downlink-launch", f"https://localhost:{secure.http}", "--ca", authority.certificate,
               "--max-messages", 500, "--rockets", 5, "--duplicates", 0.1, "--verify",
               "--new-connections", new_connections, "--concurrency-level", 8)
    assert done.returncode == 0, done.stderr
    assert "5 of 5 rockets are right" in done.stdout
    assert re.search(r"time-outs +0\n", done.stdout), done.stdout


def test_launch_does_not_send_to_a_gateway_that_it_cannot_believe(secure, authority, start_secure):
    url = f"https://localhost:{secure.http}"
    done = run("downlink-launch", url, "--max-messages", 5)
    assert done.returncode == 1 and "of an authority that is not trusted" in done.stderr
    other = start_secure(*tls.files(*authority.sign("named", names="DNS:other.example")), context=tls.blind())
    done = run("downlink-launch", f"https://localhost:{other.http}", "--max-messages", 5, "--ca",
               authority.certificate)
    assert done.returncode == 1 and "that of another host" in done.stderr
    done = run("downlink-launch", url, "--ca", "missing.pem")
    assert done.returncode == 2 and "no readable file" in done.stderr


def test_status_asks_gateways_over_https(secure, authority):
    lists = ("--processors", f"localhost:{secure.port}", "--gateways", f"https://localhost:{secure.http}")
    done = run("downlink-query", "status", *lists, "--ca", authority.certificate)
    assert done.returncode == 0, done.stderr + done.stdout
    done = run("downlink-query", "status", *lists)
    assert done.returncode == 1 and "not trusted" in done.stdout + done.stderr
    done = run("downlink-query", "status", *lists[:2], "--gateways", f"localhost:{secure.http}")
    assert done.returncode == 1 and "answers 400" in done.stdout + done.stderr


# --- proxies in front ---------------------------------------------------------------------------

def test_the_word_of_a_trusted_proxy_counts_and_that_of_others_does_not(start):
    fields = {"X_Forwarded_For": "6.6.6.6, 203.0.113.7", "X_Forwarded_Proto": "https"}
    behind = start(gateway=("--behind-proxy", "1"))
    alone = start()
    assert behind.gateway.lines_with("every client of the proxy may do everything")
    assert "there are no tokens" not in alone.gateway.text()
    for both, client in ((behind, "203.0.113.7"), (alone, "127.0.0.1")):
        assert both.call("GET", "/nothing", **fields).status == 404
        assert f"client={client}" in both.gateway.lines_with("target=/nothing")[0]


@pytest.mark.parametrize("proto", ["https", "http"])
def test_the_cookie_is_secure_as_the_proxy_says(folder, start, proto):
    tokens = os.path.join(folder, f"tokens-{proto}")
    made = subprocess.run([BIN / "downlink-keygen", "token", "page", "--scopes", "read", "--token-file",
                           tokens], capture_output=True, check=True, text=True).stdout.split()[-1]
    both = start(gateway=("--token-file", tokens, "--behind-proxy", "1"))
    answer = both.call("POST", "/session", Authorization=f"Bearer {made}", X_Forwarded_Proto=proto)
    assert answer.status == 204
    assert ("; Secure" in answer.headers["Set-Cookie"]) == (proto == "https")
