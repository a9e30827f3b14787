#!/usr/bin/env bash
#  Build the Debian package for this machine's architecture, in build-package/, as Debian builds its packages:
#  optimized, hardened, and without code that only tests use.
#  SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}

scripts/install-dependencies.sh build package
#  Its dates are the commit's.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
eval "$(DEB_BUILD_MAINT_OPTIONS=hardening=+all dpkg-buildflags --export=sh)"
export CFLAGS="$CFLAGS $CPPFLAGS" CXXFLAGS="$CXXFLAGS $CPPFLAGS"
cmake -S . -B build-package -G Ninja -D CMAKE_BUILD_TYPE=RelWithDebInfo -D BUILD_TESTING=OFF
cmake --build build-package --parallel "$jobs"
rm -f build-package/*.deb  # of earlier versions
(cd build-package && cpack)
ls build-package/*.deb
