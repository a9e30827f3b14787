"""Ten thousand shuffled, repeated messages through the whole pipeline, against the oracle."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

import oracle
from downlink import ROOT, until
from oracle import expect
from posters import post_arrays, post_from_many_sides, post_lines, post_singly

FLIGHT = pathlib.Path(os.environ.get("DOWNLINK_FLIGHT", ROOT.parent / "shared/tools/flight.py"))


@pytest.mark.parametrize("post", [post_from_many_sides, post_arrays, post_lines])
def test_the_state_converges_whatever_the_order(start, post):
    arrived = oracle.make(200, 50, seed=1, shuffle=300, duplicates=0.05)
    both = start()
    post(both, arrived)
    expect(both, oracle.states(arrived, "converge"))


@pytest.mark.parametrize("post", [post_singly, post_lines])
def test_only_the_newest_counts_under_latest(start, post):
    arrived = oracle.make(200, 50, seed=2, shuffle=300, duplicates=0.05)
    both = start(processor=("--ordering", "latest"))
    post(both, arrived)
    expect(both, oracle.states(arrived, "latest"))


@pytest.mark.parametrize("ordering", ["converge", "latest"])
@pytest.mark.skipif(not FLIGHT.exists(), reason="flight.py is not beside this clone")
def test_another_oracle_agrees(start, ordering):
    made = subprocess.run([sys.executable, FLIGHT, "make", "--rockets", "200", "--messages", "50",
                           "--shuffle", "300", "--duplicates", "0.05"],
                          capture_output=True, check=True).stdout
    said = subprocess.run([sys.executable, FLIGHT, "state", "--ordering", ordering], input=made,
                          capture_output=True, check=True).stdout
    both = start(processor=("--ordering", ordering))
    answer = both.call("POST", "/messages", made, Content_Type="application/x-ndjson")
    assert answer.status == 202
    expect(both, json.loads(said))
    arrived = [json.loads(line) for line in made.splitlines()]
    for one, state in oracle.states(arrived, ordering).items():
        assert json.loads(said)[one].items() <= state.items()
    until(lambda: both.call("GET", "/readyz").status == 200)
