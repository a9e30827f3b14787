#!/usr/bin/env bash
#  Get the jars of ElasticMQ, a server that speaks SQS, from Maven Central for tests: into DIRECTORY, or once for all
#  builds into ~/.cache/downlink, where tests/support/sqs.py finds them: install-elasticmq.sh [DIRECTORY]
#  Without the jars the script fails with the reason, and make skips the tests of ElasticMQ.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/maven-jars.sh

pom=tests/support/sqs-image/pom.xml
version=$(version_in "$pom")
maven_jars "$pom" "ElasticMQ $version" "${1:-${XDG_CACHE_HOME:-$HOME/.cache}/downlink/elasticmq-$version}"
if [[ $# -eq 0 ]]; then
    /usr/bin/python3 tests/support/sqs.py --prepare >&2 || echo "install-elasticmq: servers will start slowly" >&2
fi
