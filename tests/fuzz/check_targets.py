#!/usr/bin/python3
"""Fail if README.md lacks a decoder or a target, or names one that is not there.

A decoder is a header that declares a function whose name says read, parse or decode.
"""
# SPDX-License-Identifier: Apache-2.0
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDERS = "common curve disk gateway http processor query launch keygen move".split()
DECODER = re.compile(r"^[a-z].*\b[a-z0-9_]+_(read|parse|decode)(_[a-z_]+)? \(", re.MULTILINE)


def find_decoders():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.h")):
            if DECODER.search(path.read_text()):
                yield str(path.relative_to(ROOT).with_suffix(""))


def find_faults():
    page = (HERE / "README.md").read_text()
    named = set(re.findall(r"`([a-z0-9_/]+)`", page))
    for decoder in find_decoders():
        if decoder not in named:
            yield f"{decoder} has no target in tests/fuzz/README.md"
    for name in named:
        if "/" in name and not name.startswith("fuzz/") and not any(ROOT.glob(name + ".[ch]")):
            if name.split("/")[0] in FOLDERS:
                yield f"{name} is in tests/fuzz/README.md, but not in the tree"
    for path in sorted(HERE.glob("fuzz_*.c")):
        target = path.stem.removeprefix("fuzz_")
        if not re.search(rf"^\| `{target}` \|", page, re.MULTILINE):
            yield f"{path.name} is not in the table of tests/fuzz/README.md"
        if not any((HERE / "corpus" / target).glob("*")):
            yield f"{path.name} has no corpus"


def main():
    faults = list(find_faults())
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
