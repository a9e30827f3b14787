"""Who may call: tokens, scopes, routes and methods, row by row; the session of the page; reloads."""
import datetime
import hashlib
import http.client
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

from downlink import BIN, ROOT, Answer, Client, Pair, Program, free_ports, message, raw, until
from event_client import Stream

TOKENS = {"all": ("write,read,stats", None), "writer": ("write", None), "reader": ("read", None),
          "counter": ("stats", None), "ended": ("write,read,stats", "2020-01-01T00:00:00Z"),
          "lasting": ("write,read,stats", "2999-01-01T00:00:00+01:00")}
#  Path: its methods, and the scope that they need.
ROUTES = {"/messages": (("POST",), "write"), "/rockets": (("GET", "HEAD"), "read"),
          "/rockets/apollo": (("GET", "HEAD", "DELETE"), "read"), "/events": (("GET", "HEAD"), "read"),
          "/openapi.json": (("GET", "HEAD"), "read"), "/": (("GET", "HEAD"), "read"),
          "/dashboard/app.js": (("GET", "HEAD"), "read"), "/stats": (("GET", "HEAD"), "stats"),
          "/metrics": (("GET", "HEAD"), "stats"), "/livez": (("GET", "HEAD"), None),
          "/healthz": (("GET", "HEAD"), None), "/readyz": (("GET", "HEAD"), None),
          "/sign-in.js": (("GET", "HEAD"), None), "/sign-in.css": (("GET", "HEAD"), None)}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")


def token(name):
    return "secret-of-" + name


def line(name, scopes, expires=None):
    digest = hashlib.sha256(token(name).encode()).hexdigest()
    return f"{name} {scopes} {digest} {expires or ''}\n"


def credentials():
    """Rows of the matrix: the field, and the problem that it gets; or the scopes that it gives."""
    good = token("all")
    yield "none", {}, "token-missing"
    for value in ("", "Bearer", "Bearer ", "Basic YTpi", good, f"Bearer {good} x", f"Token {good}",
                  f"Bearer {good}, Bearer {good}", "Bearer " + "x" * 257, f"Bearer \"{good}\""):
        yield f"malformed {value[:20]!r}", {"Authorization": value}, "token-malformed"
    digest = hashlib.sha256(good.encode()).hexdigest()
    for value in ("wrong", good[:-1], good + "x", good.upper(), digest):
        yield f"wrong {value[:20]!r}", {"Authorization": f"Bearer {value}"}, "token-unknown"
    yield "ended", {"Authorization": f"Bearer {token('ended')}"}, "token-expired"
    for name in ("all", "writer", "reader", "counter", "lasting"):
        yield name, {"Authorization": f"Bearer {token(name)}"}, TOKENS[name][0].split(",")
    yield "lower case", {"Authorization": f"bearer {good}"}, ["write", "read", "stats"]
    yield "cookie of all", {"Cookie": f"a=b; downlink_token={good}"}, ["read", "stats"]
    yield "cookie of writer", {"Cookie": f"downlink_token={token('writer')}"}, []
    yield "cookie of reader", {"Cookie": f"downlink_token={token('reader')}"}, ["read"]
    yield "cookie, wrong", {"Cookie": "downlink_token=wrong"}, "token-unknown"
    yield "cookie, empty", {"Cookie": "downlink_token="}, "token-missing"


@pytest.fixture(scope="module")
def guarded(folder):
    path = pathlib.Path(folder) / "tokens"
    path.write_text("#  for the tests\n\n" + "".join(
        line(name, *of) for name, of in TOKENS.items()))
    path.chmod(0o600)
    both = Pair(folder, gateway=("--token-file", path, "--log-level", "debug"))
    both.tokens = path
    yield both
    secrets = "|".join(token(name) for name in TOKENS)
    assert not re.search(secrets, both.gateway.text()), "a token is in the log"
    both.stop()


