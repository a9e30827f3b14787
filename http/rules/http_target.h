//  Parse a request target into the path and the parameters of the query. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_TARGET_H
#define DOWNLINK_HTTP_TARGET_H

#include "common/text/text.h"

#define HTTP_PARAMETERS_MAX 16

typedef struct {
    char *name;  //  decoded, without a zero byte
    char *value;
    const char *raw;  //  the value undecoded, not terminated: borrowed from the target
    size_t raw_size;
} http_parameter_t;

typedef struct {
    const char *path;  //  undecoded, without the query
    char *own_path;    //  the same, if it had to be copied; NULL: path borrows from the target
    http_parameter_t parameters[HTTP_PARAMETERS_MAX];
    size_t count;
} http_target_t;

//  Parse a target (origin form, absolute form or *). Return NULL, or a sentence that names the
//  fault. In both cases call http_target_free before the target is freed.
const char *http_target_read (http_target_t *self, const char *target)
    __attribute__ ((warn_unused_result));

void http_target_free (http_target_t *self);

//  Decode the percent escapes in a part of a path or, with plus_is_space, of a query. Return the
//  text, to be freed by the caller; NULL if an escape is broken, or stands for a zero byte.
char *http_target_decode (const char *text, size_t size, bool plus_is_space);

#endif
