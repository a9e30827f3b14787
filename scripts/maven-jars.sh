#  To be sourced: get the jars of a server of tests from Maven Central.
#  SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

#  maven_jars POM NAME DIRECTORY: the jars that a POM needs, unless the directory is there. Fails with the
#  reason where they cannot be had. Whole or not at all; somebody else may be quicker.
maven_jars () {
    local pom=$1 name=$2 jars=$3 part
    [[ ! -d $jars ]] || return 0
    #  A Maven that is there may be another package's than Debian's, which could not stand beside it.
    command -v mvn >/dev/null || scripts/install-dependencies.sh maven
    echo "maven-jars: getting $name" >&2
    mkdir -p "$(dirname "$jars")"
    part=$(mktemp -d "$jars.XXXXXX")
    if ! timeout 300 mvn --batch-mode --quiet --file "$pom" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        "-DoutputDirectory=$part" >"$part/log" 2>&1; then
        echo "maven-jars: $name cannot be had:" \
            "$(grep -m 1 ERROR "$part/log" || tail -n 1 "$part/log")" >&2
        rm -r "$part"
        return 1
    fi
    rm "$part/log"
    chmod 0755 "$part"
    mv -T "$part" "$jars" 2>/dev/null || rm -r "$part"
}

#  version_in POM: the version of the POM itself, which is that of the server.
version_in () {
    sed -n 's:^  <version>\(.*\)</version>:\1:p' "$1"
}