def call(both, method, path, fields, body=None):
    """An answer, but only the head of a stream."""
    connection = http.client.HTTPConnection("127.0.0.1", both.http, timeout=30)
    connection.request(method, path, body, fields)
    response = connection.getresponse()
    if response.headers["Content-Type"] == "text/event-stream":
        response.read = lambda: b""
    answer = Answer(response)
    connection.close()
    return answer


def bearer(name):
    return {"Authorization": f"Bearer {token(name)}"}


def expected(path, method, fields, given):
    """The status and the problem that a row of the matrix must get; a problem of None: there is none."""
    methods, scope = ROUTES[path]
    if method == "OPTIONS":
        return 204, None
    if method not in methods:
        return 405, "method-not-allowed"
    if (path, method) == ("/rockets/apollo", "DELETE"):
        scope = "admin"
    if scope is None or (not isinstance(given, str) and scope in given):
        return (202 if path == "/messages" else 200), None
    if path == "/" and "Authorization" not in fields:
        return 401, None  # the page that asks for a token
    return (401, given) if isinstance(given, str) else (403, "scope-missing")


@pytest.mark.parametrize("name,fields,given", credentials(), ids=lambda value: str(value)[:40])
def test_each_token_opens_exactly_its_routes(guarded, name, fields, given):
    del name
    body = '{"metadata":{"channel":"apollo","messageNumber":1,"messageTime":"2022-02-02T19:39:05Z",' \
           '"messageType":"RocketSpeedIncreased"},"message":{"by":1}}'
    assert call(guarded, "POST", "/messages?", bearer("all"), body).status == 202
    guarded_rocket(guarded)
    for path, method in itertools.product(ROUTES, METHODS):
        answer = call(guarded, method, path, fields, body if method in ("POST", "PUT") else None)
        status, problem = expected(path, method, fields, given)
        assert answer.status == status, (method, path)
        challenge = answer.headers["WWW-Authenticate"]
        assert (challenge is not None) == (status in (401, 403)), (method, path)
        if challenge:
            assert challenge.startswith('Bearer realm="downlink"')
            assert ("insufficient_scope" in challenge) == (status == 403)
            assert ("invalid_token" in challenge) == (
                status == 401 and problem not in ("token-missing", None))
        if problem and method != "HEAD":
            assert answer.json()["type"] == f"urn:downlink:problem:{problem}", (method, path)


def guarded_rocket(both):
    until(lambda: call(both, "GET", "/rockets/apollo", bearer("all")).status == 200)


def test_unknown_paths_are_unknown_to_everybody(guarded):
    for fields in ({}, bearer("all")):
        assert call(guarded, "GET", "/nothing", fields).status == 404
        assert call(guarded, "OPTIONS", "*", fields).status == 204


def test_two_tokens_in_a_request_are_none(guarded):
    field = f"Authorization: Bearer {token('all')}\r\n"
    head = f"GET /rockets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{field}{field}\r\n"
    assert raw(guarded.http, head.encode()).startswith(b"HTTP/1.1 401 ")


def test_a_token_in_a_query_lets_nobody_in_and_is_not_in_the_log(guarded):
    def logged():  # only so many refusals a second are
        answer = guarded.call("GET", f"/rockets?limit=77&access_token={token('all')}")
        assert (answer.status, answer.json()["title"]) == (401, "Unauthorized")
        lines = guarded.gateway.text().splitlines()
        return [line for line in lines if answer.json()["requestId"] in line]
    [line] = until(logged, what="a line about the refusal")
    assert " target=/rockets " in line and token("all") not in line


@pytest.mark.parametrize("fields,status", [
    ("", 401), (f"Authorization: Bearer {token('reader')}\r\n", 403),
    ("Authorization: Bearer wrong\r\nExpect: 100-continue\r\n", 401)])
