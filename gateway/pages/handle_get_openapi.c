//  GET /openapi.json: the description of every call, which is written by hand and stands in the
//  program.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/pages/embedded.h"
#include "gateway/routes.h"

void
handle_get_openapi (worker_t *worker, http_request_t *request)
{
    (void) worker;
    answer_tagged (request, &(http_response_t){.status = 200,
                                .content_type = "application/json",
                                .body = embedded_openapi (),
                                .is_static = true});
}
