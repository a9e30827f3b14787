"""Every failpoint of the code is one that the scenario hits."""
import pathlib
import re

from failpoints import GATEWAY, PROCESSOR

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_every_failpoint_is_hit():
    names = set()
    for path in [*ROOT.glob("gateway/**/*.c"), *ROOT.glob("processor/**/*.c")]:
        names.update(re.findall(r'FAILPOINT \("(.*?)"\)', path.read_text()))
        for prefix in re.findall(r'\.failpoints = "(.*?)"', path.read_text()):
            names.update({f"{prefix}-before-checkpoint", f"{prefix}-after-checkpoint"})
    assert names == set(GATEWAY + PROCESSOR)
