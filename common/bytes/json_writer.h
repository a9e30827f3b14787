//  JSON text, written value by value: commas, colons and escapes come by themselves, and a value where
//  none can be meets a check.
//  One thread owns a writer and uses it again and again.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JSON_WRITER_H
#define DOWNLINK_JSON_WRITER_H

#include <stdint.h>

#include "common/text/text.h"

typedef struct json_writer json_writer_t;

json_writer_t *json_writer_new (void);

void json_writer_destroy (json_writer_t **self_p);

//  Start a new text; what was written before is gone.
void json_writer_reset (json_writer_t *self);

void json_begin_object (json_writer_t *self);
void json_end_object (json_writer_t *self);
void json_begin_array (json_writer_t *self);
void json_end_array (json_writer_t *self);

//  The name of the member whose value comes next.
void json_key (json_writer_t *self, const char *name);

//  A string (valid UTF-8); null for none.
void json_text (json_writer_t *self, text_t text);
void json_string (json_writer_t *self, const char *string);

void json_int (json_writer_t *self, int64_t value);
void json_uint (json_writer_t *self, uint64_t value);
void json_double (json_writer_t *self, double value);
void json_bool (json_writer_t *self, bool value);
void json_null (json_writer_t *self);

//  A value that the caller writes, of at most so many bytes: begin returns where to, end is told where
//  it ends. One that is begun and not ended was not written.
char *json_begin_value (json_writer_t *self, size_t most);
void json_end_value (json_writer_t *self, const char *end);

//  What was written since the last reset, borrowed until the next call.
text_t json_writer_text (const json_writer_t *self);

#endif