@pytest.mark.parametrize("length", ["Content-Length: 8000000", "Transfer-Encoding: chunked"])
def test_the_body_of_a_refused_request_is_not_read(guarded, fields, status, length):
    head = f"POST /messages HTTP/1.1\r\nHost: localhost\r\n{fields}{length}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", guarded.http), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65536)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) and b"100 Continue" not in answer
    assert b"Connection: close" in answer


def test_a_large_upload_needs_its_token_once(guarded):
    lines = "".join(f'{{"metadata":{{"channel":"large","messageNumber":{number},"messageTime":'
                    '"2022-02-02T19:39:05Z","messageType":"RocketSpeedIncreased"},"message":{"by":1}}\n'
                    for number in range(1, 8000))
    fields = {"Content-Type": "application/x-ndjson"}
    answer = call(guarded, "POST", "/messages", {**fields, **bearer("writer")}, lines)
    assert (answer.status, answer.json()["accepted"]) == (202, 7999)
    assert call(guarded, "POST", "/messages", fields, lines).status == 401


def test_a_connection_goes_on_after_a_refusal_without_a_body(guarded):
    with guarded.client() as client:
        assert client.call("GET", "/rockets").status == 401
        assert client.call("GET", "/rockets", **bearer("writer")).status == 403
        assert client.call("GET", "/rockets", **bearer("reader")).status == 200


def test_refusals_are_counted_by_reason(guarded):
    call(guarded, "GET", "/rockets", {})
    call(guarded, "GET", "/rockets", bearer("writer"))
    call(guarded, "GET", "/rockets", bearer("ended"))
    call(guarded, "GET", "/rockets", {"Authorization": "Bearer wrong"})
    call(guarded, "GET", "/rockets", {"Authorization": "wrong"})
    stats = call(guarded, "GET", "/stats", bearer("counter"))
    text = call(guarded, "GET", "/metrics", bearer("counter")).body.decode()
    for reason in ("missing", "expired", "unknown", "malformed"):
        assert stats.json()["refusals"]["token-" + reason] > 0
        assert f'reason="token-{reason}"' in text
    assert stats.json()["refusals"]["scope-missing"] > 0
    assert not any(token(name).encode() in stats.body for name in TOKENS)


def sign_in(both, name, **fields):
    return call(both, "POST", "/session", {**bearer(name), **fields})


def test_the_page_exchanges_a_token_for_a_cookie(guarded):
    closed = call(guarded, "GET", "/", {})
    assert closed.status == 401 and b"sign-in.js" in closed.body
    assert closed.headers["Content-Type"] == "text/html; charset=utf-8"
    assert closed.headers["Cache-Control"] == "no-store"
    signed = sign_in(guarded, "reader")
    assert (signed.status, signed.body) == (204, b"")
    cookie, *attributes = signed.headers["Set-Cookie"].split("; ")
    assert attributes == ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict"]
    for path in ("/", "/dashboard/app.js", "/rockets"):
        assert call(guarded, "GET", path, {"Cookie": cookie}).status == 200
    assert b"sign-in.js" not in call(guarded, "GET", "/", {"Cookie": cookie}).body
    seen = call(guarded, "GET", "/session", {"Cookie": cookie})
    assert seen.json() == {"isSignedIn": True, "name": "reader", "scopes": ["read"]}
    assert seen.headers["Cache-Control"] == "no-store"
    assert not call(guarded, "GET", "/session", bearer("reader")).json()["isSignedIn"]
    ended = call(guarded, "DELETE", "/session", {"Cookie": cookie})
    assert ended.status == 204 and "downlink_token=; Path=/; Max-Age=0;" in ended.headers["Set-Cookie"]


def test_over_tls_the_cookie_is_for_tls_only(guarded):
    host = f"127.0.0.1:{guarded.http}"
    signed = sign_in(guarded, "reader", Origin=f"https://{host}")
    assert signed.headers["Set-Cookie"].endswith("; SameSite=Strict; Secure")
    assert not sign_in(guarded, "reader", Origin=f"http://{host}").headers["Set-Cookie"].endswith("Secure")


