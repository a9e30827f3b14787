//  SPDX-License-Identifier: Apache-2.0
#include "gateway/pages/page_file.h"

#include <string.h>

const page_file_t *
page_file_find (const page_file_t *files, size_t count, const char *path)
{
    for (size_t index = 0; index < count; index++)
        if (strcmp (path, files[index].path) == 0)
            return &files[index];
    return NULL;
}
