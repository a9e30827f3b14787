#!/usr/bin/env bash
#  Build the programs and their peers, then measure: bench.sh run.py|soak.py [ARGUMENT...]
#  This build has no tests, like a release.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:?which program of bench/}
shift
scripts/install-dependencies.sh build bench
if ! command -v go >/dev/null; then
    scripts/install-dependencies.sh go
fi
cmake --preset bench >/dev/null
cmake --build --preset bench --parallel "${JOBS:-$(nproc)}"

export PYTHONDONTWRITEBYTECODE=1
exec /usr/bin/python3 "bench/$program" "$@"
