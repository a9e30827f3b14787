#!/usr/bin/env bash
#  Check that a second `make` compiles nothing: a second run of CMake makes the same command lines as the first.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for run in first second; do
    cmake --preset release -B "$folder/build" -D BUILD_TESTING=OFF >"$folder/log" 2>&1 ||
        { cat "$folder/log"; exit 1; }
    cp "$folder/build/compile_commands.json" "$folder/$run"
done
if ! cmp -s "$folder/first" "$folder/second"; then
    echo "check-second-build.sh: the second run of CMake changes command lines, so all is compiled again:" >&2
    diff "$folder/first" "$folder/second" | sed -n '1,4p' >&2
    exit 1
fi
