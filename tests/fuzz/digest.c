//  SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/digest.h"

#include <string.h>
#include <xxhash.h>

uint64_t
digest_bytes (uint64_t self, const void *bytes, size_t size)
{
    return XXH3_64bits_withSeed (bytes, size, self);
}

uint64_t
digest_message (uint64_t self, size_t index, const message_t *message)
{
    uint64_t numbers[] = {index, message->number, message_content_hash (message)};
    self = digest_bytes (self, numbers, sizeof numbers);
    return digest_bytes (self, message->channel.data, message->channel.size);
}

uint64_t
digest_refusal (uint64_t self, size_t index, const char *pointer, const char *detail)
{
    self = digest_bytes (self, &index, sizeof index);
    self = digest_bytes (self, pointer, strlen (pointer));
    return digest_bytes (self, detail, strlen (detail));
}
