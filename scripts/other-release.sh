#!/usr/bin/env bash
#  Run every test on the supported Debian release that this machine does not have, or on a named release:
#  other-release.sh [bookworm|trixie]. LEAVE_OUT: a regular expression of tests to pass over.
#  The script makes a root of the release with debootstrap, and runs the tests there in new namespaces, so that
#  processes and mounts end with the script. If this machine does not allow that, the script says why and skips
#  the tests, unless REQUIRE_OTHER_RELEASE=1.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/debian-root.sh

here=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
if [[ $here == trixie ]]; then other=bookworm; else other=trixie; fi
release=${1:-$other}

skip () {
    echo "other-release: SKIPPED: $*"
    [[ ${REQUIRE_OTHER_RELEASE:-0} == 0 ]]
    exit
}

[[ $EUID -eq 0 ]] || skip "only root can enter a root of another release"
unshare --mount --pid --fork true 2>/dev/null || skip "this machine does not allow new namespaces"

root=$(mktemp -d /var/tmp/downlink-root.XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM HUP

echo "other-release: making a root of $release"
debian_root "$release" "$root" --include=make,git,ca-certificates
mkdir -p "$root/root/downlink"
git ls-files --cached --others --exclude-standard -z |
    xargs -0 cp --parents --no-dereference -t "$root/root/downlink"
#  Copy the cache of jars, so that the tests do not download them again.
cached=${XDG_CACHE_HOME:-$HOME/.cache}/downlink
if [[ -d $cached ]]; then
    mkdir -p "$root/root/.cache"
    cp --recursive "$cached" "$root/root/.cache/"
    rm -f "$root"/root/.cache/downlink/*/classes.jsa  # of another Java
fi
cp /etc/resolv.conf /etc/hosts "$root/etc/"

cat >"$root/root/inside" <<'END'
set -euo pipefail
export HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd /root/downlink
git config --global --add safe.directory /root/downlink
git init --quiet
git add --all
make test
END

#  Use --rbind, since /dev contains mounts (/dev/shm, /dev/pts).
# shellcheck disable=SC2016
unshare --mount --pid --fork --kill-child --propagation slave bash -euo pipefail -c '
    mount --rbind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    mount -t sysfs sys "$1/sys"
    exec chroot "$1" env -i CI="${CI:-}" LEAVE_OUT="${LEAVE_OUT:-}" TERM=dumb bash /root/inside' inside "$root"
echo "other-release: passed on $release"
