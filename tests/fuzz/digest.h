//  A digest of decoded messages, to compare two ways to decode the same bytes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FUZZ_DIGEST_H
#define DOWNLINK_FUZZ_DIGEST_H

#include "common/domain/message.h"

//  Return the digest with more bytes. 0 is the digest of nothing.
uint64_t digest_bytes (uint64_t self, const void *bytes, size_t size);

//  Return the digest with a message that was accepted, or with a refusal
//  (common/bytes/message_json.h).
uint64_t digest_message (uint64_t self, size_t index, const message_t *message);
uint64_t digest_refusal (uint64_t self, size_t index, const char *pointer, const char *detail);

#endif
