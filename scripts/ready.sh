#!/usr/bin/env bash
#  Tell whether the gateway at HOST:PORT is ready: exit with 0 if GET /readyz answers 200. It is also the health check of
#  the container, under the name downlink-ready. The script needs only bash; with DOWNLINK_TLS_CERT, as the gateway has it,
#  it needs curl too.
#  SPDX-License-Identifier: Apache-2.0
set -uo pipefail
address=${1:-127.0.0.1:8088}

#  Do not check the certificate: the check sends no secret, and the certificate names the gateway for its clients.
if [[ -n ${DOWNLINK_TLS_CERT:-} ]]; then
    exec curl --silent --insecure --fail --max-time 2 --output /dev/null "https://$address/readyz"
fi

host=${address%:*}
host=${host#[}
exec 3<>"/dev/tcp/${host%]}/${address##*:}" || exit 1
printf 'GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$address" >&3
read -r -t 2 _ status _ <&3 && [[ $status == 200 ]]
