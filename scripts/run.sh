#!/usr/bin/env bash
#  Run one gateway and PROCESSORS processors in the foreground until Ctrl-C, by default with their state under var/.
#  The environment sets their flags: DOWNLINK_LISTEN, DOWNLINK_PORT, DOWNLINK_LOG_LEVEL, ...
#  SPDX-License-Identifier: Apache-2.0
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
bin=${DOWNLINK_BIN:-build/bin}
processors=${PROCESSORS:-2}
listen=${DOWNLINK_LISTEN:-127.0.0.1:8088}
first_port=${DOWNLINK_PORT:-5561}
[[ $first_port == *://* ]] && first_port=5561  #  what Kubernetes sets for a service, not a port
gateway=
pids=()
names=()
started=()  #  by port, when
BEGUN_SECONDS=2
KILLED=137  #  the status of what SIGKILL ended

fail () {
    echo "run.sh: $*" >&2
    exit 1
}

#  Print the address at which a client on this machine reaches a gateway that may listen on all addresses.
reachable () {
    local address=${1/#0.0.0.0:/127.0.0.1:}
    echo "${address/#\[::\]:/[::1]:}"
}

#  Print the name of /dev/tcp for an address, without brackets.
port_file () {
    local host=${1%:*}
    host=${host#[}
    echo "/dev/tcp/${host%]}/${1##*:}"
}

#  The processes that this script starts hold the lock too, so a process that outlives the script keeps it.
refuse_a_state_in_use () {
    local directory=$1 lock=$1/.run.lock
    (umask 077 && mkdir -p "$directory") || fail "cannot make the state directory $directory"
    exec {state_lock}>>"$lock" || fail "cannot write in the state directory $directory"
    if ! flock --nonblock "$state_lock"; then
        fail "another run (process $(cat "$lock")) uses the state directory $directory: end it with Ctrl-C in its" \
            "terminal or with kill, or choose other directories with DOWNLINK_STATE_DIR=DIR DOWNLINK_JOURNAL_DIR=DIR"
    fi
    echo $$ >"$lock"
}

refuse_a_port_in_use () {
    local address=$1 setting=$2
    if (exec 3<>"$(port_file "$address")") 2>/dev/null; then
        fail "something listens on $address already: end it, or choose another with $setting"
    fi
}

#  Print the controlling terminal of this process, 0 for none, and 1 if its process group is in the foreground.
terminal () {
    local status
    read -r status <"/proc/$$/stat"
    read -r _ _ group _ device foreground _ <<<"${status##*) }"
    echo "$device $((group == foreground))"
}

start () {
    local name=$1
    shift
    "$@" </dev/null &
    pids+=($!)
    names+=("$name")
}

start_processor () {
    local port=$1
    started[port]=$SECONDS
    start "processor at port $port" "$bin/downlink-processor" --port "$port"
}

#  Stop the gateway first, so that its last frames still find their processors.
stop () {
    local status=$1 pid
    trap '' INT TERM HUP
    for pid in "$gateway" "${pids[@]}"; do
        if [[ -n $pid ]] && kill -TERM "$pid" 2>/dev/null; then
            wait "$pid" || { [[ $status -eq 0 ]] && status=1; }
        fi
    done
    exit "$status"
}

#  The kernel tells only the leader of the session that the terminal has closed. If make is the leader, it waits for
#  this script and tells it nothing, so the script looks at the terminal itself.
check_terminal () {
    if [[ $at_start == *" 1" && $(terminal) == "0 "* ]]; then
        stop 0
    fi
}

await_readiness () {
    local deadline=$((SECONDS + 30))
    until scripts/ready.sh "$(reachable "$listen")" 2>/dev/null; do
        check_children
        if [[ $SECONDS -ge $deadline ]]; then
            echo "run.sh: not ready after 30 s" >&2
            stop 1
        fi
        sleep 0.1
    done
}

#  Stop if the terminal has closed. Start a processor that dies again, as a supervisor would, unless it ended by itself
#  right after its start: then it cannot run. Stop if the gateway has ended.
check_children () {
    local index status name
    check_terminal
    for index in "${!pids[@]}"; do
        kill -0 "${pids[index]}" 2>/dev/null && continue
        status=0
        wait "${pids[index]}" || status=$?
        name=${names[index]}
        unset "pids[index]" "names[index]"
        if [[ $name == gateway ]] || { [[ $status -ne $KILLED ]] &&
            [[ $((SECONDS - started[${name##* }])) -lt $BEGUN_SECONDS ]]; }; then
            echo "run.sh: $name ended with status $status; stopping the others" >&2
            stop 1
        fi
        echo "run.sh: $name ended with status $status; starting it again" >&2
        start_processor "${name##* }"
    done
}

export DOWNLINK_STATE_DIR=${DOWNLINK_STATE_DIR:-var/state}
export DOWNLINK_JOURNAL_DIR=${DOWNLINK_JOURNAL_DIR:-var/journal}
at_start=$(terminal)
mkdir -p var
refuse_a_state_in_use "$DOWNLINK_STATE_DIR"
refuse_a_port_in_use "$(reachable "$listen")" DOWNLINK_LISTEN=127.0.0.1:PORT
for ((index = 0; index < processors * 3; index++)); do
    refuse_a_port_in_use "127.0.0.1:$((first_port + index))" DOWNLINK_PORT=PORT
done

#  Job control gives each child a process group of its own: a Ctrl-C at the terminal then reaches
#  only this script, which stops the programs in order.
set -m
trap 'stop 0' INT TERM HUP

endpoints=()
for ((index = 0; index < processors; index++)); do
    port=$((first_port + 3 * index))
    start_processor "$port"
    endpoints+=("127.0.0.1:$port")
done
joined=$(IFS=,; echo "${endpoints[*]}")
start gateway "$bin/downlink-gateway" --listen "$listen" --processors "$joined"
gateway=${pids[-1]}
await_readiness

url=http${DOWNLINK_TLS_CERT:+s}://$(reachable "$listen")
cat <<END

Downlink is ready: one gateway, $processors processor(s), state in $DOWNLINK_STATE_DIR. Ctrl-C stops it.
The dashboard:       $url/
A message to send:   curl $url/messages -d '{"metadata":{"channel":"apollo","messageNumber":1,"messageTime":"2022-02-02T19:39:05.86337+01:00","messageType":"RocketLaunched"},"message":{"type":"Falcon-9","launchSpeed":500,"mission":"ARTEMIS"}}'
And its rocket:      curl $url/rockets/apollo

END
while true; do
    #  `wait -n` misses a child that ended before it; the sleep bounds each wait.
    sleep 1 &
    wait -n || true
    check_children
done
