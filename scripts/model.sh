#!/usr/bin/env bash
#  Check the models in docs/model with spin, in every state that their bounds allow: the promises
#  hold, every run comes to rest, and spin finds the faults of models that are broken on purpose.
#    model.sh                          check all models
#    model.sh show MODEL [-DNAME...]   show the shortest way to a fault, step by step
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
models=$PWD/docs/model
memory_mb=2000
seconds=900
depth=10000
incomplete="the search was not completed within $memory_mb MB, $seconds s and $depth steps"

scripts/install-dependencies.sh model
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

#  Make the verifier of a model: build HOW-TO-SEARCH MODEL [-DNAME...]
build () {
    local search=$1 model=$2
    shift 2
    cp "$models/$model.pml" .
    spin -a "$@" "$model.pml"
    gcc -O1 -w "-D$search" "-DMEMLIM=$memory_mb" -o verifier pan.c
}

#  Run the verifier, with its output in the file `said`. Return false if it could not search all states.
verify () {
    rm -f ./*.trail
    timeout "$seconds" ./verifier "-m$depth" "$@" >said 2>&1 &&
        ! grep -qE 'reached -DMEMLIM|max search depth too small' said
}

has_errors () {
    ! grep -q 'errors: 0$' said
}

states () {
    sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' said
}

assertions () {
    sed -n 's/^pan:[0-9]*: assertion violated \(.*\) (at depth.*/\1/p' said | sort -u
}

#  Print the steps to the first error, then the state that they lead to.
print_way () {
    spin -t -T "${@:2}" "$1.pml"
}

#  Say the reason and fail: refuse REASON MODEL [-DNAME...]
refuse () {
    echo "model: FAILED: ${*:2}: $1" >&2
    grep -E '^(pan|error):' said >&2 || true
    if compgen -G '*.trail' >/dev/null; then
        print_way "${@:2}" >&2
    fi
    exit 1
}

#  Check that no assertion fails in any order of events.
holds () {
    build SAFETY "$@"
    verify || refuse "$incomplete" "$@"
    has_errors && refuse "something promised does not hold" "$@"
    echo "model: $*: holds in all of $(states) states"
}

#  Check that no run goes on for ever: nothing in the models counts as progress, so any cycle is an error.
rests () {
    build NP "$@"
    verify -l || refuse "$incomplete" "$@"
    has_errors && refuse "a run goes on for ever" "$@"
    echo "model: $*: comes to rest by every way ($(states) states)"
}

#  Check that the assertions with these words fail: breaks WORDS MODEL [-DNAME...]
breaks () {
    local word words
    read -ra words <<<"$1"
    shift
    build SAFETY "$@"
    verify -c0 || refuse "$incomplete" "$@"
    for word in "${words[@]}"; do
        if ! assertions | grep -qF -- "$word"; then
            refuse "spin does not find that this fails: $word" "$@"
        fi
    done
    echo "model: $*: the fault is found"
}

#  Search breadth first, so that the way is the shortest.
show () {
    build BFS "$@"
    verify || refuse "$incomplete" "$@"
    if has_errors; then
        print_way "$@"
    else
        echo "model: no fault in all of $(states) states"
    fi
}

if [[ ${1:-} == show ]]; then
    show "${@:2}"
    exit
fi

holds ownership -DFAULTS=3 -DGATEWAYS=1
holds ownership -DFAULTS=3 -DMESSAGES=1
holds ownership -DFAULTS=1
holds lane -DFAULTS=3
holds leases -DFAULTS=2
holds leases -DFAULTS=1 -DREPLICA_BEHIND
holds leases -DFAULTS=2 -DMESSAGES=1 -DREPLICA_BEHIND
rests ownership -DFAULTS=2 -DGATEWAYS=1
rests ownership -DFAULTS=2 -DMESSAGES=1
rests lane -DFAULTS=2
rests leases -DFAULTS=2 -DMESSAGES=1
rests leases -DFAULTS=2 -DMESSAGES=1 -DREPLICA_BEHIND
breaks 'epoch>=loaded_epoch store.numbers|' ownership -DFAULTS=1 -DGATEWAYS=1 -DNO_EPOCH_CHECK
breaks 'store.numbers|' ownership -DFAULTS=1 -DGATEWAYS=1 -DACK_BEFORE_SAVE
breaks 'store.numbers==store.speed' ownership -DFAULTS=1 -DGATEWAYS=1 -DNO_DEDUPLICATION
breaks 'saved_row.numbers' ownership -DFAULTS=1 -DGATEWAYS=1 -DLOAD_BEFORE_EPOCH
breaks 'kept==0' lane -DFAULTS=1 -DNO_REPEATED_ACKS
breaks 'kept==0' lane -DFAULTS=1 -DNO_LINK_WATCH
breaks 'kept==0' lane -DFAULTS=1 -DNO_EPOCH_IN_SESSION
breaks 'take==server.take late.numbers save.numbers' leases -DFAULTS=1 -DNO_FENCE
breaks 'take==server.take server.numbers|' leases -DFAULTS=1 -DREPLICA_BEHIND -DFENCE_BY_EPOCH
breaks 'take==server.take' leases -DFAULTS=1 -DREPLICA_BEHIND -DNO_WRITER_IN_FENCE
breaks 'late.numbers server.numbers|' leases -DFAULTS=1 -DNO_POSITION_IN_FENCE
breaks 'save.numbers server.numbers|' leases -DFAULTS=1 -DLOAD_BEFORE_EPOCH
breaks 'server.numbers|' leases -DFAULTS=1 -DACK_BEFORE_SAVE
breaks 'server.numbers|' leases -DFAULTS=1 -DACK_UNKNOWN_SAVE
breaks 'last_epoch' leases -DFAULTS=1 -DREPLICA_BEHIND -DEPOCH_MAY_REPEAT
breaks 'server.numbers|' leases -DFAULTS=1 -DREPLICA_BEHIND -DLOSE_NOTHING_TO_A_REPLICA_BEHIND
