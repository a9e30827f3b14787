//  Read the JSON of AWS as a tree. Pure functions; a tree belongs to the caller.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQS_JSON_H
#define DOWNLINK_SQS_JSON_H

#include <stdint.h>

#include "common/text/text.h"

typedef struct yajl_val_s sqs_json_t;

//  Parse a text, which a zero byte must follow. Return NULL if it is not JSON, or nested too deeply
//  (common/bytes/json_depth.h).
sqs_json_t *sqs_json_read (text_t text);

void sqs_json_free (sqs_json_t **self_p);

//  Return a member of an object, or NULL if it is not there or has another type. Borrowed.
const char *sqs_json_string (const sqs_json_t *object, const char *name);
const sqs_json_t *sqs_json_member (const sqs_json_t *object, const char *name);

//  Return the number of elements of a member that is an array; 0 if there is none. Return an
//  element.
size_t sqs_json_count (const sqs_json_t *object, const char *name);
const sqs_json_t *sqs_json_at (const sqs_json_t *object, const char *name, size_t index);

//  Return true if a member is `true`.
bool sqs_json_is_true (const sqs_json_t *object, const char *name);

//  Return the number in a member that is a string of digits or a number; 0 if it is none.
int64_t sqs_json_number (const sqs_json_t *object, const char *name);

#endif
