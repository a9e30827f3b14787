#  embed (TARGET NAME FILE): put a file into a library, byte by byte. The function embedded_NAME ()
#  returns it as a text_t; a header of the library declares it.
#  SPDX-License-Identifier: Apache-2.0
function (embed target name file)
    get_filename_component (path ${file} ABSOLUTE)
    set (source ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.c)
    file (CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
#include "common/text/text.h"

text_t embedded_@name@ (void);

__asm__ (".pushsection .rodata\n"
         "embedded_@name@_begin:\n"
         ".incbin \"@path@\"\n"
         "embedded_@name@_end:\n"
         ".byte 0\n"
         ".popsection\n");
extern const char embedded_@name@_begin[];
extern const char embedded_@name@_end[];

text_t
embedded_@name@ (void)
{
    return text_of (embedded_@name@_begin, (size_t) (embedded_@name@_end - embedded_@name@_begin));
}
]])
    set_source_files_properties (${source} PROPERTIES OBJECT_DEPENDS ${path})
    target_sources (${target} PRIVATE ${source})
endfunction ()
