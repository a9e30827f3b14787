#!/usr/bin/env bash
#  Build with a preset and run its tests: test.sh release|debug|asan|tsan [CTEST-ARGUMENT...]
#  Any report of a sanitizer fails the run: programs that tests start write their reports to files, which this script
#  reads, so that tests do not need to.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:?which preset}
shift
jobs=${JOBS:-$(nproc)}
if [[ $preset == release ]]; then build=build; else build=build-$preset; fi
reports=$PWD/$build/sanitizer-reports

scripts/install-dependencies.sh build test kafka
scripts/install-kafka.sh || [[ ${REQUIRE_KAFKA:-0} == 0 ]]
scripts/install-stopped.sh rabbitmq || [[ ${REQUIRE_RABBITMQ:-0} == 0 ]]
scripts/install-elasticmq.sh || [[ ${REQUIRE_KAFKA:-0} == 0 ]]
cmake --preset "$preset" -D BUILD_TESTING=ON
cmake --build --preset "$preset" --parallel "$jobs"

rm -rf "$reports"
mkdir -p "$reports"
common=log_path=$reports/report:exitcode=66
export ASAN_OPTIONS=$common:detect_leaks=1:strict_string_checks=1:check_initialization_order=1
export LSAN_OPTIONS=suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=$common:print_stacktrace=1
export TSAN_OPTIONS=$common:suppressions=$PWD/tests/support/tsan.supp:history_size=4

#  The sanitizers' shadow memory and a strongly randomized address space do not always fit together.
run=()
if [[ $preset == ?san ]] && setarch "$(uname -m)" -R true 2>/dev/null; then
    run=(setarch "$(uname -m)" -R)
fi

#  Most tests of whole processes mostly wait, so many run at a time. Programs with sanitizers mostly compute.
tests=$jobs
if [[ $preset == release ]]; then tests=$((2 * jobs)); fi

#  Pass over the tests of LEAVE_OUT, and those that show nothing new with this preset.
left_out=(${LEAVE_OUT:+"$LEAVE_OUT"})
case $preset in
#  make test-distributed runs these two.
release) left_out+=('^bus/(rabbitmq|sqs)$') ;;
#  A sanitizer changes nothing for documents, the package and the page in a browser.
?san) left_out+=('^system/test_(bench|dashboard|deployments|docs|examples|monitoring|package|pages|proxies|readme)$') ;;
esac
#  AddressSanitizer finds nothing new in tests that wait for time-outs or servers, as chaos runs their code too.
if [[ $preset == asan ]]; then
    left_out+=('^distributed/' '^system/test_(liveness|slow_disk)$')
fi
#  ThreadSanitizer finds nothing new in tests of a single thread, like formats, refusals and clients of brokers.
if [[ $preset == tsan ]]; then
    left_out+=('^bus/(rabbitmq|sqs)$' '^fuzz/'
        '^system/test_(cloud_events|codings|command_lines|complaints|events|files|get_rockets|hardening)$'
        '^system/test_(http|http_framing|life|lists|logs|metrics|move|moved_state|openapi|operations|partitioner)$'
        '^system/test_(post_messages|protocol|query|removal|request_ids|shares|status|strangers|tls|tokens|trust)$')
fi
if [[ ${#left_out[@]} -gt 0 ]]; then
    left_out=(--exclude-regex "$(IFS='|' && echo "${left_out[*]}")")
fi

status=0
"${run[@]}" ctest --preset "$preset" --parallel "$tests" "${left_out[@]}" "$@" || status=$?
shopt -s nullglob
for report in "$reports"/*; do
    echo "test.sh: a sanitizer reported:" >&2
    cat "$report" >&2
    status=1
done
exit "$status"
