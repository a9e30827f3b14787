#!/usr/bin/env bash
#  Check the code without running it. Go on after a failure, so that one run shows all failures.
#  SPDX-License-Identifier: Apache-2.0
set -uo pipefail
cd "$(dirname "$0")/.." || exit
jobs=${JOBS:-$(nproc)}
failed=()

step () {
    local name=$1 start=$SECONDS
    shift
    echo "lint: $name"
    if ! "$@"; then
        failed+=("$name")
    fi
    echo "lint: $name took $((SECONDS - start)) s"
}

sources () {
    git ls-files --cached --others --exclude-standard "$@"
}

format () {
    sources '*.[ch]' '*.[ch]pp' | xargs clang-format --dry-run --Werror
}

#  Build with this compiler, with every warning as an error. Further arguments go to cmake.
strict_build () {
    cmake -S . -B "build-$1" -G Ninja -D CMAKE_C_COMPILER="$1" -D CMAKE_CXX_COMPILER="$2" \
        -D DOWNLINK_WERROR=ON -D BUILD_TESTING=ON -D DOWNLINK_BENCH=ON "${@:3}" >/dev/null &&
        cmake --build "build-$1" --parallel "$jobs" -- --quiet
}

#  This check needs the compile commands that the strict build with clang leaves.
tidy () {
    run-clang-tidy -quiet -p build-clang -j "$jobs" "^$PWD/" >build-clang/tidy.log 2>&1 && return
    grep -E '(warning|error|note):' -A 3 build-clang/tidy.log || tail -50 build-clang/tidy.log
    return 1
}

check_cpp () {
    cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability \
        --inline-suppr --suppress=missingInclude --suppress=missingIncludeSystem \
        --library=posix --library=gnu --std=c17 --force -j "$jobs" -I . \
        -D__GNUC__=12 -D_GNU_SOURCE -DDOWNLINK_VERSION='""' '-DG_STRINGIFY(x)=#x' \
        common disk curve http gateway processor query launch keygen move bench
}

shell () {
    sources '*.sh' scripts/pre-commit .ci/run deploy/debian/p* | xargs shellcheck -x
}

python () {
    sources '*.py' | xargs /usr/bin/python3 -c 'import sys
for name in sys.argv[1:]:
    compile (open (name).read (), name, "exec")'
}

scripts/install-dependencies.sh build test lint || exit 1
step clang-format format
step includes scripts/check-includes.sh
step "include graph" scripts/include-graph.py --check
step words scripts/check-words.py
step gcc strict_build gcc g++ -D DOWNLINK_ANALYZE=ON
step clang strict_build clang clang++
step clang-tidy tidy
step cppcheck check_cpp
step shellcheck shell
step python python
if [[ ${#failed[@]} -gt 0 ]]; then
    echo "lint: failed: ${failed[*]}" >&2
    exit 1
fi
echo "lint: clean"