@pytest.mark.parametrize("fields,status", [
    ({}, 401), ({"Authorization": "Bearer wrong"}, 401), (bearer("ended"), 401),
    (bearer("writer"), 403), (bearer("counter"), 403),
    ({"Cookie": f"downlink_token={token('reader')}"}, 401),
    ({**bearer("reader"), "Origin": "http://evil.example"}, 403)])
def test_nobody_else_gets_a_cookie(guarded, fields, status):
    answer = call(guarded, "POST", "/session", fields)
    assert answer.status == status and answer.headers["Set-Cookie"] is None


def test_without_a_token_file_there_is_nothing_to_sign_in_to(start):
    both = start()
    for method in ("POST", "DELETE"):
        assert both.call(method, "/session").status == 404
    seen = both.call("GET", "/session").json()
    assert seen == {"isSignedIn": False, "name": None, "scopes": ["write", "read", "stats", "admin"]}
    assert both.call("GET", "/").status == 200


def readable(both, name):
    return call(both, "GET", "/rockets", bearer(name)).status


def wait_for(both, name, status):
    until(lambda: readable(both, name) == status, what=f"{status} for {name}")


def replace(path, text):
    """Put a file in the place of another: one that is written in its place is empty for a moment."""
    new = path.with_name("new")
    new.write_text(text)
    new.rename(path)


def test_a_changed_file_counts_without_a_restart(start, tmp_path):
    path = tmp_path / "tokens"
    path.write_text(line("one", "read") + line("two", "read"))
    both = start(gateway=("--token-file", path))
    assert [readable(both, name) for name in ("one", "two", "three")] == [200, 200, 401]
    path.write_text(line("one", "write") + line("three", "read"))
    wait_for(both, "three", 200)
    assert [readable(both, name) for name in ("one", "two")] == [403, 401]
    #  A file that was put in its place, as editors and Kubernetes do.
    other = tmp_path / "other"
    other.write_text(line("two", "read"))
    other.rename(path)
    wait_for(both, "two", 200)
    assert readable(both, "three") == 401
    words = "cannot use the changed token file"
    for bad in ("nonsense\n", line("x", "read") * 2, line("x", "root"), "#" * 70000):
        before = both.gateway.text().count(words)
        replace(path, line("one", "read") + bad)
        until(lambda count=before: both.gateway.text().count(words) > count, what="a word about the file")
        assert [readable(both, name) for name in ("one", "two")] == [401, 200]
    path.unlink()
    both.gateway.lines_with("reason=\"No such file or directory\"")
    assert readable(both, "two") == 200
    path.write_text("")
    wait_for(both, "two", 401)


def test_a_hangup_reads_the_file_and_does_not_stop(start, tmp_path):
    path = tmp_path / "tokens"
    path.write_text(line("one", "read"))
    both = start(gateway=("--token-file", path))
    for _ in range(2):
        before = both.gateway.text().count("read the token file again")
        both.gateway.send(signal.SIGHUP)
        until(lambda: both.gateway.text().count("read the token file again") > before, what="another look")
    assert readable(both, "one") == 200
    assert both.gateway.stop() == 0


def test_a_token_that_ends_or_goes_ends_its_streams(start, tmp_path):
    path = tmp_path / "tokens"
    path.write_text(line("one", "read"))
    both = start(gateway=("--token-file", path))
    with Stream(both.http, "/events", fields=bearer("one")) as stream:
        replace(path, line("one", "read") + line("three", "read"))
        wait_for(both, "three", 200)
        assert not ended(stream), "a new token ends nothing"
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 10))
        replace(path, line("one", "read") + line("two", "read", end) + line("three", "read"))
        wait_for(both, "two", 200)
        wait_for(both, "two", 401)
        until(lambda: ended(stream), what="the end of the stream")
    with Stream(both.http, "/events", fields=bearer("one")) as stream:
        replace(path, line("three", "read"))
        wait_for(both, "one", 401)
        until(lambda: ended(stream), what="the end of the stream")


