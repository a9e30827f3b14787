#  Get the jars of a server for tests from Maven Central. Other scripts source this file.
#  SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

maven_again_seconds=10

#  get_jars POM DIRECTORY: try once to get the jars.
get_jars () {
    timeout 300 mvn --batch-mode --quiet --file "$1" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        "-DoutputDirectory=$2" >"$2/log" 2>&1
}

#  maven_jars POM NAME DIRECTORY: get the jars that a POM needs, unless the directory exists. Without the jars, fail with
#  the reason. The directory appears with all jars or not at all; another process may make it first.
maven_jars () {
    local pom=$1 name=$2 jars=$3 part status=0
    [[ ! -d $jars ]] || return 0
    #  If Maven is installed already, it may come from a package that conflicts with Debian's.
    command -v mvn >/dev/null || scripts/install-dependencies.sh maven
    echo "maven-jars: getting $name" >&2
    mkdir -p "$(dirname "$jars")"
    part=$(mktemp -d "$jars.XXXXXX")
    get_jars "$pom" "$part" || status=$?
    #  A repository may fail for a moment. 124: it took too long, and would again.
    if [[ $status -ne 0 && $status -ne 124 ]]; then
        echo "maven-jars: trying once more in $maven_again_seconds s" >&2
        sleep "$maven_again_seconds"
        status=0
        get_jars "$pom" "$part" || status=$?
    fi
    if [[ $status -ne 0 ]]; then
        echo "maven-jars: $name cannot be had:" \
            "$(grep -m 1 ERROR "$part/log" || tail -n 1 "$part/log")" >&2
        rm -r "$part"
        return 1
    fi
    rm "$part/log"
    chmod 0755 "$part"
    mv -T "$part" "$jars" 2>/dev/null || rm -r "$part"
}

#  version_in POM: print the version of the POM itself, which is that of the server.
version_in () {
    sed -n 's:^  <version>\(.*\)</version>:\1:p' "$1"
}
