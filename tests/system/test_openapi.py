"""The OpenAPI document and the gateway say the same: every call, status, header and body."""
import contextlib
import hashlib
import http.client
import io
import json
import re
import socket

import pytest

from downlink import ROOT, Answer, Client, Pair, channel, free_ports, message, until
from kernel import unread_bytes
from openapi import Document, Form

TEXT = (ROOT / "gateway/pages/openapi.json").read_text()
DOCUMENT = Document(TEXT)
CALLS = [call for call in DOCUMENT.operations() if call[0] in ("get", "post")]
POST = next(call for call in CALLS if call[0] == "post")
MEDIA = [(media_type, media) for media_type, media in POST[2]["requestBody"]["content"].items()]
MAX_BODY = 8 << 20  # --max-body, by default


class EventsAnswer:
    """The beginning of an endless answer, with all current rockets."""

    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, b""
        while b"event: synced" not in self.body or not self.body.endswith(b"\n\n"):
            line = response.readline()
            assert line, "the stream has ended"
            self.body += line


def send(both, method, target, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", both.http, timeout=30)
    with contextlib.closing(connection):
        connection.request(method.upper(), target, body, headers or {})
        response = connection.getresponse()
        has_no_end = response.status == 200 and (method, target[:7]) == ("get", "/events")
        return EventsAnswer(response) if has_no_end else Answer(response)


def parse(received):
    """An answer that came over a socket."""
    head, _, body = received.partition(b"\r\n\r\n")
    status, _, fields = head.partition(b"\r\n")
    answer = Answer.__new__(Answer)
    answer.status, answer.body = int(status.split()[1]), body
    answer.headers = http.client.parse_headers(io.BytesIO(fields + b"\r\n\r\n"))
    return answer


def send_raw(both, head):
    with socket.create_connection(("127.0.0.1", both.http), timeout=30) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        return Answer(response)


def fill(path):
    """A path, with an id where it wants one."""
    return path.replace("{id}", "apollo")


def without_id(value):
    return {key: one for key, one in value.items() if key != "requestId"}


def body_of(media_type, value):
    return value if "ndjson" in media_type else json.dumps(value)


@pytest.fixture(scope="module")
def apollo(pair):
    """The pair, once it knows the rocket of the examples."""
    for media_type, media in MEDIA:
        for one in media["examples"].values():
            if one["x-status"] == 202:
                send(pair, "post", "/messages", body_of(media_type, one["value"]),
                     {"Content-Type": media_type})
    pair.rocket_when("apollo", lambda rocket: rocket["messagesApplied"] == 5)
    return pair


def test_the_document_is_openapi_and_its_examples_keep_its_schemas():
    Form(Document(TEXT))


def test_its_server_is_relative_so_that_it_holds_behind_a_proxy_that_adds_a_path():
    assert [server["url"] for server in json.loads(TEXT)["servers"]] == ["."]


def test_it_is_served_as_it_is_written(pair):
    answer = pair.call("GET", "/openapi.json")
    assert answer.body.decode() == TEXT
    again = pair.call("GET", "/openapi.json", If_None_Match=answer.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("media_type,name", [
    (media_type, name) for media_type, media in MEDIA for name in media["examples"]])
def test_an_example_of_a_request_is_answered_as_it_says(pair, media_type, name):
    operation = POST[2]
    example = dict(MEDIA)[media_type]["examples"][name]
    answer = send(pair, "post", "/messages", body_of(media_type, example["value"]),
                  {"Content-Type": media_type})
    assert answer.status == example["x-status"]
    DOCUMENT.check(operation, answer)
    content = DOCUMENT.response(operation, answer.status)["content"]
    shown = content[answer.headers["Content-Type"]]["examples"].get(name)
    assert not shown or without_id(shown["value"]) == without_id(answer.json())


PARAMETERS = [(method, path, parameter["name"], name) for method, path, operation in CALLS
              for parameter in DOCUMENT.parameters(path, operation)
              for name in parameter.get("examples", ())]


@pytest.mark.parametrize("method,path,wanted,name", PARAMETERS)
def test_an_example_of_a_parameter_is_answered_as_it_says(apollo, method, path, wanted, name):
    operation = DOCUMENT.tree["paths"][path][method]
    [parameter] = [one for one in DOCUMENT.parameters(path, operation) if one["name"] == wanted]
    example = parameter["examples"][name]
    target, headers = path, {}
    if parameter["in"] == "path":
        target = path.replace("{%s}" % wanted, str(example["value"]))
    elif parameter["in"] == "query":
        value = example["value"]
        if isinstance(value, list):
            assert (parameter["style"], parameter["explode"]) == ("form", False)
            value = ",".join(value)
        target += f"?{wanted}={value}"
    else:
        headers[wanted] = example["value"]
    body = json.dumps(MEDIA[0][1]["examples"]["launched"]["value"]) if method == "post" else None
    answer = send(apollo, method, fill(target), body, headers)
    assert answer.status == example.get("x-status", 202 if method == "post" else 200)
    DOCUMENT.check(operation, answer)


def test_lenient_and_applied_answers_are_those_of_the_examples(apollo):
    examples = {status: POST[2]["responses"][status]["content"]["application/json"]["examples"]
                for status in ("200", "202")}
    good, bad = (MEDIA[0][1]["examples"][name]["value"] for name in ("launched", "zero"))
    lenient = send(apollo, "post", "/messages", json.dumps([good, bad]),
                   {"Prefer": "handling=lenient"})
    applied = send(apollo, "post", "/messages", json.dumps(good), {"Prefer": "wait=60"})
    assert lenient.json() == examples["202"]["lenient"]["value"]
    assert applied.json() == examples["200"]["applied"]["value"]


@pytest.mark.parametrize("path", DOCUMENT.tree["paths"])
def test_head_and_options_are_as_documented(apollo, path):
    item = DOCUMENT.tree["paths"][path]
    options = send(apollo, "options", fill(path))
    DOCUMENT.check(item["options"], options)
    documented = {method.upper() for method in item if method != "parameters"}
    assert set(options.headers["Allow"].split(", ")) == documented
    if "head" in item:
        head, get = (send(apollo, method, fill(path)) for method in ("head", "get"))
        DOCUMENT.check(item["head"], head, is_head=True)
        assert (head.status, head.body) == (get.status, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_every_rocket_of_the_stream_keeps_its_schema(apollo):
    answer = send(apollo, "get", "/events")
    rockets = re.findall(r"^event: rocket\ndata: (.*)$", answer.body.decode(), re.MULTILINE)
    validator = DOCUMENT.validator(DOCUMENT.tree["components"]["schemas"]["Rocket"])
    assert rockets
    for rocket in rockets:
        validator.validate(json.loads(rocket))


def test_the_link_to_the_next_page_is_as_documented(apollo):
    other = json.loads(json.dumps(MEDIA[0][1]["examples"]["launched"]["value"]))
    other["metadata"]["channel"] = "gemini"
    apollo.post(other)
    apollo.rocket_when("gemini", lambda rocket: True)
    page = send(apollo, "get", "/rockets?limit=1")
    DOCUMENT.check(DOCUMENT.tree["paths"]["/rockets"]["get"], page)
    assert page.headers["Link"] == f'<?limit=1&cursor={page.json()["next"]}>; rel="next"'


def test_no_call_is_undocumented_and_none_is_made_up(apollo):
    table = re.findall(r'^    \{"(/[^"]*)", METHOD_', (ROOT / "gateway/routes.c").read_text(),
                       re.MULTILINE)
    assert DOCUMENT.tree["paths"].keys() == {*table, "/", "/rockets/{id}"}
    known = set(apollo.call("GET", "/stats").json()["requests"]) - {"other"}
    documented = {f"{method.upper()} {path}" for method, path, _ in CALLS}
    assert documented | {"DELETE /rockets/{id}"} == known | {"GET /healthz"}  # which counts as /livez


def test_a_sender_of_events_may_deliver_if_its_origin_is_allowed(start):
    asked = {"WebHook-Request-Origin": "events.example", "WebHook-Request-Rate": "120"}
    options = DOCUMENT.tree["paths"]["/messages"]["options"]
    for allowed, is_good in (("a.example, EVENTS.example", True), ("*", True), ("a.example", False)):
        both = start(gateway=("--webhook-origin", allowed, "--cors", "*"))
        answer = send(both, "options", "/messages", headers=asked)
        told = (answer.headers["WebHook-Allowed-Origin"], answer.headers["WebHook-Allowed-Rate"])
        assert told == (("events.example", "*") if is_good else (None, None))
        assert answer.status == (200 if is_good else 204)
        assert send(both, "options", "/messages").status == 204
        other = send(both, "options", "/rockets", headers=asked)
        assert other.headers["WebHook-Allowed-Origin"] is None
        both.stop()
    both = start(gateway=("--webhook-origin", "*"))
    DOCUMENT.check(options, send(both, "options", "/messages", headers=asked))


def test_without_the_flag_no_sender_is_allowed(pair):
    asked = {"WebHook-Request-Origin": "events.example"}
    answer = send(pair, "options", "/messages", headers=asked)
    assert answer.status == 204 and answer.headers["WebHook-Allowed-Origin"] is None


def test_every_answer_in_json_ends_with_a_line_feed(apollo):
    good, bad = (json.dumps(MEDIA[0][1]["examples"][name]["value"]) for name in ("launched", "zero"))
    answers = [send(apollo, "get", fill(path)) for path in DOCUMENT.tree["paths"] if path != "/events"]
    answers += [send(apollo, "get", target) for target in ("/rockets/nobody", "/rockets?limit=0", "/x")]
    answers += [send(apollo, "post", "/messages", body, {"Prefer": prefer})
                for body in (good, bad) for prefer in ("none", "handling=lenient", "wait=5")]
    answers = [answer for answer in answers if answer.headers["Content-Type"].endswith("json")]
    assert len(answers) > 12
    for answer in answers:
        assert answer.body.endswith(b"}\n") and answer.json() is not None


@pytest.mark.parametrize("path", DOCUMENT.tree["paths"])
def test_another_method_or_path_is_refused_with_a_problem_that_is_documented(pair, path):
    validator = DOCUMENT.validator(DOCUMENT.tree["components"]["schemas"]["Problem"])
    for method, target, status in [("PATCH", fill(path), 405), ("GET", fill(path) + "/x/y", 404)]:
        answer = send(pair, method, target)
        assert answer.status == status
        validator.validate(answer.json())


#  The answers that every call can give before its handler runs, and a way to get each.
EARLY = {
    400: lambda both, line: send_raw(both, f"{line}\r\nHost: localhost\r\nHost: y"),
    413: lambda both, line: send_raw(both, f"{line}\r\nHost: localhost\r\nContent-Length: {MAX_BODY + 1}"),
    414: lambda both, line: send_raw(both, line.replace(" HTTP", "?" + "a" * 70000 + " HTTP")),
    431: lambda both, line: send_raw(both, f"{line}\r\nHost: localhost\r\nX: " + "a" * 70000),
}


@pytest.mark.parametrize("status", EARLY)
@pytest.mark.parametrize("method,path,operation", CALLS)
def test_what_is_refused_before_it_is_looked_at_is_documented(
        pair, method, path, operation, status):
    answer = EARLY[status](pair, f"{method.upper()} {fill(path)} HTTP/1.1")
    assert answer.status == status
    DOCUMENT.check(operation, answer)


def test_a_rocket_is_removed_as_documented(pair):
    one = channel()
    operation = DOCUMENT.tree["paths"]["/rockets/{id}"]["delete"]
    assert pair.post(message(one, 1), Prefer="wait=60").status == 200
    for target, status in [(one, 204), (one, 404), (one + "?x=1", 400)]:
        answer = send(pair, "delete", "/rockets/" + target)
        assert answer.status == status
        DOCUMENT.check(operation, answer)


def test_a_request_that_comes_too_slowly_gets_408_as_documented(pair):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", pair.http), 40))
                   for _ in CALLS]
        for one, (method, path, _) in zip(sockets, CALLS):
            one.sendall(f"{method.upper()} {fill(path)} HTTP/1.1\r\nHost: localhost\r\n".encode())
        for one, (_, _, operation) in zip(sockets, CALLS):
            answer = parse(one.recv(65536))
            assert answer.status == 408
            DOCUMENT.check(operation, answer)


def test_every_call_with_a_large_body_is_refused_as_documented_when_too_many_are_under_way(start):
    #  Each worker has room for its own bodies.
    pair = start(gateway=("--workers", "1", "--body-timeout", "120s"))
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", pair.http), 30))
            one.sendall(f"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MAX_BODY}\r\n\r\n"
                        .encode() + b" " * (MAX_BODY * 5 // 8))
        until(lambda: unread_bytes(pair.http) == 0, what="all of it to be read")
        large = "x" * (MAX_BODY * 5 // 8)
        for method, path, operation in CALLS:
            answer = send(pair, method, fill(path), large)
            assert answer.status == 503
            assert answer.json()["type"] == "urn:downlink:problem:busy"
            DOCUMENT.check(operation, answer)
        assert pair.post(message(channel(), 1)).status == 202


@pytest.mark.parametrize("headers", [{"Content-Type": "image/png"}, {"Content-Encoding": "br"}])
def test_a_type_or_encoding_that_is_not_taken_gets_415_as_documented(pair, headers):
    answer = send(pair, "post", "/messages", "{}", headers)
    assert answer.status == 415
    DOCUMENT.check(POST[2], answer)


def test_every_call_beyond_the_rate_is_refused_as_documented(start):
    both = start(gateway=("--rate", "1"))
    for method, path, operation in CALLS:
        if path not in ("/livez", "/healthz", "/readyz"):
            #  The second one comes within a second, unless the machine is busy.
            answers = (send(both, method, fill(path)) for _ in range(10))
            DOCUMENT.check(operation, next(answer for answer in answers if answer.status == 429))


def test_more_than_the_whole_buffer_is_refused_as_documented(start):
    both = start(gateway=("--buffer", "1", "--workers", "1"))
    example = MEDIA[0][1]["examples"]["many"]["value"]
    answer = send(both, "post", "/messages", json.dumps(example))
    assert (answer.status, answer.json()["type"]) == (413, "urn:downlink:problem:batch-too-large")
    DOCUMENT.check(POST[2], answer)


def test_what_cannot_be_done_without_a_processor_is_refused_as_documented(folder):
    both = Pair(folder, gateway=("--wait", "100ms", "--event-streams", "1", "--workers", "1"))
    first = socket.create_connection(("127.0.0.1", both.http), 30)
    first.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b" 200 " in first.recv(100)
    both.processor.stop()
    until(lambda: both.call("GET", "/readyz").status == 503, what="unreadiness")
    for path in ("/rockets", "/rockets/{id}", "/readyz", "/events"):
        answer = send(both, "get", fill(path))
        assert answer.status == 503
        DOCUMENT.check(DOCUMENT.tree["paths"][path]["get"], answer)
    for path in ("/livez", "/stats", "/metrics"):
        DOCUMENT.check(DOCUMENT.tree["paths"][path]["get"], send(both, "get", path))
    first.close()
    both.gateway.stop()


def test_without_any_processor_yet_reading_and_writing_give_one_type_of_problem(pair):
    nobody = f"127.0.0.1:{free_ports(3)}"
    gateway, port = pair.start_gateway_beside("--wait", "100ms", "--processors", nobody)
    try:
        client = Client(port)
        body = json.dumps(message(channel(), 1))
        answers = [client.call("POST", "/messages", body), client.call("GET", "/rockets"),
                   client.call("GET", "/rockets/apollo")]
        assert [(answer.status, answer.json()["type"]) for answer in answers] == [
            (503, "urn:downlink:problem:no-processor")] * 3
    finally:
        gateway.stop()


def test_a_call_without_its_token_is_refused_as_documented(start, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("".join(f"{scope} {scope} {hashlib.sha256(scope.encode()).hexdigest()}\n"
                              for scope in ("write", "read", "stats")))
    both = start(gateway=("--token-file", tokens))
    delete = DOCUMENT.tree["paths"]["/session"]["delete"]
    open_calls = {path for _, path, operation in CALLS if operation.get("security") == [{}]}
    assert open_calls == {"/livez", "/healthz", "/readyz"}
    for method, path, operation in CALLS:
        refusals = []
        for fields in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "wrong"},
                       *({"Authorization": f"Bearer {one}"} for one in ("write", "read", "stats"))):
            answer = send(both, method, fill(path), None, fields)
            DOCUMENT.check(operation, answer)
            refusals.append(answer.status)
        assert refusals[:3] == ([200] * 3 if path in open_calls else [401] * 3)
        assert refusals[3:].count(403) == (0 if path in open_calls else 2)
    DOCUMENT.check(delete, send(both, "delete", "/session"))
    cross = send(both, "post", "/messages", "{}", {"Origin": "http://evil.example"})
    assert cross.status == 403
    DOCUMENT.check(POST[2], cross)


def test_without_tokens_a_session_is_refused_as_documented(pair):
    for method in ("post", "delete"):
        answer = send(pair, method, "/session")
        assert answer.status == 404
        DOCUMENT.check(DOCUMENT.tree["paths"]["/session"][method], answer)


def test_every_documented_status_is_one_that_is_tested_here():
    tested = {*map(str, EARLY), "401", "403", "408", "415", "429", "503", "default"}
    examples = {(method, path): set() for method, path, _ in CALLS}
    for method, path, operation in CALLS:
        for parameter in DOCUMENT.parameters(path, operation):
            for one in parameter.get("examples", {}).values():
                default = 202 if method == "post" else 200
                examples[method, path].add(str(one.get("x-status", default)))
    for method, path, operation in CALLS:
        left = operation["responses"].keys() - tested - examples[method, path]
        #  500 needs a disk that hangs while the gateway stops.
        others = {"/messages": {"500"}, "/session": {"204", "404"}}
        assert left <= others.get(path, set()), f"{method} {path}: {left}"
