#  The target downlink-msgpack-c: the library msgpack-c for C. From version 6 on it brings a CMake package
#  (its pkg-config file names a relative include path, which CMake refuses); before, only pkg-config knows it.
#  SPDX-License-Identifier: Apache-2.0
add_library (downlink-msgpack-c INTERFACE)
find_package (msgpack-c CONFIG QUIET)
if (msgpack-c_FOUND)
    target_link_libraries (downlink-msgpack-c INTERFACE msgpack-c)
else ()
    find_library_by_pkg_config (MSGPACK msgpack)
    target_link_libraries (downlink-msgpack-c INTERFACE PkgConfig::MSGPACK)
endif ()
