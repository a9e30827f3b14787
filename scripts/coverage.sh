#!/usr/bin/env bash
#  Measure which lines the tests run, and print the share of each folder: coverage.sh [CTEST-ARGUMENT...]
#  build-coverage/coverage.html has the lines. Processes that a test kills record nothing.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
build="build-coverage"

scripts/install-dependencies.sh build test coverage
cmake --preset coverage -D BUILD_TESTING=ON
cmake --build --preset coverage --parallel "$jobs"
find "$build" -name '*.gcda' -delete
#  An unoptimized build may be too slow for a test; the lines that the test ran count all the same.
ctest --preset coverage --parallel "$jobs" "$@" || echo "coverage.sh: some tests failed" >&2

gcovr --root . --object-directory "$build" --exclude "$build" --exclude tests --exclude bench \
    --exclude-throw-branches --exclude-directories '.*/CMakeFiles/[0-9.]+' -j "$jobs" --html-details "$build/coverage.html" \
    --json-summary "$build/coverage.json" "$build" >/dev/null
/usr/bin/python3 - "$build/coverage.json" <<'END'
import collections
import json
import pathlib
import sys

report = json.loads(pathlib.Path(sys.argv[1]).read_text())
folders = collections.defaultdict(lambda: [0, 0])
for file in report["files"]:
    for folder in (str(pathlib.Path(file["filename"]).parent), "all"):
        folders[folder][0] += file["line_covered"]
        folders[folder][1] += file["line_total"]
for folder, (covered, total) in sorted(folders.items(), key=lambda item: (item[0] == "all", item[0])):
    print(f"{folder:<24} {covered:>6} of {total:>6} lines  {100 * covered / max(total, 1):5.1f} %")
END
