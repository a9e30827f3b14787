//  GET /openapi.json: the description of every call, which is written by hand and stands in the
//  program.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/pages/embedded.h"
#include "gateway/pages/handle_pages.h"
#include "http/answers.h"

void
handle_get_openapi (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) parts;
    (void) target;
    answer_tagged (request, &(http_response_t){.status = 200,
                                .content_type = "application/json",
                                .body = embedded_openapi (),
                                .is_static = true});
}
