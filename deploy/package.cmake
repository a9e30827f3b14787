#  The Debian package: what `cmake --install` installs, and the files that belong to a system and not to a
#  prefix (units, their flags, their user). `make deb` builds it; debian/ has the scripts that dpkg runs. Its
#  maintainer is the builder: DEBFULLNAME and DEBEMAIL.
set (name "Downlink")
set (mail "root@localhost")
if (DEFINED ENV{DEBFULLNAME})
    set (name "$ENV{DEBFULLNAME}")
endif ()
if (DEFINED ENV{DEBEMAIL})
    set (mail "$ENV{DEBEMAIL}")
endif ()
set (DOWNLINK_MAINTAINER "${name} <${mail}>")
string (TIMESTAMP DOWNLINK_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)  # of SOURCE_DATE_EPOCH, if set
configure_file (debian/changelog.in ${CMAKE_CURRENT_BINARY_DIR}/changelog @ONLY)
add_custom_command (OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz
    COMMAND gzip -9nkf ${CMAKE_CURRENT_BINARY_DIR}/changelog
    DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/changelog VERBATIM)
add_custom_target (downlink-changelog ALL DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz)

set (system COMPONENT system EXCLUDE_FROM_ALL)
install (FILES ${CMAKE_CURRENT_BINARY_DIR}/changelog.gz debian/copyright
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/downlink ${system})
install (FILES systemd/downlink-gateway.service systemd/downlink-processor@.service
    DESTINATION lib/systemd/system ${system})
install (FILES debian/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/lintian/overrides
    RENAME downlink ${system})
install (FILES systemd/downlink.conf DESTINATION lib/sysusers.d ${system})
install (FILES systemd/gateway.env systemd/processor.env DESTINATION /etc/downlink ${system})

set (CPACK_GENERATOR DEB)
set (CPACK_DEB_COMPONENT_INSTALL ON)
set (CPACK_COMPONENTS_ALL Unspecified system)
set (CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set (CPACK_PACKAGING_INSTALL_PREFIX /usr)
set (CPACK_STRIP_FILES ON)
set (CPACK_PACKAGE_NAME downlink)
set (CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set (CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set (CPACK_DEBIAN_PACKAGE_MAINTAINER ${DOWNLINK_MAINTAINER})
set (CPACK_DEBIAN_PACKAGE_SECTION net)
set (CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set (CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers")
set (CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set (CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/conffiles
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/postinst ${CMAKE_CURRENT_SOURCE_DIR}/debian/prerm
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/postrm)
set (CPACK_DEBIAN_PACKAGE_DESCRIPTION
"takes in messages of rockets and shows the state of each rocket
A gateway takes in messages over HTTP, in any order and more than once, and
answers when they are on disk. Processors fold them into the state of the
rockets, save it and answer queries. Any number of both run side by side.

The package has the programs, units for systemd, manual pages, and completion
for bash, zsh and fish.")
include (CPack)
