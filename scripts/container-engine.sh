#  Find or start a container engine for tests, and find or make the base image.
#  Tests source this file. engine_start sets $docker to the client, or sets $engine_fault and returns 1.
#  SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
. scripts/debian-root.sh

docker=
engine_fault=
engine_pid=
engine_directory=
base_image=

#  Prefer the client of the distribution, as it fits the distribution's engine.
engine_client () {
    if [[ -x /usr/bin/docker ]]; then
        docker=/usr/bin/docker
    else
        docker=$(command -v docker)
    fi
}

#  Use an engine that runs as it is. An engine that the tests start has its own socket, images and volumes, so that no
#  other containers start with it, and none remain after it.
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
    for ((try = 0; try < 240; try++)); do
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
        kill -TERM "$engine_pid" 2>/dev/null || true  #  a signal to the group may have ended it
        wait "$engine_pid" || true
        rm -rf "$engine_directory"
        engine_pid=
        unset DOCKER_HOST
    fi
}

#  engine_base_image RELEASE: find or make the base image of a Debian release, and set $base_image to
#  its name. Without a registry, make the image from packages.
engine_base_image () {
    local root
    base_image=debian:$1-slim
    if "$docker" image inspect "$base_image" >/dev/null 2>&1 ||
        timeout 120 "$docker" pull --quiet "$base_image" 2>/dev/null; then
        return 0
    fi
    echo "the base image cannot be pulled: making it with debootstrap"
    root=$(mktemp -d /var/tmp/downlink-base.XXXXXX)
    if ! debian_root "$1" "$root"; then
        rm -rf "$root"
        return 1
    fi
    tar -C "$root" -c . | "$docker" import - "$base_image" >/dev/null
    rm -rf "$root"
}

#  engine_image_is_there NAME: find an image, on this machine or in a registry.
engine_image_is_there () {
    "$docker" image inspect "$1" >/dev/null 2>&1 || timeout 120 "$docker" pull --quiet "$1" 2>/dev/null
}

#  engine_build NAME CONTEXT: build an image. A mirror may fail for a moment.
engine_build () {
    "$docker" build --quiet --tag "$1" "$2" >/dev/null && return
    echo "container-engine: building $1 once more in 10 s" >&2
    sleep 10
    "$docker" build --quiet --tag "$1" "$2" >/dev/null
}

#  engine_jars_image NAME CONTEXT SCRIPT: find an image. Without a registry of images, make it from a context and the
#  jars of Maven Central that a script gets, under the same name.
engine_jars_image () {
    local context status=0
    engine_image_is_there "$1" && return
    echo "the image $1 cannot be pulled: making it from Maven's jars"
    engine_base_image trixie
    context=$(mktemp -d /var/tmp/downlink-image.XXXXXX)
    cp -r "$2/." "$context" && "$3" "$context/jars" && engine_build "$1" "$context" || status=1
    rm -rf "$context"
    return "$status"
}

#  engine_kafka_image NAME, engine_sqs_image NAME: find or make the image of a Kafka broker, or of ElasticMQ, a server
#  that speaks SQS.
engine_kafka_image () {
    engine_jars_image "$1" tests/support/kafka-image scripts/install-kafka.sh
}
engine_sqs_image () {
    engine_jars_image "$1" tests/support/sqs-image scripts/install-elasticmq.sh
}

#  engine_package_image NAME CONTEXT: find an image. Without a registry, make it from a package of Debian, under the
#  same name.
engine_package_image () {
    engine_image_is_there "$1" && return
    echo "the image $1 cannot be pulled: making it from Debian's package"
    engine_base_image trixie
    engine_build "$1" "$2"
}

#  engine_postgres_image NAME, engine_rabbitmq_image NAME: find or make the image of a PostgreSQL server, or of a
#  RabbitMQ broker.
engine_postgres_image () {
    engine_package_image "$1" tests/support/postgres-image
}
engine_rabbitmq_image () {
    engine_package_image "$1" tests/support/rabbitmq-image
}
