#  For tests that need containers: find or start an engine, find or make the base image.
#  To be sourced. engine_start leaves the client in $docker, or returns 1 with $engine_fault set.
#  SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034

docker=
engine_fault=
engine_pid=
engine_directory=
base_image=debian:bookworm-slim

#  The distribution's own client, where there is one: it fits the distribution's engine.
engine_client () {
    if [[ -x /usr/bin/docker ]]; then
        docker=/usr/bin/docker
    else
        docker=$(command -v docker)
    fi
}

#  An engine that runs is used as it is. One that has to be started is ours alone, with a socket,
#  images and volumes of its own, so that nobody's containers start with it or remain after it.
engine_start () {
    engine_client
    if [[ -n $docker ]] && "$docker" info >/dev/null 2>&1; then
        return 0
    fi
    if [[ $EUID -ne 0 ]]; then
        engine_fault="no container engine answers, and only root can start one"
        return 1
    fi
    if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then
        scripts/install-dependencies.sh compose
    fi
    engine_client
    engine_directory=$(mktemp -d /var/tmp/downlink-engine.XXXXXX)
    export DOCKER_HOST=unix://$engine_directory/docker.sock
    dockerd --host "$DOCKER_HOST" --data-root "$engine_directory/data" \
        --exec-root "$engine_directory/exec" --pidfile "$engine_directory/pid" \
        >"$engine_directory/log" 2>&1 </dev/null &
    engine_pid=$!
    for ((try = 0; try < 60; try++)); do
        "$docker" info >/dev/null 2>&1 && return 0
        kill -0 "$engine_pid" 2>/dev/null || break
        sleep 0.5
    done
    engine_fault="dockerd does not start here: $(tail -n 1 "$engine_directory/log")"
    engine_stop
    return 1
}

engine_stop () {
    if [[ -n $engine_pid ]]; then
        kill -TERM "$engine_pid" 2>/dev/null
        wait "$engine_pid"
        rm -rf "$engine_directory"
        engine_pid=
        unset DOCKER_HOST
    fi
}

#  The base image that the Dockerfile names. Where no registry is reached it is made from packages,
#  with what this machine's apt is told about its mirror and proxy, or the build would not find them.
engine_base_image () {
    if "$docker" image inspect "$base_image" >/dev/null 2>&1 ||
        timeout 120 "$docker" pull --quiet "$base_image" 2>/dev/null; then
        return 0
    fi
    local root mirror
    root=$(mktemp -d /var/tmp/downlink-base.XXXXXX)
    echo "the base image cannot be pulled: making it with debootstrap"
    scripts/install-dependencies.sh base-image
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
        awk '$2 == "bookworm" { print $1; exit }')
    if ! debootstrap --variant=minbase bookworm "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1; then
        tail -n 20 "$root.log"
        rm -rf "$root" "$root.log"
        return 1
    fi
    apt-config dump | grep -E '^Acquire::(Check-|http:|https:|ftp:|Retries)' \
        >"$root/etc/apt/apt.conf.d/99of-the-host" || true
    rm -f "$root"/var/cache/apt/archives/*.deb
    tar -C "$root" -c . | "$docker" import - "$base_image" >/dev/null
    rm -rf "$root" "$root.log"
}
