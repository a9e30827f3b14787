#!/usr/bin/python3
"""Print which folder includes which, and fail on an arrow that points up or closes a circle.

FOLDERS lists every folder of the programs from top to bottom. A file may include files of its own
folder and of folders further down. Within a folder, no two headers may need each other.

  scripts/include-graph.py          print the graph
  scripts/include-graph.py --check  print faults only; exit 1 if there are any
"""
# SPDX-License-Identifier: Apache-2.0
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULES_MAX = 15  # in one folder; more of them hide what it is for
FOLDERS = """
launch
keygen
move
gateway
gateway/state
gateway/pages
gateway/intake
gateway/events
gateway/queries
gateway/delivery
gateway/link
gateway/journal
gateway/owners
gateway/handler
gateway/access
gateway/metrics
processor
processor/answer
processor/save
processor/tell
processor/intake
processor/rabbitmq
processor/shard
processor/own
processor/postgres
query
query/protocol
http
http/connection
http/tls
http/coding
http/rules
curve
disk
common/service
common/options
common/kafka
common/rabbitmq
common/sqs
common/bus
common/client
common/access
common/network
common/process
common/bytes
common/domain
common/memory
common/text
""".split()
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def read_tree():
    """Return {file: [included files]} of all sources, as paths from the root."""
    tree = {}
    for top in sorted({folder.split("/")[0] for folder in FOLDERS}):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".c", ".h", ".cpp", ".hpp"):
                tree[str(path.relative_to(ROOT))] = INCLUDE.findall(path.read_text())
    return tree


def folder_of(file):
    return file.rsplit("/", 1)[0]


def module_of(file):
    return file.rsplit(".", 1)[0]


def find_arrows(tree):
    """Return {folder: {folder it includes: [one line for each include]}}."""
    arrows = {folder: {} for folder in FOLDERS}
    for file, includes in tree.items():
        for included in includes:
            here, there = folder_of(file), folder_of(included)
            if here != there:
                arrows.setdefault(here, {}).setdefault(there, []).append(f"{file} -> {included}")
    return arrows


def find_upward(arrows):
    rank = {folder: index for index, folder in enumerate(FOLDERS)}
    for here, targets in arrows.items():
        if here not in rank:
            yield f"{here} is not in the list of folders"
            continue
        for there, lines in targets.items():
            if rank.get(there, -1) < rank[here]:
                yield from (f"upward: {line}" for line in lines)


def find_circles(tree):
    """Yield each circle of modules (a header and its source count as one)."""
    graph = {}
    for file, includes in tree.items():
        needed = graph.setdefault(module_of(file), set())
        needed.update(module_of(one) for one in includes if module_of(one) != module_of(file))
    done, path = set(), []

    def visit(module):
        if module in path:
            yield "circle: " + " -> ".join(path[path.index(module):] + [module])
        elif module not in done:
            path.append(module)
            for needed in sorted(graph.get(module, ())):
                yield from visit(needed)
            path.pop()
            done.add(module)

    for module in sorted(graph):
        yield from visit(module)


def find_crowds(tree):
    modules = {}
    for file in tree:
        modules.setdefault(folder_of(file), set()).add(module_of(file))
    for folder, names in modules.items():
        if len(names) > MODULES_MAX:
            yield f"crowded: {folder} has {len(names)} modules, more than {MODULES_MAX}"


def print_graph(arrows):
    width = max(map(len, FOLDERS))
    for folder in FOLDERS:
        below = [one for one in FOLDERS if one in arrows[folder]]
        print(f"{folder:{width}}  {' '.join(below) or '-'}")


def main():
    sys.setrecursionlimit(10000)
    tree = read_tree()
    arrows = find_arrows(tree)
    if sys.argv[1:] != ["--check"]:
        print_graph(arrows)
    faults = [*find_upward(arrows), *find_circles(tree), *find_crowds(tree)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
