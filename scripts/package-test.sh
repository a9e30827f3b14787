#!/usr/bin/env bash
#  Build the Debian package, install it in a container that boots systemd, start its services, kill them, upgrade them
#  while they run, then remove and purge the package.
#  Without a container engine the script says why and skips the test, unless REQUIRE_PACKAGE=1.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/container-engine.sh

name=downlink-package-test-$$
image=downlink-package-test-$$

clean_up () {
    local status=$?
    trap - EXIT
    if [[ -n $docker ]]; then
        if [[ $status -ne 0 ]]; then
            "$docker" exec "$name" journalctl --no-pager --lines 40 || true
            "$docker" logs --tail 20 "$name" || true
        fi
        "$docker" rm --force "$name" >/dev/null 2>&1 || true
        "$docker" image rm --force "$image" >/dev/null 2>&1 || true
    fi
    engine_stop
    exit "$status"
}

inside () {
    "$docker" exec "$name" "$@"
}

say () {
    echo "package-test: $*"
}

#  The wanted value may be a pattern.
expect () {
    local what=$1 wanted=$2 found=$3
    # shellcheck disable=SC2053
    if [[ $found != $wanted ]]; then
        say "FAILED: $what: wanted $wanted, got $found"
        exit 1
    fi
    say "ok: $what: $found"
}

pid_of () {
    inside systemctl show --property MainPID --value "$1"
}

#  Wait until a unit runs under another process id than before.
await_restart () {
    local what=$1 unit=$2 before=$3
    await "$what" "active !(0|$before)" bash -c \
        "echo \$(systemctl is-active $unit) \$(systemctl show --property MainPID --value $unit)"
}

#  Wait until a command in the container prints the wanted text.
await () {
    local what=$1 wanted=$2 found="" deadline=$((SECONDS + 120))
    shift 2
    while [[ $SECONDS -lt $deadline ]]; do
        found=$(inside "$@" 2>&1 || true)
        # shellcheck disable=SC2053
        [[ $found == $wanted ]] && break
        sleep 0.2
    done
    expect "$what" "$wanted" "$found"
}

trap clean_up EXIT
trap 'exit 130' INT TERM HUP

scripts/build-package.sh
if ! engine_start; then
    if [[ ${REQUIRE_PACKAGE:-0} != 0 ]]; then
        say "FAILED: $engine_fault"
        exit 1
    fi
    say "SKIPPED: $engine_fault"
    exit 0
fi
#  A package fits the release that it was built on.
engine_base_image "$(. /etc/os-release && echo "$VERSION_CODENAME")"

"$docker" run --detach --name "$name" "$base_image" sleep infinity >/dev/null
"$docker" cp build-package/downlink_*.deb "$name:/root/"
install="apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
    install --yes --no-install-recommends curl systemd-sysv /root/downlink_*.deb >/dev/null"
#  A mirror may fail for a moment.
inside bash -c "$install" || { sleep 10 && inside bash -c "$install"; }
say "installed: $(inside dpkg-query --show downlink)"
"$docker" commit "$name" "$image" >/dev/null
"$docker" rm --force "$name" >/dev/null
"$docker" run --detach --name "$name" --cap-add ALL --cap-drop SYS_RESOURCE \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --tmpfs /run --tmpfs /run/lock --tmpfs /tmp \
    --cgroupns host --volume /sys/fs/cgroup:/sys/fs/cgroup:rw --env container=docker \
    "$image" /lib/systemd/systemd >/dev/null
await "systemd" '@(running|degraded)' systemctl is-system-running

expect "the user" "downlink" "$(inside id --user --name downlink)"
expect "nothing runs before it is told to" inactive \
    "$(inside systemctl is-active downlink-gateway || true)"
inside sed -i 's/^DOWNLINK_PROCESSORS=.*/DOWNLINK_PROCESSORS=localhost:5561,localhost:5564/' \
    /etc/downlink/gateway.env
inside systemctl enable --quiet --now downlink-processor@5561 downlink-processor@5564 downlink-gateway
for unit in downlink-processor@5561 downlink-processor@5564 downlink-gateway; do
    expect "$unit" active "$(inside systemctl is-active "$unit")"
    expect "its user" downlink "$(inside stat -c %U "/proc/$(pid_of "$unit")")"
done

message='{"metadata":{"channel":"apollo","messageNumber":1,"messageTime":"2022-02-02T19:39:05.86337+01:00","messageType":"RocketLaunched"},"message":{"type":"Falcon-9","launchSpeed":500,"mission":"ARTEMIS"}}'
await "a message" '{"status":"accepted","accepted":1}' \
    curl --silent http://127.0.0.1:8088/messages --data "$message"
await "its rocket" '*"speed":500,*' curl --silent http://127.0.0.1:8088/rockets/apollo
expect "where the state is" '*/var/lib/downlink/state/partition-*.sqlite*' \
    "$(inside sh -c 'ls /var/lib/downlink/state/*.sqlite' | tr '\n' ' ')"

for unit in downlink-processor@5561 downlink-gateway; do
    before=$(pid_of "$unit")
    inside systemctl kill --signal SIGKILL "$unit"
    await_restart "$unit comes back after a kill" "$unit" "$before"
done
await "the rocket is still there" '*"speed":500,*' curl --silent http://127.0.0.1:8088/rockets/apollo

before=$(pid_of downlink-gateway)
inside bash -c 'dpkg --install /root/downlink_*.deb >/dev/null'
await_restart "an upgrade restarts what runs" downlink-gateway "$before"
expect "and keeps what was configured" '*5564*' "$(inside grep ^DOWNLINK_PROC /etc/downlink/gateway.env)"
await "the rocket is still there" '*"speed":500,*' curl --silent http://127.0.0.1:8088/rockets/apollo
before=$(pid_of downlink-gateway)
inside systemctl kill --signal SIGSTOP downlink-gateway
await_restart "systemd ends what gives no sign of life" downlink-gateway "$before"
expect "the manual page" '*downlink-gateway.1*' "$(inside dpkg --listfiles downlink | tr '\n' ' ')"

inside dpkg --remove downlink
expect "processes after its removal" "" \
    "$(inside sh -c 'cat /proc/[0-9]*/comm 2>/dev/null | grep ^downlink- || true')"
inside dpkg --purge downlink
expect "files with the rocket that a purge leaves" 1 "$(inside sh -c \
    'grep --files-with-matches apollo /var/lib/downlink/state/*.sqlite | wc --lines')"
expect "the configuration after a purge" "" "$(inside sh -c 'ls /etc/downlink 2>/dev/null || true')"
say "passed"
