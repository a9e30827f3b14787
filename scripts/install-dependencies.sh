#!/usr/bin/env bash
#  Install missing packages of Debian or Ubuntu: install-dependencies.sh GROUP...
#  The groups are the lists below. The script asks dpkg first, and uses no network when nothing is missing.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
PAUSES="10 40"  # seconds between the attempts

#  `a|b` is one package under two names: either is enough, and the script installs the first that apt knows.
declare -A groups=(
    [build]="build-essential cmake ninja-build pkg-config libzmq3-dev libmicrohttpd-dev libgnutls28-dev
        libmsgpack-c-dev|libmsgpack-dev libsimdjson-dev libxxhash-dev libsqlite3-dev
        libglib2.0-dev libyajl-dev zlib1g-dev libzstd-dev libpq-dev librdkafka-dev librabbitmq-dev
        libcurl4-openssl-dev libjs-chart.js"
    [test]="libcriterion-dev openssl python3-pytest python3-zmq python3-msgpack python3-xxhash curl procps
        file python3-yaml python3-jsonschema mandoc zsh fish
        prometheus postgresql pgbouncer iproute2 util-linux
        chromium|chromium-browser chromium-driver|chromium-chromedriver python3-selenium"
    [kafka]="default-jre-headless|openjdk-21-jre-headless|openjdk-17-jre-headless python3-confluent-kafka"
    [rabbitmq]="rabbitmq-server python3-pika"
    [proxies]="nginx haproxy caddy"
    [bench]="wrk valgrind python3-matplotlib python3-zmq python3-msgpack"
    [run]="curl procps"
    [package]="file dpkg-dev python3"
    [go]="golang-go"
    [clients]="python3-venv"
    [npm]="nodejs npm"
    [maven]="default-jre-headless maven"
    [coverage]="gcovr"
    [lint]="clang clang-format clang-tidy cppcheck shellcheck"
    [fuzz]="clang libclang-rt-dev|libclang-rt-19-dev|libclang-rt-14-dev"
    [model]="spin gcc libc6-dev"
    [runtime]="libzmq5 libmicrohttpd12t64|libmicrohttpd12 libmsgpack-c2|libmsgpackc2
        libsimdjson25|libsimdjson14 libxxhash0 libsqlite3-0 libglib2.0-0t64|libglib2.0-0 libyajl2 zlib1g libzstd1 libpq5
        librdkafka1 librabbitmq4 libgnutls30t64|libgnutls30 curl"
    [compose]="docker.io docker-cli|docker.io docker-compose|docker-compose-v2 iptables ca-certificates curl"
    [base-image]="debootstrap"
)

is_installed () {
    [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

#  Return true if no package with one of these names is installed.
is_missing () {
    local name
    for name in ${1//|/ }; do
        is_installed "$name" && return 1
    done
    return 0
}

known_name () {
    local name
    for name in ${1//|/ }; do
        if [[ -n $(apt-cache show --no-all-versions "$name" 2>/dev/null) ]]; then
            echo "$name"
            return
        fi
    done
    echo "${1%%|*}"
}

as_root () {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "install-dependencies: not root and no sudo here; as root, run: $*" >&2
        exit 1
    fi
}

apt () {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 "$@" </dev/null
}

wanted=()
for group in "$@"; do
    if [[ -z ${groups[$group]:-} ]]; then
        echo "install-dependencies: no group '$group'; there are: ${!groups[*]}" >&2
        exit 2
    fi
    read -r -d '' -a packages <<<"${groups[$group]}" || true
    wanted+=("${packages[@]}")
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "install-dependencies: neither Debian nor Ubuntu, so nothing was installed;" \
        "needed are what these packages hold: ${wanted[*]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    if is_missing "$package"; then
        missing+=("$package")
    fi
done
if [[ ${#missing[@]} -eq 0 ]]; then
    exit 0
fi

install () {
    local package name names=()
    #  A source of packages that the user added may fail; apt says later which packages it cannot find.
    apt update >/dev/null || echo "install-dependencies: apt-get update failed; going on with the old lists" >&2
    for package in "${missing[@]}"; do
        name=$(known_name "$package")
        [[ " ${names[*]} " == *" $name "* ]] || names+=("$name")
    done
    echo "install-dependencies: installing ${names[*]}" >&2
    apt install --yes --no-install-recommends "${names[@]}" >/dev/null
}

#  A mirror may fail for a moment, or change between both steps.
for pause in $PAUSES; do
    install && exit
    echo "install-dependencies: trying once more in $pause s" >&2
    sleep "$pause"
done
install
