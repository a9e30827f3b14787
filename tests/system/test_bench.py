"""`make bench` and `make soak` measure and write their results: two quick rows, without peers; some seconds of load."""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_a_short_run_measures_its_rows_and_keeps_them(tmp_path):
    settings = {"BENCH_ROUNDS": "1", "BENCH_SECONDS": "1", "BENCH_CLIENT_MESSAGES": "1000",
                "BENCH_GO_CHANNEL": "none"}
    run = subprocess.run(
        [sys.executable, ROOT / "bench" / "run.py", "--results", tmp_path, "connections", "visible"],
        env={**os.environ, **settings}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    assert run.returncode == 0, run.stdout
    [path] = tmp_path.glob("*.json")
    kept = json.loads(path.read_text())
    rows = {row["name"]: row for row in kept["rows"]}
    assert list(rows) == ["connections", "visible"]
    assert kept["machine"]["cores"] >= 1 and kept["settings"]["rounds"] == 1
    assert rows["connections"]["series"]["journal=fsync"]["median"] > 0
    assert rows["connections"]["notes"] == ["not compared: go-channel is not wanted"]
    assert rows["connections"]["checks"][-1]["what"] == "errors" and rows["connections"]["checks"][-1]["median"] == 0
    assert rows["visible"]["details"]["at half the top rate"][0]["probes"] > 0
    assert "connections: POST one message" in run.stdout


def test_a_short_soak_restarts_processors_and_compares_every_rocket(tmp_path):
    settings = {"SOAK_SECONDS": "5", "SOAK_RESTART": "2", "SOAK_TOP_RATE": "700"}
    run = subprocess.run(
        [sys.executable, ROOT / "bench" / "soak.py", "--results", tmp_path], env={**os.environ, **settings},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120)
    assert "0 rockets wrong at the end" in run.stdout
    [path] = tmp_path.glob("*.json")
    kept = json.loads(path.read_text())
    assert sum(one["delivered"] for one in kept["slices"]) == 5 * kept["rate"] and len(kept["restarts"]) >= 2