def ended(stream):
    stream.socket.settimeout(0.2)
    try:
        for _ in stream:
            pass
    except TimeoutError:
        return False
    return stream.is_ended


@pytest.mark.parametrize("text,mode,fault", [
    (None, 0o600, "No such file"), (None, 0o600, "downlink-keygen token NAME --scopes"),
    ("one read\n", 0o600, "line 1: a line has the fields"),
    (line("one", "read") + line("one", "read"), 0o600, "line 2: an earlier line"),
    (line("one", "read"), 0o622, "every user of this machine may write to it")])
def test_a_gateway_does_not_start_with_a_bad_file(tmp_path, text, mode, fault):
    path = tmp_path / "tokens"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    gateway = Program(tmp_path, "downlink-gateway", "--listen", f"127.0.0.1:{free_ports(1)}",
                      "--journal", "off", "--token-file", path)
    assert gateway.process.wait(60) == 1
    assert "cannot use the token file" in gateway.text() and fault in gateway.text()


@pytest.mark.parametrize("address", ["0.0.0.0", "[::]", "192.0.2.1"])
def test_a_gateway_without_tokens_is_closed_to_other_machines(tmp_path, address):
    listen = ("--listen", f"{address}:{free_ports(1)}", "--journal", "off")
    gateway = Program(tmp_path, "downlink-gateway", *listen)
    assert gateway.process.wait(60) == 2
    assert all(words in gateway.text() for words in ("--listen", "--token-file", "--insecure"))


@pytest.mark.parametrize("is_insecure", [False, True])
def test_tokens_or_a_flag_open_it(tmp_path, is_insecure):
    port = free_ports(1)
    (tmp_path / "tokens").write_text(line("reader", "read"))
    gateway = Program(tmp_path, "downlink-gateway", "--listen", f"0.0.0.0:{port}", "--journal", "off",
                      *(["--insecure"] if is_insecure else ["--token-file", tmp_path / "tokens"]))
    until(lambda: "listening" in gateway.text(), what="the gateway")
    with Client(port) as client:
        assert client.call("GET", "/stats").status == (200 if is_insecure else 401)
    assert gateway.stop() == 0
    assert ("there are no tokens" in gateway.text()) == is_insecure


def keygen(*arguments):
    return subprocess.run([BIN / "downlink-keygen", *map(str, arguments)], capture_output=True,
                          text=True, timeout=60)


def test_keygen_adds_a_token_that_the_gateway_lets_in(start, tmp_path):
    path = tmp_path / "tokens"
    made = keygen("token", "robot", "--scopes", "write,read", "--token-file", path)
    assert made.returncode == 0 and re.fullmatch(r"dlk_[A-Za-z0-9_-]{43}\n", made.stdout)
    assert made.stdout.strip() not in made.stderr + path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    both = start(gateway=("--token-file", path))
    field = {"Authorization": "Bearer " + made.stdout.strip()}
    assert call(both, "GET", "/rockets", field).status == 200
    assert call(both, "GET", "/stats", field).status == 403
    later = keygen("token", "later", "--scopes", "read", "--lifetime", "10s", "--token-file", path)
    field = {"Authorization": "Bearer " + later.stdout.strip()}
    until(lambda: call(both, "GET", "/rockets", field).status == 200, what="the new token")
    until(lambda: call(both, "GET", "/rockets", field).json().get("type", "")
          .endswith("token-expired"), what="its end")


def test_the_log_warns_of_tokens_that_have_expired(start, tmp_path):
    path = tmp_path / "tokens"
    path.write_text(line("old", "read", "2020-01-01T00:00:00Z") + line("good", "read"))
    both = start(gateway=("--token-file", path))

    def warnings():
        return both.gateway.lines_with("tokens have expired")
    assert len(warnings()) == 1 and "expired=1 tokens=2 last=old" in warnings()[0]
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    replace(path, path.read_text() + line("soon", "read", soon.isoformat()))
    until(lambda: "expired=2 tokens=3 last=soon" in warnings()[-1], what="the end of the other one")


