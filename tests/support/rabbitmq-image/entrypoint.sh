#!/bin/bash
#  Serve the broker that the volume holds, as its own user.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
if [[ $EUID -eq 0 ]]; then
    install --directory --owner=rabbitmq --mode=0700 /var/lib/rabbitmq
    exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$0"
fi
exec /usr/lib/rabbitmq/bin/rabbitmq-server
