#!/usr/bin/env bash
#  Make clients from openapi.json with generators of PyPI, npm and Maven Central, and let each post to
#  a gateway and read from it; let schemathesis (PyPI) look for answers that are not documented. The script skips a
#  generator whose registry does not answer, and says why. It also runs the proxies of docs/security.md in front of a
#  gateway.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

#  If a tool is installed already, it may come from a package that conflicts with Debian's.
groups=(build test clients)
command -v npm >/dev/null || groups+=(npm)
command -v mvn >/dev/null || groups+=(maven)
command -v go >/dev/null || groups+=(go)
scripts/install-dependencies.sh "${groups[@]}"
scripts/install-stopped.sh proxies || echo "clients: the proxies that are missing are left out" >&2

cmake --preset release -D BUILD_TESTING=ON
cmake --build --preset release --parallel "${JOBS:-$(nproc)}" --target downlink-gateway downlink-processor
DOWNLINK_BIN=build/bin PYTHONDONTWRITEBYTECODE=1 timeout --kill-after=5 "${CLIENTS_SECONDS:-1800}" \
    /usr/bin/python3 -m pytest -p no:cacheprovider -rs "$@" tests/clients tests/system/test_proxies.py
