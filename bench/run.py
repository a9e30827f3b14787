"""make bench: measure every row side by side, print the table, and keep it as JSON and as a chart."""
import argparse
import datetime
import pathlib
import subprocess
import sys
import time

import chart
import harness
import machine
import results
from rows import (buses, connections, durable, get, growth, instructions, keys, million, ndjson, post, replay, scaling,
                  stores, tls, visible)

USUAL = {name: row for module in (post, durable, connections, ndjson, get, million, visible, replay, scaling,
                                  stores, buses, tls, keys, instructions)
         for name, row in module.ROWS.items()}
ROWS = {**USUAL, **growth.ROWS}


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {' '.join(ROWS)}; those with a target if none")
    parser.add_argument("--results", type=pathlib.Path, default=harness.HERE / "results",
                        help="the directory to write to")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.rows if name not in ROWS]
    if unknown:
        parser.error(f"no row {' '.join(unknown)}; there are: {' '.join(ROWS)}")
    return arguments


def measure(name, rounds, seconds):
    title, function = ROWS[name]
    row = results.Row(name, title)
    started = time.monotonic()
    try:
        function(row, rounds, seconds)
    except harness.Skip as reason:
        row.note(f"skipped: {reason}")
    except (AssertionError, OSError, subprocess.SubprocessError) as fault:
        row.note(f"FAILED: {fault}")
        row.failed = True
    row.details["took_s"] = round(time.monotonic() - started, 1)
    print("\n".join(row.lines()), flush=True)
    return row


def main():
    arguments = read_arguments()
    settings = {"rounds": harness.setting("ROUNDS", 5), "seconds": harness.setting("SECONDS", 5)}
    described = machine.describe()
    print(f"{described['cpu']}, {described['cores']} cores, Linux {described['kernel']}, commit "
          f"{described['commit'][:10]}{' (changed)' if described['changed'] else ''}: "
          f"{settings['rounds']} rounds of {settings['seconds']} s; median, lowest to highest\n")
    rows = [measure(name, settings["rounds"], settings["seconds"])
            for name in arguments.rows or USUAL]
    arguments.results.mkdir(parents=True, exist_ok=True)
    path = arguments.results / f"{datetime.datetime.now():%Y-%m-%d-%H%M}.json"
    results.write(path, described, settings, rows)
    chart.draw(rows, described, path.with_suffix(".svg"))
    print(f"\n{path}")
    return 1 if any(row.failed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
