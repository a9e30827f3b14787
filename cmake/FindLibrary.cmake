#  find_library_by_pkg_config (PREFIX MODULE): make the imported target PkgConfig::PREFIX, or stop.
#
#  Some modules name include directories with -isystem. CMake makes include directories of them when it
#  asks pkg-config, but leaves them among the compile options when a later run reads its cache. The command
#  lines then differ, and the second `make` would compile everything again. So this function moves them in every run.
#  SPDX-License-Identifier: Apache-2.0
function (find_library_by_pkg_config prefix module)
    pkg_check_modules (${prefix} REQUIRED IMPORTED_TARGET ${module})
    set (kept)
    set (directories)
    set (is_directory FALSE)
    foreach (name INTERFACE_INCLUDE_DIRECTORIES INTERFACE_COMPILE_OPTIONS)
        get_target_property (${name} PkgConfig::${prefix} ${name})
    endforeach ()
    if (INTERFACE_INCLUDE_DIRECTORIES)
        list (APPEND directories ${INTERFACE_INCLUDE_DIRECTORIES})
    endif ()
    if (NOT INTERFACE_COMPILE_OPTIONS)
        return ()
    endif ()
    foreach (option IN LISTS INTERFACE_COMPILE_OPTIONS)
        if (is_directory)
            list (APPEND directories ${option})
            set (is_directory FALSE)
        elseif (option STREQUAL "-isystem")
            set (is_directory TRUE)
        else ()
            list (APPEND kept ${option})
        endif ()
    endforeach ()
    list (REMOVE_DUPLICATES directories)
    set_target_properties (PkgConfig::${prefix} PROPERTIES
        INTERFACE_COMPILE_OPTIONS "${kept}" INTERFACE_INCLUDE_DIRECTORIES "${directories}")
endfunction ()
