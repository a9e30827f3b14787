"""Runs scenarios one after another, each with a folder of its own; a summary at the end.

run.py [--short] [--list] [NAME[:SIZE]...]

Without names all run. SIZE says how much of it, in the unit that --list tells; --short takes the sizes
that `make test` has. CHAOS_SEED repeats what an earlier run chose. A scenario that fails leaves its
folder, with logs and files. Exit status: 0; 1 after a fault; 77 if nothing could run here.
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

from scenario import Run, Skipped

SKIPPED = 77


class Scenario(typing.NamedTuple):
    function: typing.Callable[[Run], str]
    size: int
    short: int  # for `make test`
    unit: str


def say(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


def run_one(scenario, name, size, seed):
    """Return (did it pass, a line about it)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"downlink-{name}-"))
    start = time.monotonic()
    say(f"{name}: {size} {scenario.unit}, folder {folder}")
    try:
        text = scenario.function(Run(f"{seed}/{name}", size, folder, say))
    except Skipped as why:
        shutil.rmtree(folder)
        return None, f"skipped: {why}"
    except Exception:
        traceback.print_exc()
        return False, f"FAULT, see above and {folder}"
    shutil.rmtree(folder)
    return True, f"{text}\n({time.monotonic() - start:.0f} s)"


def read_arguments(scenarios):
    """Return [(name, size)] in the order asked for."""
    parser = argparse.ArgumentParser(description="scenarios of faults under load")
    parser.add_argument("--short", action="store_true", help="the sizes that make test has")
    parser.add_argument("--list", action="store_true", help="what there is")
    parser.add_argument("names", nargs="*", metavar="NAME[:SIZE]")
    arguments = parser.parse_args()
    if arguments.list:
        for name, scenario in scenarios.items():
            print(f"{name:12} {scenario.size:8} {scenario.unit}")
        sys.exit(0)
    chosen = []
    for text in arguments.names or scenarios:
        name, _, size = text.partition(":")
        if name not in scenarios or (size and not size.isdigit()):
            parser.error(f"'{text}' is none of: {' '.join(scenarios)}")
        usual = scenarios[name].short if arguments.short else scenarios[name].size
        chosen.append((name, int(size or usual)))
    return chosen


def run_all(scenarios):
    """Run those that the arguments of this process name. Return its exit status."""
    chosen = read_arguments(scenarios)
    seed = os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1 << 32)
    say(f"CHAOS_SEED={seed}")
    results = [(name, *run_one(scenarios[name], name, size, seed)) for name, size in chosen]
    print(f"\nSummary, CHAOS_SEED={seed}")
    for name, held, text in results:
        print(f"{'FAULT' if held is False else 'good' if held else '-'}  {name}:",
              text.replace("\n", "\n      "))
    if all(held is None for _, held, _ in results):
        return SKIPPED
    return 1 if any(held is False for _, held, _ in results) else 0

