//  Write JSON text value by value. The writer adds commas, colons and escapes. A value in a wrong
//  place is a bug, and aborts the program. One thread owns a writer and uses it for many texts.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JSON_WRITER_H
#define DOWNLINK_JSON_WRITER_H

#include <stdint.h>

#include "common/text/text.h"

typedef struct json_writer json_writer_t;

json_writer_t *json_writer_new (void);

void json_writer_destroy (json_writer_t **self_p);

//  Remove the text and start a new one.
void json_writer_reset (json_writer_t *self);

void json_begin_object (json_writer_t *self);
void json_end_object (json_writer_t *self);
void json_begin_array (json_writer_t *self);
void json_end_array (json_writer_t *self);

//  Write the name of the next member; write its value next.
void json_key (json_writer_t *self, const char *name);

//  Write a string (valid UTF-8), or null for no text.
void json_text (json_writer_t *self, text_t text);
void json_string (json_writer_t *self, const char *string);

void json_int (json_writer_t *self, int64_t value);
void json_uint (json_writer_t *self, uint64_t value);

//  Write a number rounded to so many decimals (9 at most), without zeros at its end.
void json_decimal (json_writer_t *self, double value, unsigned decimals);
void json_bool (json_writer_t *self, bool value);
void json_null (json_writer_t *self);

//  Let the caller write a value of at most `most` bytes: begin returns the place to write to, end
//  takes the end of the value. Without a call of end, nothing is written.
char *json_begin_value (json_writer_t *self, size_t most);
void json_end_value (json_writer_t *self, const char *end);

//  Return the text since the last reset, borrowed until the next call.
text_t json_writer_text (const json_writer_t *self);

//  Return the same with a line feed behind it.
text_t json_writer_line (json_writer_t *self);

#endif
