//  A request target taken apart: path, and the parameters of the query. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_TARGET_H
#define DOWNLINK_HTTP_TARGET_H

#include "common/text/text.h"

#define HTTP_PARAMETERS_MAX 16

typedef struct {
    char *name;  //  decoded, terminated; no zero byte in it
    char *value;
} http_parameter_t;

typedef struct {
    const char *path;  //  as it came, without the query
    char *own_path;    //  that, if there was something to be cut off; else it is the target's
    http_parameter_t parameters[HTTP_PARAMETERS_MAX];
    size_t count;
} http_target_t;

//  Take a target apart (origin form, absolute form or *). Returns NULL, or a sentence that says what
//  is wrong. Free it in either case, and before the target.
const char *http_target_read (http_target_t *self, const char *target)
    __attribute__ ((warn_unused_result));

void http_target_free (http_target_t *self);

//  Decode the percent escapes of a piece of a path or, with plus as space, of a query. NULL if one
//  is broken, or stands for a zero byte; else the caller frees it.
char *http_target_decode (const char *text, size_t size, bool plus_is_space);

#endif