def test_keygen_overwrites_nothing(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("#  mine\n" + line("one", "read").rstrip("\n"))
    path.chmod(0o640)
    assert keygen("token", "two", "--scopes", "stats", "--token-file", path).returncode == 0
    text = path.read_text()
    assert text.startswith("#  mine\none read ") and text.splitlines()[2].startswith("two stats ")
    again = keygen("token", "two", "--scopes", "read", "--token-file", path)
    assert (again.returncode, again.stdout) == (1, "") and "of this name" in again.stderr
    path.write_text(text + "nonsense\n")
    broken = keygen("token", "three", "--scopes", "read", "--token-file", path)
    assert broken.returncode == 1 and path.read_text() == text + "nonsense\n"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert keygen("token", "a", "--scopes", "read", "--token-file", link).returncode == 1
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("arguments,fault", [
    ((), "token NAME"), (("curve",), "curve DIR"), (("curve", "a", "b"), "curve DIR"), (("token",), "token NAME"),
    (("token", "a"), "--scopes is missing"), (("token", "a/b", "--scopes", "read"), "NAME: 'a/b'"),
    (("token", "a", "--scopes", "root"), "write, read, stats and admin"),
    (("token", "a", "--scopes", "read,read"), "twice"),
    (("token", "a", "--scopes", "read", "--lifetime", "soon"), "a time such as")])
def test_keygen_explains_wrong_usage(tmp_path, arguments, fault):
    done = keygen(*arguments, "--token-file", tmp_path / "tokens")
    assert done.returncode == 2 and fault in done.stderr
    assert not (tmp_path / "tokens").exists()


def test_two_keygens_at_once_lose_no_line(tmp_path):
    path = tmp_path / "tokens"
    running = [subprocess.Popen([BIN / "downlink-keygen", "token", f"t{number}", "--scopes", "read",
                                 "--token-file", path], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL) for number in range(20)]
    assert [one.wait(60) for one in running] == [0] * 20
    assert len(path.read_text().splitlines()) == 20


def test_launch_sends_the_token_that_it_is_given(guarded):
    def launch(*flags, **environment):
        return subprocess.run(
            [BIN / "downlink-launch", f"http://127.0.0.1:{guarded.http}", "--max-messages", "300",
             "--rockets", "3", *flags], capture_output=True, text=True, timeout=60,
            env={**os.environ, **environment})
    played = launch("--verify", DOWNLINK_TOKEN=token("all"))
    assert played.returncode == 0 and "3 of 3 rockets" in played.stdout
    assert launch("--token", token("writer")).returncode == 0
    refused = launch()
    assert refused.returncode == 1 and "answers 401" in refused.stderr
    assert "no token" in launch("--token", "a b").stderr


def test_every_route_is_in_the_matrix():
    table = re.findall(r'^    \{"(/[^"]*)", METHOD_', (ROOT / "gateway/routes.c").read_text(),
                       re.MULTILINE)
    assert set(table) - {"/session"} <= set(ROUTES)


def test_a_message_needs_its_scope_for_good(guarded):
    """A 202 for a writer counts; a refused one does not."""
    posted = call(guarded, "POST", "/messages", bearer("writer"),
                  json.dumps(message("counted", 1)))
    refused = call(guarded, "POST", "/messages", bearer("reader"),
                   json.dumps(message("counted", 2)))
    assert (posted.status, refused.status) == (202, 403)
    rocket = until(lambda: call(guarded, "GET", "/rockets/counted", bearer("reader")).status == 200
                   and call(guarded, "GET", "/rockets/counted", bearer("reader")).json())
    assert rocket["lastMessageNumber"] == 1
