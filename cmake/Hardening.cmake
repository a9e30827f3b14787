#  harden (): harden all programs as Debian hardens packages with hardening=+all, on any distribution, so that
#  `make build` gives the same programs. Builds with sanitizers have other checks.
#  SPDX-License-Identifier: Apache-2.0
include (CheckCCompilerFlag)
include (CheckCSourceCompiles)

#  Level 3 also checks sizes that are known only when the program runs.
function (find_fortify_level level)
    set (CMAKE_REQUIRED_FLAGS "-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -Werror")
    check_c_source_compiles ([[
        #include <features.h>
        #if __USE_FORTIFY_LEVEL < 3
        #error "lower"
        #endif
        int main (void) { return 0; }
    ]] DOWNLINK_HAS_FORTIFY_3)
    set (${level} $<IF:$<BOOL:${DOWNLINK_HAS_FORTIFY_3}>,3,2> PARENT_SCOPE)
endfunction ()

macro (harden)
    find_fortify_level (fortify)
    set (is_shared $<STREQUAL:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY>)
    set (is_program $<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>)
    #  _FORTIFY_SOURCE needs optimization, and warns without. The shared libraries of the tests replace functions of
    #  libc, which _FORTIFY_SOURCE would make inline.
    set (is_fortified $<AND:$<CONFIG:RelWithDebInfo,Release,MinSizeRel>,$<NOT:${is_shared}>>)
    add_compile_options (-fstack-protector-strong -Wformat -Werror=format-security
        $<$<NOT:${is_shared}>:-fPIE>
        $<${is_fortified}:-U_FORTIFY_SOURCE> $<${is_fortified}:-D_FORTIFY_SOURCE=${fortify}>)
    #  Not every processor and compiler has these flags.
    foreach (flag -fstack-clash-protection -fcf-protection)
        string (MAKE_C_IDENTIFIER "DOWNLINK_HAS${flag}" has_flag)
        check_c_compiler_flag (${flag} ${has_flag})
        if (${has_flag})
            add_compile_options (${flag})
        endif ()
    endforeach ()
    add_link_options ($<${is_program}:-pie> LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
endmacro ()
