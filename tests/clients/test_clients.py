"""Clients that others' generators make of openapi.json post and read, against a real gateway.

Each generator comes from its own registry: PyPI, npm, Maven Central. A test whose registry cannot
be reached is skipped, and says why. `make clients` runs them; they are not part of `make test`.
"""
import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import uuid

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from downlink import ROOT, Pair  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
OPENAPI = ROOT / "gateway/pages/openapi.json"
PYTHON_CLIENT = "openapi-python-client==0.29.1"
TYPESCRIPT = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9",
              "@types/node@20")
SCHEMATHESIS = "schemathesis==4.32.5"
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance", "unsupported_method")
GENERATOR = "org.openapitools:openapi-generator-cli:7.25.0"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
COMPILE = ("--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck")
INSTALL_SECONDS = 120
RUN_SECONDS = 400

EXPECTED = {
    "applied": [1, 2],
    "rocket": ["Falcon-9", 9007199254740500, "MIR", "flying", None, [[3, 3]]],
    "listed": True,
    "nobody": "urn:downlink:problem:no-rocket",
}


def run(*command, cwd):
    """Return the output of a command that must succeed."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, timeout=RUN_SECONDS,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def install(registry, *command, cwd):
    """Run a command that gets something from a registry, twice if it fails; skip the test if it cannot."""
    if not shutil.which(str(command[0])):
        pytest.skip(f"{registry}: {command[0]} is not installed")
    for _ in range(2):
        try:
            done = subprocess.run([str(word) for word in command], cwd=cwd, timeout=INSTALL_SECONDS,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
        except subprocess.TimeoutExpired:
            pytest.skip(f"{registry}: no answer within {INSTALL_SECONDS} s")
        if done.returncode == 0:
            return
    last = (done.stderr + done.stdout).strip().splitlines()[-1:]
    pytest.skip(f"{registry}: cannot install: {' '.join(last)}")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    both = Pair(str(tmp_path_factory.mktemp("downlink")))
    yield f"http://127.0.0.1:{both.http}"
    both.stop()


@pytest.fixture
def check(gateway, tmp_path):
    """Run a program with a generated client, and compare what it saw."""
    def check(*program, refused="/metadata/messageNumber"):
        said = json.loads(run(*program, gateway, f"client-{uuid.uuid4()}", cwd=tmp_path))
        assert said == {**EXPECTED, "refused": [400, refused]}
    return check


@pytest.fixture(scope="module")
def npm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    install("npm", "npm", "install", "--no-audit", "--no-fund", *TYPESCRIPT, cwd=folder)
    return folder


@functools.cache
def venv(folder, *packages):
    """Return the programs of a virtual environment with packages of PyPI."""
    run(sys.executable, "-m", "venv", "venv", cwd=folder)
    programs = folder / "venv/bin"
    install("PyPI", programs / "pip", "install", "--quiet", "--disable-pip-version-check",
            *packages, cwd=folder)
    return programs


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """Return a function that makes a client in a language with openapi-generator."""
    folder = tmp_path_factory.mktemp("maven")
    install("Maven Central", "mvn", "--batch-mode", "--quiet", COPY, f"-Dartifact={GENERATOR}",
            f"-DoutputDirectory={folder}", cwd=folder)
    [jar] = folder.glob("*.jar")

    def generate(language, output, **properties):
        options = [f"{name}={value}" for name, value in properties.items()]
        run("java", "-jar", jar, "generate", "--input-spec", OPENAPI, "--generator-name", language,
            "--output", output, *(["--additional-properties", ",".join(options)] if options else []),
            cwd=folder)
    return generate


def test_openapi_python_client_posts_and_reads(tmp_path, check):
    programs = venv(tmp_path, PYTHON_CLIENT)
    run(programs / "openapi-python-client", "generate", "--path", OPENAPI, "--meta", "none",
        "--output-path", tmp_path / "downlink_client", cwd=tmp_path)
    shutil.copy(HERE / "openapi_python_client.py", tmp_path / "program.py")
    check(programs / "python", "program.py")


def test_openapi_typescript_posts_and_reads(npm, check):
    run("npx", "openapi-typescript", OPENAPI, "--output", npm / "client.d.ts", cwd=npm)
    shutil.copy(HERE / "openapi_fetch.ts", npm / "program.ts")
    run("npx", "tsc", *COMPILE, "program.ts", cwd=npm)
    check("node", npm / "program.js")


def test_the_python_client_of_openapi_generator_posts_and_reads(tmp_path, generator, check):
    generator("python", tmp_path / "client")
    programs = venv(tmp_path, tmp_path / "client")
    check(programs / "python", HERE / "openapi_generator.py", refused="/metadata/channel")


def test_the_typescript_client_of_openapi_generator_posts_and_reads(npm, generator, check):
    #  Its checks at run time call a function that it does not write, for arrays of a oneOf.
    generator("typescript-fetch", npm / "client", importFileExtension=".js",
              withoutRuntimeChecks="true")
    shutil.copy(HERE / "openapi_generator.ts", npm / "generator.ts")
    run("npx", "tsc", *COMPILE, "generator.ts", cwd=npm)
    check("node", npm / "generator.js")


def test_the_go_client_of_openapi_generator_posts_and_reads(tmp_path, generator, check):
    if not shutil.which("go"):
        pytest.skip("go is not installed")
    generator("go", tmp_path / "client", packageName="downlink")
    shutil.rmtree(tmp_path / "client/test")
    module = tmp_path / "client/go.mod"
    module.write_text(module.read_text().replace("github.com/GIT_USER_ID/GIT_REPO_ID",
                                                 "example.org/downlink"))
    (tmp_path / "client/program").mkdir()
    shutil.copy(HERE / "openapi_generator.go", tmp_path / "client/program/main.go")
    os.environ["GOFLAGS"] = "-mod=mod"
    install("The Go module proxy", "go", "mod", "download", "all", cwd=tmp_path / "client")
    run("go", "build", "-o", tmp_path / "program", "./program", cwd=tmp_path / "client")
    check(tmp_path / "program")


def test_schemathesis_finds_no_answer_that_is_not_documented(tmp_path, gateway):
    """It makes requests of openapi.json, good ones and bad ones. Whether a request is good it cannot always
    tell: OpenAPI has no words for parameters that exclude each other."""
    programs = venv(tmp_path, SCHEMATHESIS)
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        [programs / "schemathesis", "run", f"{gateway}/openapi.json", "--no-color", "--exclude-path", "/events",
         "--phases", "examples,coverage,fuzzing", "--checks", ",".join(CHECKS), "--max-examples", "10",
         "--generation-deterministic", "--suppress-health-check", "all",
         "--request-timeout", "30"],
        cwd=tmp_path, env=environment, timeout=RUN_SECONDS, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
