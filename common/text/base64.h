//  Base64 (RFC 4648, section 4), with padding and without line ends. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_BASE64_H
#define DOWNLINK_BASE64_H

#include <stdbool.h>

#include "common/text/text.h"

#ifdef __cplusplus
extern "C" {
#endif

//  Return how many bytes a text of this size decodes to at most.
size_t base64_decoded_size (size_t size);

//  Decode a text into bytes, which have room for base64_decoded_size, and set size to their count.
//  Return false if an encoder would never write this text.
bool base64_decode (text_t text, char *bytes, size_t *size) __attribute__ ((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
