#!/usr/bin/env bash
#  Install RabbitMQ for tests, which start brokers of their own (tests/support/rabbitmq.py). Debian's package
#  would start a broker and Erlang's port mapper as services, now and at each boot: this prevents both, and
#  touches none that was there before.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

is_installed () {
    [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root () {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

command -v dpkg-query >/dev/null || exec scripts/install-dependencies.sh rabbitmq
services=()
is_installed rabbitmq-server || services+=(rabbitmq-server.service)
is_installed erlang-base || services+=(epmd.service epmd.socket)
if [[ ${#services[@]} -eq 0 ]]; then
    exec scripts/install-dependencies.sh rabbitmq
fi
if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    echo "install-rabbitmq: not root and no sudo here" >&2
    exit 1
fi

#  Maintainer scripts ask this file before they start a service. One that is there belongs to somebody else.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 0755 "$policy"
fi
scripts/install-dependencies.sh rabbitmq
if command -v systemctl >/dev/null; then
    as_root systemctl disable --quiet "${services[@]}" 2>/dev/null || true
fi
