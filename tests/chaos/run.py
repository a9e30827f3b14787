"""`make chaos`: scenarios one after another, each with a cluster of its own; a summary at the end.

run.py [--short] [--list] [NAME[:SIZE]...]

Without names all run, and take about an hour. SIZE says how much of it, in the unit that --list tells;
--short takes the sizes that `make test` has. CHAOS_SEED repeats what an earlier run chose. A scenario
that fails leaves its folder, with logs and files. Exit status: 0; 1 after a fault; 77 if nothing could
run in this build.
"""
import argparse
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time
import traceback
import typing

from damage import damage
from disk_errors import disk_errors
from failpoints import failpoints
from kills import kills, mixed
from overload import overload
from owners import many, scaling, takeover
from power_cuts import power_cuts
from replay import replay
from rolling import pauses, rolling
from room import room
from scenario import Run, Skipped
from stops import stops

SKIPPED = 77


class Scenario(typing.NamedTuple):
    function: typing.Callable[[Run], str]
    size: int
    short: int  # for `make test`
    unit: str


SCENARIOS = {
    "kills": Scenario(kills, 1000, 20, "kill -9 of gateway or processor"),
    "failpoints": Scenario(failpoints, 100, 4, "failpoints at most"),
    "stops": Scenario(stops, 200, 8, "graceful stops"),
    "power": Scenario(power_cuts, 200, 4, "power cuts"),
    "overload": Scenario(overload, 600, 10, "seconds with a stopped processor"),
    "damage": Scenario(damage, 300, 8, "bits flipped"),
    "disk": Scenario(disk_errors, 10, 0, "calls of each kind of which every one fails"),
    "room": Scenario(room, 10, 6, "seconds of each trouble with a disk"),
    "replay": Scenario(replay, 1_000_000, 20_000, "messages in the journal"),
    "scaling": Scenario(scaling, 10, 1, "times from 1 to 4 to 1 processors"),
    "takeover": Scenario(takeover, 100, 2, "kill -9 of one of three processors"),
    "rolling": Scenario(rolling, 30, 3, "restarts of three processors, one after the other"),
    "pauses": Scenario(pauses, 20, 1, "times that some of three processors are paused"),
    "many": Scenario(many, 600, 10, "seconds of two gateways and three processors"),
    "mixed": Scenario(mixed, 600, 10, "seconds of everything"),
}


def say(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


def run_one(name, size, seed):
    """Return (did it pass, a line about it)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"downlink-{name}-"))
    start = time.monotonic()
    say(f"{name}: {size} {SCENARIOS[name].unit}, folder {folder}")
    try:
        text = SCENARIOS[name].function(Run(f"{seed}/{name}", size, folder, say))
    except Skipped as why:
        shutil.rmtree(folder)
        return None, f"skipped: {why}"
    except Exception:
        traceback.print_exc()
        return False, f"FAULT, see above and {folder}"
    shutil.rmtree(folder)
    return True, f"{text}\n({time.monotonic() - start:.0f} s)"


def read_arguments():
    """[(name, size)] in the order asked for."""
    parser = argparse.ArgumentParser(description="scenarios of faults under load")
    parser.add_argument("--short", action="store_true", help="the sizes that make test has")
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("names", nargs="*", metavar="NAME[:SIZE]")
    arguments = parser.parse_args()
    if arguments.list:
        for name, scenario in SCENARIOS.items():
            print(f"{name:12} {scenario.size:8} {scenario.unit}")
        sys.exit(0)
    chosen = []
    for text in arguments.names or SCENARIOS:
        name, _, size = text.partition(":")
        if name not in SCENARIOS or (size and not size.isdigit()):
            parser.error(f"'{text}' is none of: {' '.join(SCENARIOS)}")
        usual = SCENARIOS[name].short if arguments.short else SCENARIOS[name].size
        chosen.append((name, int(size or usual)))
    return chosen


def main():
    chosen = read_arguments()
    seed = os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1 << 32)
    say(f"CHAOS_SEED={seed}")
    results = [(name, *run_one(name, size, seed)) for name, size in chosen]
    print(f"\nSummary, CHAOS_SEED={seed}")
    for name, held, text in results:
        print(f"{'FAULT' if held is False else 'good' if held else '-'}  {name}:",
              text.replace("\n", "\n      "))
    if all(held is None for _, held, _ in results):
        return SKIPPED
    return 1 if any(held is False for _, held, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
