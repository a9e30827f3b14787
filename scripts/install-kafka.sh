#!/usr/bin/env bash
#  Get the jars of a Kafka broker from Maven Central for tests: into DIRECTORY, or once for all builds into
#  ~/.cache/downlink, where tests/support/kafka.py finds them: install-kafka.sh [DIRECTORY]
#  Without the jars the script fails with the reason, and make skips the tests of Kafka.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/maven-jars.sh

pom=tests/support/kafka-image/pom.xml
version=$(version_in "$pom")
maven_jars "$pom" "Kafka $version" "${1:-${XDG_CACHE_HOME:-$HOME/.cache}/downlink/kafka-$version}"
if [[ $# -eq 0 ]]; then
    /usr/bin/python3 tests/support/kafka.py --prepare >&2 || echo "install-kafka: brokers will start slowly" >&2
fi
