"""The flags of a program, as its help shows them."""
import os
import re
import subprocess

from downlink import BIN


def flags(program):
    """The flags of a program, with their defaults."""
    shown = subprocess.run([BIN / program, "--help"], capture_output=True, text=True, timeout=60,
                           check=True, env={**os.environ, "COLUMNS": "100"}).stdout
    found = {}
    for entry in re.split(r"\n  --", shown.split("\nexit status")[0])[1:]:
        default = re.search(r"\(([^()]*)\)\s*$", entry)
        found[entry.split()[0]] = default.group(1) if default else None
    return found


def flag_of(variable):
    """DOWNLINK_SOME_FLAG is some-flag."""
    return variable.removeprefix("DOWNLINK_").lower().replace("_", "-")
