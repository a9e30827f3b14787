//  Take the input of a fuzz target apart.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FUZZ_INPUT_H
#define DOWNLINK_FUZZ_INPUT_H

#include <glib.h>
#include <stdint.h>

#include "common/text/text.h"

//  libFuzzer calls it for each input. Return 0.
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

//  The bytes that are left. Borrowed.
typedef struct {
    const uint8_t *data;
    size_t size;
} input_t;

//  Take the first byte; 0 if there is none.
uint8_t input_byte (input_t *self);

//  Take the bytes up to the next line feed, and the line feed; all if there is none.
text_t input_line (input_t *self);

//  Take all bytes.
text_t input_rest (input_t *self);

//  Return a copy of a text that ends at its first zero byte. The caller frees it.
char *input_string (text_t text);

//  Replace the bytes of a file that only this process can see, and return its path.
const char *input_file (text_t bytes);

#endif
