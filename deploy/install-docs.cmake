#  Install the documents as pages of one folder. A link to one of them leads to its place there; any other
#  relative link, and a picture, would lead nowhere, so it becomes text that says where the thing is.
#  Run by cmake --install, with `source`, `destination` and `made` (a folder to write in) set.
#  SPDX-License-Identifier: Apache-2.0
file (GLOB documents ${source}/README.md ${source}/ARCHITECTURE.md ${source}/CHANGELOG.md ${source}/SECURITY.md ${source}/docs/*.md)
set (names)
foreach (document ${documents})
    get_filename_component (name ${document} NAME_WE)
    list (APPEND names ${name})
endforeach ()
string (REPLACE ";" "|" names "${names}")

foreach (document ${documents})
    get_filename_component (name ${document} NAME)
    file (READ ${document} text)
    #  Only the README of the project is installed, not those of its folders.
    string (REGEX REPLACE "\\]\\((\\.\\./|docs/|\\./)?(${names})\\.md([^)]*)\\)" "](<kept>\\2.md\\3)" text "${text}")
    string (REGEX REPLACE "\\]\\((https?:|#)" "](<kept>\\1" text "${text}")
    string (REGEX REPLACE "!\\[([^]]*)\\]\\([^)<][^)]*\\)" "(\\1: a picture in the source tree)" text "${text}")
    string (REGEX REPLACE "\\[([^]]*)\\]\\(([^)<][^)]*)\\)" "\\1 (in the source tree)" text "${text}")
    string (REPLACE "<kept>" "" text "${text}")
    file (WRITE ${made}/${name} "${text}")
    file (INSTALL ${made}/${name} DESTINATION ${destination})
endforeach ()
