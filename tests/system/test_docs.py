"""The documents are true: the examples of the protocol, the README's curl lines, folders, files and links."""
import json
import re
import shlex
import subprocess
import sys

import msgpack
import pytest
import zmq

from downlink import ROOT, Pair, until

PROTOCOL = (ROOT / "docs/protocol.md").read_text()
README = (ROOT / "README.md").read_text()
REQUEST_ID = re.compile('"requestId":"[0-9a-f]{32}"')  # differs for each request


def plain(value):
    """A decoded value in the form that the document has."""
    if isinstance(value, bytes):
        return {"bin": value.hex()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value


EXAMPLES = [(json.loads(shown), bytes.fromhex(digits)) for shown, digits in
            re.findall(r"```json\n(.*?)```\n```hex\n(.*?)```", PROTOCOL, re.DOTALL)]


@pytest.mark.parametrize("shown,packed", EXAMPLES)
def test_the_bytes_of_an_example_are_what_it_shows(shown, packed):
    assert plain(msgpack.unpackb(packed)) == shown


def test_the_examples_work_against_a_processor(folder):
    both = Pair(folder)
    frame, _, _, _, query, unknown = (packed for _, packed in EXAMPLES)
    with zmq.Context() as context:
        ask = context.socket(zmq.REQ)
        ask.setsockopt(zmq.RCVTIMEO, 60000)
        ask.connect(f"tcp://127.0.0.1:{both.port + 1}")
        push = context.socket(zmq.PUSH)
        push.connect(f"tcp://127.0.0.1:{both.port}")

        def reply():
            ask.send(query)
            return ask.recv()
        assert reply() == unknown
        push.send(frame)
        until(lambda: msgpack.unpackb(reply())["status"] == 200, what="the rocket")
        assert msgpack.unpackb(reply())["rocket"]["speed"] == 3500
        ask.close(linger=0)
        push.close(linger=0)
    both.stop()


def test_the_readme_shows_what_curl_gets(folder):
    both = Pair(folder)
    console = re.search(r"```console\n(.*?)```", README, re.DOTALL).group(1)
    lines = [line for line in console.splitlines() if line]
    assert len(lines) == 10
    for command, shown in zip(lines[::2], lines[1::2]):
        words = shlex.split(command.removeprefix("$ "))
        target = next(word for word in words if word.startswith("localhost:8088"))
        body = words[words.index("-d") + 1] if "-d" in words else None
        path = target.removeprefix("localhost:8088")

        def matches():
            got = both.call("POST" if body else "GET", path, body).body.decode()
            return REQUEST_ID.sub("", got) == REQUEST_ID.sub("", shown) + "\n"
        until(matches, what=shown)
    both.stop()


def test_the_tests_that_are_named_for_contributors_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    file, = re.findall(r"-R system/(\w+)", text)
    word, = re.findall(r"pytest tests/system -k (\w+)", text)
    tests = (ROOT / "tests/system").glob("test_*.py")
    assert (ROOT / f"tests/system/{file}.py").exists()
    assert any(re.search(rf"^def test_\w*{word}", path.read_text(), re.MULTILINE) for path in tests)


def documents():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a clone")
    return [ROOT / name for name in listed.stdout.split()]


def test_every_link_of_a_document_leads_somewhere():
    dead = []
    for document in documents():
        for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
            file, _, place = target.partition("#")
            there = document.parent / file if file else document
            if target.startswith("http"):
                continue
            headings = re.findall(r"^#+ (.*)$", there.read_text(), re.MULTILINE) if place else []
            places = [re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings]
            if not there.exists() or (place and place not in places):
                dead.append(f"{document.relative_to(ROOT)}: {target}")
    assert not dead


def test_every_source_that_a_document_names_exists():
    sources = [path for top in ("bench", "cmake", "common", "curve", "deploy", "disk", "docs", "examples", "gateway", "http",
                                "keygen", "launch", "processor", "query", "scripts", "tests")
               for path in (ROOT / top).rglob("*")]
    names = {path.name for path in sources}
    missing = []
    for document in documents():
        for named in re.findall(r"`([\w./-]+\.(?:c|h|cpp|hpp|py|sh|js|md|pml))`", document.read_text()):
            exists = (ROOT / named).exists() or (document.parent / named).exists() if "/" in named else \
                named in names or (ROOT / named).exists()
            if not exists:
                missing.append(f"{document.relative_to(ROOT)}: {named}")
    assert not missing


def test_the_architecture_lists_the_folders_in_their_order():
    script = ROOT / "scripts/include-graph.py"
    graph = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout
    folders = [line.split()[0] for line in graph.splitlines()]
    listed = re.findall(r"^\| `([\w/]+)` \|", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    assert listed == folders


def columns(sql, table):
    """The columns of CREATE TABLE, in order."""
    body = re.search(rf"CREATE TABLE (?:downlink\.)?{table} \((.*?)\)(?: WITH| WITHOUT|;|$)", sql,
                     re.DOTALL).group(1)
    body = re.sub(r"--.*", "", body)
    names = [part.split()[0] for part in body.split(",") if part.strip()]
    return [name for name in names if name not in ("PRIMARY", "id)")]


def test_the_page_of_the_state_has_the_columns_that_there_are():
    page = (ROOT / "docs/state.md").read_text()
    sql = (ROOT / "processor/postgres/schema.sql").read_text()
    described = [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
                 for table in re.findall(r"^\| column \|.*?(?=\n\n)", page, re.MULTILINE | re.DOTALL)]
    for table in ("rocket", "state", "partition", "lease", "member"):
        assert columns(sql, table) in [sorted(one, key=columns(sql, table).index) for one in described
                                       if set(one) == set(columns(sql, table))], table
    source = (ROOT / "processor/save/store_sqlite.c").read_text()
    source = "".join(re.findall(r'"([^"\n]*)"', source))
    for table in ("partition", "rocket"):
        names = columns(source, table)
        if table == "rocket":  # the page has it in the text above the table
            assert names.pop(0) == "number" and "`number`" in page
        assert any(set(names) == set(one) - ({"partition"} if table == "rocket" else set())
                   for one in described), table
