#!/bin/sh
#  Shows rockets as they change, a line of JSON each, with curl alone: consume.sh [URL] [CHANNEL]
#  A gateway with tokens wants one in DOWNLINK_TOKEN.
#  SPDX-License-Identifier: Apache-2.0
set -eu
url=${1:-http://localhost:8088}/events${2:+?id=$2}

#  The stream begins with the rockets that there are; then each comes when it changes. It ends when the
#  gateway does: then all that there is is shown again by the next one.
while true; do
    curl --silent --no-buffer --fail ${DOWNLINK_TOKEN:+--oauth2-bearer "$DOWNLINK_TOKEN"} "$url" | sed --unbuffered --quiet '/^event: rocket/{n;s/^data: //p}' || true
    sleep 1
done
