#!/usr/bin/env bash
#  Get the jars of ElasticMQ, a server that speaks SQS, from Maven Central, for tests: into DIRECTORY, or else once for all
#  builds into ~/.cache/downlink, where tests/support/sqs.py finds them: install-elasticmq.sh [DIRECTORY]
#  Fails with the reason where they cannot be had; the tests of ElasticMQ are skipped there.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."

pom=tests/support/sqs-image/pom.xml
version=$(sed -n 's:^  <version>\(.*\)</version>:\1:p' "$pom")
jars=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/downlink/elasticmq-$version}

#  Whole or not at all. Somebody else may be quicker.
get () {
    local part
    #  A Maven that is there may be another package's than Debian's, which could not stand beside it.
    command -v mvn >/dev/null || scripts/install-dependencies.sh maven
    echo "install-elasticmq: getting ElasticMQ $version" >&2
    mkdir -p "$(dirname "$jars")"
    part=$(mktemp -d "$jars.XXXXXX")
    if ! timeout 300 mvn --batch-mode --quiet --file "$pom" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        "-DoutputDirectory=$part" >"$part/log" 2>&1; then
        echo "install-elasticmq: ElasticMQ $version cannot be had:" \
            "$(grep -m 1 ERROR "$part/log" || tail -n 1 "$part/log")" >&2
        rm -r "$part"
        return 1
    fi
    rm "$part/log"
    chmod 0755 "$part"
    mv -T "$part" "$jars" 2>/dev/null || rm -r "$part"
}

[[ -d $jars ]] || get
if [[ $# -eq 0 ]]; then
    /usr/bin/python3 tests/support/sqs.py --prepare >&2 || echo "install-elasticmq: servers will start slowly" >&2
fi
