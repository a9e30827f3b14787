//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/sqs_refusal.h"

#include <glib.h>
#include <string.h>

enum { HTTP_UNAUTHORIZED = 401, HTTP_FORBIDDEN = 403, HTTP_BUSY = 429, HTTP_FAILED = 500 };

static bool
s_has_one_of (const char *code, const char *const *parts)
{
    for (; *parts; parts++)
        if (strstr (code, *parts))
            return true;
    return false;
}

//  Return the outcome that a code of AWS and the status of HTTP stand for.
static sqs_outcome_t
s_outcome_of (const char *code, long status)
{
    static const char *const busy[] = {"Throttl", "OverLimit", "TooManyRequests", "RequestTimeout",
        "ServiceUnavailable", "InternalError", "InternalFailure", "QueueDeletedRecently", NULL};
    static const char *const missing[] = {"QueueDoesNotExist", "NonExistentQueue", NULL};
    static const char *const denied[] = {"ExpiredToken", "InvalidClientTokenId", "Signature",
        "AccessDenied", "UnrecognizedClient", "InvalidAccessKey", "MissingAuthentication",
        "InvalidSecurity", "RequestExpired", "NotAuthorized", "OptInRequired", NULL};
    if (s_has_one_of (code, missing))
        return SQS_MISSING;
    if (status >= HTTP_FAILED || status == HTTP_BUSY || s_has_one_of (code, busy))
        return SQS_AWAY;
    if (status == HTTP_UNAUTHORIZED || status == HTTP_FORBIDDEN || s_has_one_of (code, denied))
        return SQS_DENIED;
    return SQS_REFUSED;
}

void
sqs_refusal_read (sqs_refusal_t *self, long status, const sqs_json_t *json)
{
    const char *type = json ? sqs_json_string (json, "__type") : NULL;
    const char *hash = type ? strrchr (type, '#') : NULL;
    const char *message = json ? sqs_json_string (json, "message") : NULL;
    message = json && !message ? sqs_json_string (json, "Message") : message;
    g_strlcpy (self->code, hash ? hash + 1 : type ? type : "", SQS_CODE_SIZE);
    g_snprintf (self->reason, SQS_REASON_SIZE, "HTTP status %ld%s%s%s%s", status,
        *self->code ? ", " : "", self->code, message ? ": " : "", message ? message : "");
    self->outcome = s_outcome_of (self->code, status);
}
