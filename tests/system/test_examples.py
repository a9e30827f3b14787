"""Every example runs, against a gateway and a processor, and does as its README says."""
import contextlib
import hashlib
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest

from downlink import ROOT, Pair, channel, free_ports, message, until

EXAMPLES = ROOT / "examples"
LANGUAGES = ["curl", "python", "go", "c"]
PYTHON = "/usr/bin/python3"


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")


def has_curl_headers():
    return any(list(pathlib.Path("/usr/include").glob(place)) for place in ("curl", "*/curl"))


def build(folder, language, *command):
    shutil.copytree(EXAMPLES / language, folder / language)
    done = subprocess.run(command, cwd=folder / language, capture_output=True, text=True,
                          timeout=400, env={**os.environ, "GOTOOLCHAIN": "local"})
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / language


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Compile an example if it needs that; return its command. No test's time-out runs meanwhile:
    Go compiles its library first."""
    folder = tmp_path_factory.mktemp("examples")
    if shutil.which("go"):
        build(folder, "go", "go", "build", "-buildvcs=false", "-o", "bin/", "./...")
    if has_curl_headers():
        build(folder, "c", "make")

    def command(language, name):
        if language == "curl":
            need("curl")
            return ["sh", EXAMPLES / f"curl/{name}.sh"]
        if language == "python":
            return [PYTHON, EXAMPLES / f"python/{name}.py"]
        if language == "go":
            need("go")
            return [folder / "go/bin" / name]
        if not has_curl_headers():
            pytest.skip("libcurl4-openssl-dev is not installed")
        return [folder / "c" / name]
    return command


def run(command, *words, seconds=90, **environment):
    return subprocess.run([*map(str, command), *words], capture_output=True, text=True,
                          timeout=seconds, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def guarded(folder):
    """A pair whose gateway asks for the token `secret`."""
    tokens = pathlib.Path(folder) / "tokens"
    tokens.write_text(f"one write,read {hashlib.sha256(b'secret').hexdigest()}\n")
    both = Pair(folder, gateway=("--token-file", tokens))
    yield both
    both.stop()


@contextlib.contextmanager
def lines_of(command, *words, **environment):
    """The lines of a program as it prints them. At the end, the program and its children end."""
    process = subprocess.Popen([*map(str, command), *words], stdout=subprocess.PIPE, text=True,
                               start_new_session=True, env={**os.environ, **environment})
    lines = queue.Queue()
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout])
    reader.start()
    try:
        yield lambda: lines.get(timeout=60).strip()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reader.join()


def url(both):
    return f"http://127.0.0.1:{both.http}"


def is_as_sent(rocket):
    return (rocket["messagesApplied"] == 4 and rocket["speed"] == 3400 and
            rocket["mission"] == "SHUTTLE_MIR" and rocket["missing"] == [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_producer_sends_a_rocket_whose_messages_count_once(pair, built, language):
    one = channel()
    done = run(built(language, "produce"), url(pair), one)
    assert done.returncode == 0, done.stdout + done.stderr
    assert is_as_sent(pair.rocket(one)), "it waits until that is in the state"
    assert '"applied"' in done.stdout or "'applied'" in done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_producer_sends_again_until_somebody_listens(folder, built, language):
    command = built(language, "produce")
    port, one = free_ports(1), channel()
    with subprocess.Popen([*map(str, command), f"http://127.0.0.1:{port}", one],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as producer:
        class Later(Pair):
            """Its gateway listens where the producer looks."""
            def start_gateway(self):
                self.http = port
                return super().start_gateway()
        both = Later(folder)
        assert producer.wait(30) == 0
    assert is_as_sent(both.rocket_when(one, lambda r: True))
    both.stop()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_producer_does_not_send_again_what_is_refused(pair, built, language):
    refused = run(built(language, "produce"), url(pair), "x" * 129)
    assert refused.returncode != 0
    assert "/metadata/channel" in refused.stdout + refused.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_consumer_shows_a_rocket_and_each_change(pair, built, language):
    one = channel()
    pair.post(message(one, 1, "RocketLaunched"))
    pair.rocket_when(one, lambda r: True)
    with lines_of(built(language, "consume"), url(pair), one) as line:
        shown = line()
        if language in ("curl", "c"):
            assert json.loads(shown)["id"] == one and json.loads(shown)["speed"] == 500
        else:
            assert shown == f"{one} flying 500 ARTEMIS"
        pair.post(message(one, 2))
        assert until(lambda: "600" in line(), what="the change")


@pytest.mark.parametrize("language", LANGUAGES)
def test_producer_and_consumer_send_the_token_that_they_are_given(guarded, built, language):
    one, token = channel(), {"DOWNLINK_TOKEN": "secret"}
    refused = run(built(language, "produce"), url(guarded), one)
    assert refused.returncode != 0 and "needs a token" in refused.stdout + refused.stderr
    done = run(built(language, "produce"), url(guarded), one, **token)
    assert done.returncode == 0, done.stdout + done.stderr
    with lines_of(built(language, "consume"), url(guarded), one, **token) as line:
        assert one in line()


def test_a_consumer_in_python_lists_all_rockets_page_by_page(start, built):
    both = start()
    rockets = [channel() for _ in range(1001)]
    both.post([message(one, 1) for one in rockets])
    until(lambda: len(json.loads(both.call("GET", "/rockets?limit=1000").body)["rockets"]) == 1000 and
          both.rocket(rockets[-1]), what="the rockets")
    until(lambda: both.call("GET", "/stats").json()["buffered"] == 0, what="all of them")
    with lines_of(built("python", "consume"), url(both)) as line:
        assert sorted(line().split()[0] for _ in rockets) == sorted(rockets)


@pytest.mark.parametrize("language", ["python", "c"])
def test_a_plain_req_socket_gets_an_answer(pair, built, language):
    one, address = channel(), f"127.0.0.1:{pair.port + 1}"
    pair.post(message(one, 1, "RocketLaunched"))
    pair.rocket_when(one, lambda r: True)
    asked = run(built(language, "ask"), address, one)
    assert asked.returncode == 0 and one in asked.stdout and "500" in asked.stdout
    unknown = run(built(language, "ask"), address, channel())
    assert unknown.returncode == 1 and "404" in unknown.stderr


@pytest.mark.parametrize("language", ["python", "c"])
def test_a_processor_that_is_not_there_is_given_up(built, language):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        asked = run(built(language, "ask"), f"127.0.0.1:{silent.getsockname()[1]}", "x")
    assert asked.returncode == 1


def test_the_readme_names_every_example():
    text = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.glob("*/*"):
        if path.suffix in (".sh", ".py"):
            assert f"`{path.relative_to(EXAMPLES)}`" in text
        elif path.suffix == ".c":
            assert f"`c/{path.stem}`" in text
        elif path.is_dir() and path.name != "__pycache__":
            assert re.search(rf"go run ./{path.name}\b", text)
