#!/usr/bin/env bash
#  Build docker-compose.yml, start it, drive it with curl, stop it and start it again. Do the same with
#  docker-compose.postgres.yml, whose database stops, comes back and is made again, and with docker-compose.kafka.yml,
#  docker-compose.rabbitmq.yml and docker-compose.sqs.yml, whose brokers do the same, and whose gateways are killed.
#  Without a container engine the script says why and skips the test, unless REQUIRE_COMPOSE=1.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/container-engine.sh

#  Names of this run, so that a run beside it, or what is left of one that was killed, does not matter.
export COMPOSE_PROJECT_NAME=downlink-compose-test-$$
export DOWNLINK_IMAGE=downlink-compose-test-$$
#  0 lets the engine choose a free port.
export DOWNLINK_HTTP_PORT=0
#  Use the classic builder, as it needs no plugin of the client.
export DOCKER_BUILDKIT=0
compose=()
plain=()
body=$(mktemp)
headers=$(mktemp)
said=$(mktemp)

clean_up () {
    local status=$?
    trap - EXIT
    if [[ ${#compose[@]} -gt 0 ]]; then
        if [[ $status -ne 0 ]]; then
            "${compose[@]}" ps || true
            "${compose[@]}" logs --tail 40 --no-color || true
        fi
        "${compose[@]}" down --volumes --remove-orphans --rmi local >/dev/null 2>&1 || true
        "$docker" image rm --force "$DOWNLINK_IMAGE" >/dev/null 2>&1 || true
    fi
    engine_stop
    rm -f "$body" "$headers" "$said"
    exit "$status"
}

#  Fail, and show the answer, unless a value matches the wanted pattern.
expect () {
    local what=$1 wanted=$2 found=$3
    # shellcheck disable=SC2053
    if [[ $found != $wanted ]]; then
        echo "compose-test: FAILED: $what: wanted $wanted, got $found: $(cat "$body")" >&2
        exit 1
    fi
    echo "compose-test: ok: $what: $found"
}

#  Run a command, and show what it says only if it fails.
quietly () {
    if ! "$@" >"$said" 2>&1; then
        echo "compose-test: FAILED: $*" >&2
        cat "$said" >&2
        exit 1
    fi
}

#  Print the status of a call; leave its body and headers in files.
call () {
    curl --silent --show-error --max-time 20 --output "$body" --dump-header "$headers" \
        --write-out '%{http_code}' "$@"
}

message () {
    printf '{"metadata":{"channel":"apollo","messageNumber":%d,' "$1"
    printf '"messageTime":"2022-02-02T19:39:05.86337+01:00","messageType":"%s"},"message":%s}' \
        "$2" "$3"
}

#  Print all containers, or those of a service.
containers () {
    "$docker" ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
        ${1:+--filter "label=com.docker.compose.service=$1"}
}

scale () {
    quietly "${compose[@]}" up --detach --no-build --no-recreate --scale processor="$1"
}

#  Print how many processors own partitions, as the gateway sees it, or "some unowned" if a partition has no owner.
owners () {
    call "$url/stats" >/dev/null && /usr/bin/python3 - "$body" <<'END'
import json, sys
owners = [route["owner"] for route in json.load(open(sys.argv[1]))["routing"]]
print("some unowned" if None in owners or not owners else len(set(owners)))
END
}

await_owners () {
    local deadline=$((SECONDS + 120)) found
    until found=$(owners) && [[ $found == "$1" ]] || [[ $SECONDS -ge $deadline ]]; do
        sleep 0.2
    done
    expect "$2: processors that own partitions" "$1" "$found"
}

#  Post while processors come, go, die and are cut off: no write fails, and all messages are applied.
scale_under_load () {
    local network=${COMPOSE_PROJECT_NAME}_inside load victim
    scale 1
    await_owners 1 "scaled to 1"
    load=$("$docker" run --detach --network "${COMPOSE_PROJECT_NAME}_default" --env DOWNLINK_STATE_DIR= \
        "$DOWNLINK_IMAGE" downlink-launch --max-messages 60000 --rate 1000 --new-connections no \
        --verify --json http://gateway:8088/messages)
    scale 4
    await_owners 4 "scaled to 4"
    victim=$(containers processor | head -n 1)
    "$docker" kill "$victim" >/dev/null
    await_owners 3 "one killed"
    "$docker" start "$victim" >/dev/null
    await_owners 4 "it is back"
    "$docker" network disconnect "$network" "$victim"
    await_owners "some unowned" "one cut off"
    sleep 10
    "$docker" network connect --alias processor "$network" "$victim"
    await_owners 4 "it is connected again"
    scale 2
    await_owners 2 "scaled to 2"
    expect "exit status of the load, which verifies every rocket" 0 "$("$docker" wait "$load")"
    "$docker" logs "$load" >"$body" 2>&1
    expect "its answers" '*"retries":0,"timeouts":0,"connection_errors":0,*"statuses":{"202":60000}*' \
        "$(cat "$body")"
    "$docker" rm "$load" >/dev/null
}

await_health () {
    local deadline=$((SECONDS + 180)) states=
    while [[ $SECONDS -lt $deadline ]]; do
        # shellcheck disable=SC2046
        states=$("$docker" inspect --format \
            '{{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}' $(containers) | sort -u)
        [[ $states == healthy ]] && return
        sleep 1
    done
    : >"$body"
    expect "all containers are healthy" healthy "$states"
}

#  Find the URL of the gateway, and wait until its workers are ready: health is the word of one of them, and each connection
#  reaches any.
find_url () {
    local deadline=$((SECONDS + 120)) in_a_row=0
    url=http://127.0.0.1:$("${compose[@]}" port gateway 8088 | sed 's/.*://')
    while [[ $in_a_row -lt 100 && $SECONDS -lt $deadline ]]; do
        if [[ $(call "$url/readyz" || true) == 200 ]]; then
            in_a_row=$((in_a_row + 1))
        else
            in_a_row=0
            sleep 0.1
        fi
    done
    expect "answers of a gateway that is ready, in a row" 100 "$in_a_row"
}

#  Wait until the rocket has the state that its messages make: 202 promises that state, but not when.
await_rocket () {
    local wanted=$1 deadline=$((SECONDS + 120))
    # shellcheck disable=SC2053
    until [[ $(call "$url/rockets/apollo") == 200 && $(cat "$body") == $wanted ]]; do
        if [[ $SECONDS -ge $deadline ]]; then
            expect "the rocket" "$wanted" "$(cat "$body")"
        fi
        sleep 0.1
    done
    echo "compose-test: ok: the rocket: $(cat "$body")"
}

#  Start again with this file beside the usual one, and post the first message: start_with FILE NAME.
start_with () {
    quietly "${compose[@]}" down --volumes
    compose=("${plain[@]}" --file "$1")
    "${compose[@]}" up --detach --no-build
    await_health
    find_url
    expect "POST, with $2" 202 "$(call "$url/messages" --data "$(message 1 RocketLaunched \
        '{"type":"Falcon-9","launchSpeed":500,"mission":"ARTEMIS"}')")"
    await_rocket '*"speed":500,*"messagesApplied":1,*'
}

#  Test the state in PostgreSQL. The gateway accepts messages while the database is away; they are applied afterwards.
with_postgres () {
    local sped='*"speed":3500,*"messagesApplied":2,*'
    engine_postgres_image "${DOWNLINK_POSTGRES_IMAGE:-postgres:17}"
    start_with docker-compose.postgres.yml PostgreSQL
    expect "the row in the view of the database" 'apollo|500|flying' "$("${compose[@]}" exec -T postgres \
        psql --username downlink --no-align --tuples-only --command \
        "SELECT id, speed, status FROM downlink.rockets" downlink | tr -d '\r')"
    expect "volumes of a processor, but for secrets and keys" "" "$("$docker" inspect --format \
        '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{end}}{{end}}' \
        "$(containers processor | head -n 1)" | tr ' ' '\n' | grep "$COMPOSE_PROJECT_NAME" |
        grep -v -e _secrets -e _keys || true)"

    "${compose[@]}" stop postgres
    expect "POST, while the database is away" 202 "$(call "$url/messages" --data \
        "$(message 2 RocketSpeedIncreased '{"by":3000}')")"
    "${compose[@]}" start postgres
    await_rocket "$sped"

    scale 4
    await_owners 4 "scaled to 4, with PostgreSQL"
    "$docker" kill "$(containers processor | head -n 1)" >/dev/null
    await_owners 3 "one killed, with PostgreSQL"
    scale 2
    await_owners 2 "scaled to 2, with PostgreSQL"

    quietly "${compose[@]}" down
    "${compose[@]}" up --detach --no-build
    await_health
    find_url
    await_owners 2 "after down and up, with PostgreSQL"
    await_rocket "$sped"
}

#  Run a program of Kafka in the broker's container.
kafka_tool () {
    "${compose[@]}" exec -T kafka "/opt/kafka/bin/$1.sh" --bootstrap-server kafka:9092 --topic downlink \
        "${@:2}" 2>/dev/null
}

#  outlive SERVICE NUMBER SPEED: kill the gateway, which has no disk, and stop the service that carries its
#  messages. Then the rocket has this speed, and its next message this number.
outlive () {
    expect "POST, before the gateway is killed" 202 "$(call "$url/messages" --data \
        "$(message "$2" RocketSpeedIncreased '{"by":100}')")"
    "${compose[@]}" kill gateway processor
    "${compose[@]}" up --detach --no-build --force-recreate --no-deps gateway processor
    await_health
    find_url
    await_rocket "*\"speed\":$(($3 + 100)),*\"messagesApplied\":$2,*"

    "${compose[@]}" stop "$1"
    expect "POST, while $1 is away" 503 "$(call "$url/messages" --data \
        "$(message $(($2 + 1)) RocketSpeedIncreased '{"by":1}')")"
    "${compose[@]}" start "$1"
    await_health
    find_url
    expect "POST, when it is back" 202 "$(call "$url/messages" --data \
        "$(message $(($2 + 1)) RocketSpeedIncreased '{"by":1}')")"
    await_rocket "*\"speed\":$(($3 + 101)),*\"messagesApplied\":$(($2 + 1)),*"
}

#  Test messages over Kafka, with a gateway without a disk; other programs write and read them as well.
with_kafka () {
    engine_kafka_image "${DOWNLINK_KAFKA_IMAGE:-apache/kafka:3.9.1}"
    start_with docker-compose.kafka.yml Kafka
    printf 'apollo|%s\n' "$(message 2 RocketSpeedIncreased '{"by":3000}')" |
        kafka_tool kafka-console-producer --property parse.key=true --property 'key.separator=|' \
            --request-timeout-ms 30000
    await_rocket '*"speed":3500,*"messagesApplied":2,*'
    expect "the messages, as another program reads them" 2 "$(kafka_tool kafka-console-consumer \
        --from-beginning --max-messages 2 --timeout-ms 60000 |
        /usr/bin/python3 -c 'import json, sys; print(len([json.loads(line)["metadata"] for line in sys.stdin]))')"

    outlive kafka 3 3500

    scale 4
    await_owners 4 "scaled to 4, with Kafka"
    await_rocket '*"speed":3601,*"messagesApplied":4,*'
}

#  Test messages over RabbitMQ, with a gateway without a disk.
with_rabbitmq () {
    engine_rabbitmq_image "${DOWNLINK_RABBITMQ_IMAGE:-rabbitmq:4}"
    start_with docker-compose.rabbitmq.yml RabbitMQ
    outlive rabbitmq 2 500
}

#  Test messages over SQS, with a gateway without a disk.
with_sqs () {
    engine_sqs_image "${DOWNLINK_SQS_IMAGE:-softwaremill/elasticmq:1.6.11}"
    start_with docker-compose.sqs.yml SQS
    outlive sqs 2 500
}

trap clean_up EXIT
trap 'exit 130' INT TERM HUP

if ! engine_start; then
    if [[ ${REQUIRE_COMPOSE:-0} != 0 ]]; then
        echo "compose-test: FAILED: $engine_fault" >&2
        exit 1
    fi
    echo "compose-test: SKIPPED: $engine_fault"
    exit 0
fi
#  Compose v2 is a plugin of the client, v1 a separate program.
if "$docker" compose version >/dev/null 2>&1; then
    found=("$docker" compose)
else
    if ! command -v docker-compose >/dev/null || ! command -v curl >/dev/null; then
        scripts/install-dependencies.sh compose
    fi
    found=(docker-compose)
fi
echo "compose-test: $("${found[@]}" version | head -n 1)," \
    "engine $("$docker" version --format '{{.Server.Version}}')"
engine_base_image trixie  #  the Dockerfile's default
plain=("${found[@]}")
compose=("${plain[@]}")

expect "faults in the file for monitoring" "" "$("${compose[@]}" --file docker-compose.yml \
    --file docker-compose.monitoring.yml config --quiet 2>&1)"
expect "faults in the file for tokens" "" "$("${compose[@]}" --file docker-compose.yml \
    --file docker-compose.tokens.yml config --quiet 2>&1)"
expect "faults in the file for TLS" "" "$("${compose[@]}" --file docker-compose.yml \
    --file docker-compose.tls.yml config --quiet 2>&1)"
"${compose[@]}" build
"${compose[@]}" up --detach --no-build
await_health
find_url

status=$(call "$url/messages" --data "$(message 1 RocketLaunched \
    '{"type":"Falcon-9","launchSpeed":500,"mission":"ARTEMIS"}')")
expect "POST one message" 202 "$status"
status=$(call "$url/messages" --data "[$(message 3 RocketSpeedDecreased '{"by":100}'),$(message 2 \
    RocketSpeedIncreased '{"by":3000}'),$(message 1 RocketLaunched \
    '{"type":"Falcon-9","launchSpeed":500,"mission":"ARTEMIS"}')]")
expect "POST an array, shuffled and with a repeat" 202 "$status"
await_rocket '*"speed":3400,*"lastMessageNumber":3,*"messagesApplied":3,*'
status=$(call "$url/rockets?sort=-speed")
expect "GET the list" 200 "$status"
expect "the list" '*"id":"apollo"*' "$(cat "$body")"
status=$(call "$url/messages" --data "$(message 4 RocketSpeedIncreased '{"by":-1}')")
expect "POST a bad message" 400 "$status"
expect "its refusal" '*"pointer":"/message/by"*' "$(cat "$body")"
expect "its content type" 'application/problem+json*' \
    "$(sed -n 's/\r$//; s/^content-type: *//Ip' "$headers")"
expect "GET a rocket that nobody saw" 404 "$(call "$url/rockets/nobody")"
expect "the user that it runs as" downlink \
    "$("${compose[@]}" exec -T gateway id --user --name | tr -d '\r')"

scale_under_load

"${compose[@]}" stop
: >"$body"
for container in $(containers); do
    expect "exit status of $("$docker" inspect --format '{{.Name}}' "$container")" 0 \
        "$("$docker" inspect --format '{{.State.ExitCode}}' "$container")"
done
"${compose[@]}" start
await_health
find_url
expect "GET /readyz after a restart" 200 "$(call "$url/readyz")"
await_rocket '*"speed":3400,*"messagesApplied":3,*'

"${compose[@]}" kill
"${compose[@]}" start
await_health
find_url
await_rocket '*"speed":3400,*"messagesApplied":3,*'
expect "places in a release where tests could end it" 0 \
    "$("${compose[@]}" exec -T gateway grep --count DOWNLINK_FAILPOINTS \
        /usr/local/bin/downlink-gateway /usr/local/bin/downlink-processor | sed 's/.*://' | sort -u |
        tr -d '\r')"

with_postgres
with_kafka
with_rabbitmq
with_sqs
echo "compose-test: passed"
