#!/usr/bin/env bash
#  Check that a clone is complete: run `make test`, then `make run` and a few calls, in a container of the base image
#  that holds only a clone, make and git:
#  fresh-test.sh [--user] [--work-tree] [bookworm|trixie] [TRANSCRIPT]
#  The default release is that of this machine.
#  --user: run as an ordinary user with sudo, not as root. --work-tree: copy the files of the work tree, not of HEAD.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/container-engine.sh

user=root
extra=
from=HEAD
transcript=/dev/null
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
for argument in "$@"; do
    case $argument in
        --user) user=rocketeer extra=sudo ;;
        --work-tree) from=work-tree ;;
        bookworm | trixie) release=$argument ;;
        *) transcript=$argument ;;
    esac
done
clone=$(mktemp -d /var/tmp/downlink-fresh.XXXXXX)
name=downlink-fresh-test-$$

clean_up () {
    local status=$?
    trap - EXIT
    [[ -n $docker ]] && "$docker" rm --force "$name" >/dev/null 2>&1
    engine_stop
    rm -rf "$clone"
    exit "$status"
}

trap clean_up EXIT
trap 'exit 130' INT TERM HUP

if ! engine_start; then
    echo "fresh-test: FAILED: $engine_fault" >&2
    exit 1
fi
engine_base_image "$release"
if [[ $from == HEAD ]]; then
    git clone --quiet --no-hardlinks . "$clone/downlink"
else
    mkdir "$clone/downlink"
    git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents -t "$clone/downlink"
    git -C "$clone/downlink" init --quiet
    git -C "$clone/downlink" add --all
fi

cat >"$clone/inside" <<'END'
set -euo pipefail
cd "$HOME/downlink"
set -x
id -un
make test
set -m
make run >"$HOME/run.log" 2>&1 &
run=$!
set +m
until grep -q 'Downlink is ready' "$HOME/run.log"; do
    kill -0 "$run" || { cat "$HOME/run.log"; exit 1; }
    sleep 1
done
cat "$HOME/run.log"
message='{"metadata":{"channel":"apollo","messageNumber":1,"messageTime":"2022-02-02T19:39:05.86337+01:00","messageType":"RocketLaunched"},"message":{"type":"Falcon-9","launchSpeed":500,"mission":"ARTEMIS"}}'
curl --silent --show-error --fail http://127.0.0.1:8088/messages --data "$message"
sleep 1
curl --silent --show-error --fail --include http://127.0.0.1:8088/rockets/apollo
: Ctrl-C, as a terminal gives it: to make and what it started
kill -INT -- "-$run"
status=0
wait "$run" || status=$?
tail -n 8 "$HOME/run.log"
: make ends with 130 after an interrupt, whatever its recipe does
[[ $status -eq 0 || $status -eq 130 ]]
: nothing of ours runs on
left=$(cat /proc/[0-9]*/comm 2>/dev/null | grep '^downlink-' || true)
[[ -z $left ]]
END

"$docker" run --detach --init --name "$name" "$base_image" sleep infinity >/dev/null
"$docker" exec "$name" bash -c "
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install \
        --yes --no-install-recommends make git $extra >/dev/null"
if [[ $user != root ]]; then
    "$docker" exec "$name" bash -c "useradd --create-home --shell /bin/bash $user &&
        echo '$user ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/$user"
fi
home=$("$docker" exec "$name" bash -c "echo ~$user")
"$docker" cp "$clone/downlink" "$name:$home/downlink"
"$docker" cp "$clone/inside" "$name:/tmp/inside"
"$docker" exec "$name" chown --recursive "$user:" "$home/downlink"
"$docker" exec --user "$user" --env "HOME=$home" "$name" bash /tmp/inside 2>&1 | tee "$transcript"
echo "fresh-test: passed on $release as $user"
