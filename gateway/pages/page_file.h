//  A file that a page loads, in the program's memory.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PAGE_FILE_H
#define DOWNLINK_PAGE_FILE_H

#include "gateway/pages/embedded.h"

typedef struct {
    const char *path;
    const char *content_type;
    text_t (*text) (void);
} page_file_t;

//  Return the file with this path; NULL: there is none.
const page_file_t *page_file_find (const page_file_t *files, size_t count, const char *path);

#endif
