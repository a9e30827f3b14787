#!/bin/bash
#  Make the folder of the broker at the first start, then serve it. KAFKA_SOME_NAME is some.name in
#  server.properties.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
settings=/tmp/server.properties
env | sed -n '/^KAFKA_HEAP_OPTS=/d; s/^KAFKA_//p' | while IFS='=' read -r name value; do
    name=${name,,}
    echo "${name//_/.}=$value"
done >"$settings"
data=$KAFKA_LOG_DIRS
if [[ ! -s $data/meta.properties ]]; then
    printf 'version=1\ncluster.id=%s\nnode.id=%s\n' "$CLUSTER_ID" "$KAFKA_NODE_ID" >"$data/meta.properties"
fi
read -ra heap <<<"${KAFKA_HEAP_OPTS:-}"
exec java "${heap[@]}" -cp '/opt/kafka/libs/*' kafka.Kafka "$settings"
