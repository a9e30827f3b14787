#!/bin/sh
#  Sends the messages of one rocket, with curl alone: produce.sh [URL] [CHANNEL]
#  A gateway with tokens wants one in DOWNLINK_TOKEN.
#  SPDX-License-Identifier: Apache-2.0
set -eu
url=${1:-http://localhost:8088}
channel=${2:-curl-$$}

#  post BODY [CURL-FLAG...]: until it is accepted. Repeat it when in doubt: a message counts once.
#  curl tries again by itself after 503, as Retry-After says, and when nobody listens.
post () {
    body=$1
    shift
    curl --silent --show-error --fail-with-body --retry 8 --retry-connrefused "$@" \
        ${DOWNLINK_TOKEN:+--oauth2-bearer "$DOWNLINK_TOKEN"} "$url/messages" --data-binary "$body"
    echo
}

message () {
    printf '{"metadata":{"channel":"%s","messageNumber":%d,"messageTime":"%s","messageType":"%s"},"message":%s}' \
        "$channel" "$1" "$(date --utc +%Y-%m-%dT%H:%M:%SZ)" "$2" "$3"
}

#  One message.
post "$(message 1 RocketLaunched '{"type":"Falcon-9","launchSpeed":500,"mission":"ARTEMIS"}')"

#  Many, in one request; that number 3 comes before number 2 changes nothing.
post "[$(message 3 RocketSpeedIncreased '{"by":3000}'),$(message 2 RocketSpeedDecreased '{"by":100}')]"

#  A message a line. Number 2 comes again, and does not count again. With Prefer: wait=5 the answer comes
#  once the message is in the state: 200; without it, 202 says that it is safe and will be.
post "$(message 2 RocketSpeedDecreased '{"by":100}')
$(message 4 RocketMissionChanged '{"newMission":"SHUTTLE_MIR"}')" \
    --header 'Content-Type: application/x-ndjson' --header 'Prefer: wait=5'

curl --silent --show-error --fail-with-body ${DOWNLINK_TOKEN:+--oauth2-bearer "$DOWNLINK_TOKEN"} \
    "$url/rockets/$channel"
echo
