#!/usr/bin/env bash
#  Run a command in a network, and among processes and mounts, of its own: in_namespaces.sh COMMAND...
#  When it ends, however it ends, all of its processes, links and mounts are gone.
#  Exit status: that of the command; 77 where it cannot be done, with the reason.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail

skip () {
    echo "SKIPPED: $*"
    exit 77
}

[[ $EUID -eq 0 ]] || skip "only root can make network namespaces, which act as hosts"
command -v ip >/dev/null || skip "the program ip is not installed (Debian package iproute2)"

#  In a root that was entered with chroot, the propagation of mounts cannot be changed.
own=(unshare --net --ipc --pid --fork --kill-child --mount --mount-proc)
if ! "${own[@]}" true 2>/dev/null; then
    own+=(--propagation unchanged)
    reason=$("${own[@]}" true 2>&1) || skip "this machine does not allow new namespaces: $reason"
fi
reason=$("${own[@]}" ip link add site type bridge 2>&1) ||
    skip "this machine cannot connect namespaces with a bridge: $reason"

#  The shell is process 1 there: it waits for processes whose parents are gone.
# shellcheck disable=SC2016
exec "${own[@]}" bash -c '"$@"; exit $?' inside "$@"
