#!/usr/bin/env bash
#  Run every fuzz target, or the named ones, for FUZZ_SECONDS (60) each, JOBS at a time: fuzz.sh [TARGET...]
#  A target begins with tests/fuzz/corpus and the inputs of earlier runs in build-fuzz/corpus. An input that
#  finds a fault stays in build-fuzz/findings, and the run fails.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
jobs=${JOBS:-$(nproc)}
build="build-fuzz"

#  libFuzzer is a separate library of clang, which not every release of Debian installs with clang.
has_libfuzzer () {
    mkdir -p "$build"
    echo 'int LLVMFuzzerTestOneInput (const unsigned char *data, unsigned long size) { return !data && size; }' |
        clang -fsanitize=fuzzer,address,undefined -x c -o "$build/trial" - 2>"$build/trial.log"
}

#  Files of SQLite and requests that follow each other are longer than most inputs.
max_len () {
    case $1 in
    journal | store) echo 49152 ;;
    lines | coding) echo 16384 ;;
    *) echo 4096 ;;
    esac
}

#  Print why a run failed. An assertion prints its text only when its input runs alone.
find_reason () {
    local name=$1 log=$2 input=$3
    if [[ -n $input ]]; then
        timeout 60 "$build/tests/fuzz_$name" "$input" >"$log.alone" 2>&1 || true
        grep -a -m1 -E 'assertion failed|runtime error' "$log.alone" && return
    fi
    grep -a -m1 -E 'SUMMARY|ERROR' "$log" || tail -1 "$log"
}

run_target () {
    local name=$1 log=$build/logs/$1.log
    mkdir -p "$build/corpus/$name" "$build/findings" "$build/logs"
    if ! "$build/tests/fuzz_$name" -max_total_time="$seconds" -max_len="$(max_len "$name")" -timeout=20 \
        -rss_limit_mb=2048 -print_final_stats=1 -close_fd_mask=3 -artifact_prefix="$build/findings/$name-" \
        "$build/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        local input reason
        input=$(grep -a -o "$build/findings/$name-[a-z]*-[0-9a-f]*" "$log" | tail -1)
        reason=$(find_reason "$name" "$log" "$input")
        echo "fuzz: $name found a fault: $reason" >&2
        echo "fuzz: repeat it with $build/tests/fuzz_$name ${input:-(no input, see $log)}" >&2
        return 1
    fi
}

#  Print executions, covered edges and features of each target.
print_table () {
    local name log end
    printf '%-14s %12s %8s %9s\n' target executions edges features
    for name in "$@"; do
        log=$build/logs/$name.log
        end=$(grep -a -E ' cov: [0-9]+ ft: ' "$log" | tail -1 || true)
        printf '%-14s %12s %8s %9s\n' "$name" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -1)" \
            "$(sed -E 's/.* cov: ([0-9]+).*/\1/' <<<"$end")" "$(sed -E 's/.* ft: ([0-9]+).*/\1/' <<<"$end")"
    done
}

#  xargs calls this script again with one target.
if [[ ${1:-} == --one ]]; then
    run_target "$2"
    exit
fi

scripts/install-dependencies.sh build fuzz
if ! has_libfuzzer; then
    echo "fuzz: skipped, as this clang has no libFuzzer: $(head -1 "$build/trial.log")" >&2
    exit 0
fi
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "$jobs" --target fuzzers -- --quiet

names=("$@")
if [[ ${#names[@]} -eq 0 ]]; then
    mapfile -t names < <(find "$build/tests" -maxdepth 1 -type f -name 'fuzz_*' -printf '%f\n' | sed 's/^fuzz_//' | sort)
fi
if [[ -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
status=0
printf '%s\n' "${names[@]}" | xargs -P "$jobs" -n 1 scripts/fuzz.sh --one || status=1
print_table "${names[@]}"
exit "$status"
