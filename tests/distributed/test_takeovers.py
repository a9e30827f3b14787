"""The time of a takeover is the longest time that a client waited."""
import pytest

from takeovers import Probes


@pytest.fixture
def probes():
    """Two probes of one partition, which never start. The fault is at second 10."""
    return Probes(None, [None], ("127.0.0.1", 1))


@pytest.mark.parametrize("spans, seconds", [
    ([(9, 9.1), (10.5, 10.6)], 0.1),
    ([(9, 9.1), (9.9, 12)], 2),  # asked before: it counts from the fault on
    ([(10.2, 13.2), (14, 14.1)], 3),  # the first answer after several tries
    ([(1, 9.9), (10, 10.1)], 0.1)])  # was over before
def test_the_longest_wait_from_the_fault_on_counts(probes, spans, seconds):
    probes.all[0].spans = [(9.95, 10.05)]
    probes.all[1].spans = spans
    assert probes.longest(10) == pytest.approx(seconds)
