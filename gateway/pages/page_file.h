//  A file that a page loads, in the program's memory.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PAGE_FILE_H
#define DOWNLINK_PAGE_FILE_H

#include "gateway/pages/embedded.h"
#include "http/http_request.h"

//  Let a page load and run only the files of the program.
#define PAGE_POLICY                                                                                \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "                \
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

typedef struct {
    const char *path;
    const char *content_type;
    text_t (*text) (void);
} page_file_t;

//  Return the file with this path; NULL: there is none.
const page_file_t *page_file_find (const page_file_t *files, size_t count, const char *path);

//  Answer with a file, which must be there.
void page_file_answer (http_request_t *request, const page_file_t *file);

#endif
