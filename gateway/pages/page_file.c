//  SPDX-License-Identifier: Apache-2.0
#include "gateway/pages/page_file.h"

#include <glib.h>
#include <string.h>

#include "http/answers.h"

const page_file_t *
page_file_find (const page_file_t *files, size_t count, const char *path)
{
    for (size_t index = 0; index < count; index++)
        if (strcmp (path, files[index].path) == 0)
            return &files[index];
    return NULL;
}

void
page_file_answer (http_request_t *request, const page_file_t *file)
{
    g_assert (file);
    answer_tagged (request,
        &(http_response_t){.status = 200,
            .content_type = file->content_type,
            .body = file->text (),
            .is_static = true,
            .fields = {{"Cache-Control", "no-cache"}, {"Content-Security-Policy", PAGE_POLICY},
                {"X-Content-Type-Options", "nosniff"}, {"Referrer-Policy", "no-referrer"}}});
}
