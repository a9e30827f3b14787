#!/usr/bin/env bash
#  Build with tests, test the buses that make test leaves out, and run tests/distributed/run.py:
#  test-distributed.sh [NAME[:SIZE]...]
#  If this machine cannot run the tests, the script says why and skips them, unless REQUIRE_DISTRIBUTED=1.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh build test kafka
scripts/install-kafka.sh || [[ ${REQUIRE_KAFKA:-0} == 0 ]]
scripts/install-stopped.sh rabbitmq || [[ ${REQUIRE_RABBITMQ:-0} == 0 ]]
scripts/install-elasticmq.sh || [[ ${REQUIRE_KAFKA:-0} == 0 ]]
cmake --preset release -D BUILD_TESTING=ON
cmake --build --preset release --parallel "${JOBS:-$(nproc)}"
ctest --preset release --parallel 2 --tests-regex '^bus/(rabbitmq|sqs)$'
export DOWNLINK_BIN=$PWD/build/bin PYTHONDONTWRITEBYTECODE=1
status=0
/usr/bin/python3 tests/distributed/run.py "$@" || status=$?
if [[ $status -eq 77 && ${REQUIRE_DISTRIBUTED:-0} == 0 ]]; then
    echo "test-distributed: SKIPPED, for the reason above"
    exit 0
fi
exit "$status"
