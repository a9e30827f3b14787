#!/usr/bin/env bash
#  Install servers for tests, which start processes of their own: install-stopped.sh rabbitmq|proxies. Debian's packages
#  would start services, now and at each boot. This script prevents that, and leaves other services alone.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

group=${1:?which group}
#  A package and its services, a line each.
case $group in
    rabbitmq) packages=("rabbitmq-server rabbitmq-server.service" "erlang-base epmd.service epmd.socket") ;;
    proxies) packages=("nginx nginx.service" "haproxy haproxy.service" "caddy caddy.service") ;;
    *)
        echo "install-stopped: no group '$group'" >&2
        exit 2
        ;;
esac

is_installed () {
    [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root () {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

command -v dpkg-query >/dev/null || exec scripts/install-dependencies.sh "$group"
services=()
for line in "${packages[@]}"; do
    read -r -a words <<<"$line"
    is_installed "${words[0]}" || services+=("${words[@]:1}")
done
if [[ ${#services[@]} -eq 0 ]]; then
    exec scripts/install-dependencies.sh "$group"
fi
if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    echo "install-stopped: not root and no sudo here" >&2
    exit 1
fi

#  Maintainer scripts ask this file before they start a service. An existing file belongs to another program.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 0755 "$policy"
fi
scripts/install-dependencies.sh "$group"
if command -v systemctl >/dev/null; then
    as_root systemctl disable --quiet "${services[@]}" 2>/dev/null || true
fi
