#  Make the files of a Debian release. Other scripts source this file.
#  SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

#  bootstrap DIRECTORY ARGUMENT...: run debootstrap; show the end of its output if it fails.
bootstrap () {
    local root=$1 status=0
    shift
    debootstrap "$@" >"$root.log" 2>&1 || status=$?
    [[ $status -eq 0 ]] || tail -n 20 "$root.log" >&2
    rm -f "$root.log"
    return "$status"
}

#  debian_root RELEASE DIRECTORY [DEBOOTSTRAP-OPTION...]: fill an empty directory with a release, from this machine's
#  mirror. Copy this machine's settings of apt, so that apt can install packages in the directory.
debian_root () {
    local release=$1 root=$2 mirror
    shift 2
    scripts/install-dependencies.sh base-image
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
        awk '$2 == "bookworm" || $2 == "trixie" { print $1; exit }')
    chmod 755 "$root"  #  it becomes /, which every user may enter; mktemp makes it 0700
    #  A mirror may fail for a moment.
    if ! bootstrap "$root" --variant=minbase "$@" "$release" "$root" ${mirror:+"$mirror"}; then
        echo "debian-root: trying once more in 10 s" >&2
        sleep 10
        rm -rf --one-file-system "$root" && mkdir -m 755 "$root" || return 1
        bootstrap "$root" --variant=minbase "$@" "$release" "$root" ${mirror:+"$mirror"} || return 1
    fi
    rm -f "$root"/var/cache/apt/archives/*.deb
    apt-config dump | grep -E '^Acquire::(Check-|http:|https:|ftp:|Retries)' \
        >"$root/etc/apt/apt.conf.d/99of-the-host" || true
}
