#!/usr/bin/env bash
#  Build with tests, failpoints included, and run tests/chaos/run.py: chaos.sh [NAME[:SIZE]...]
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-dependencies.sh build test
cmake --preset release -D BUILD_TESTING=ON
cmake --build --preset release --parallel "${JOBS:-$(nproc)}"
export DOWNLINK_BIN=$PWD/build/bin PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 tests/chaos/run.py "$@"
