//  SPDX-License-Identifier: Apache-2.0
#include "common/text/text_hash.h"

#include <xxhash.h>

uint64_t
text_hash (text_t text)
{
    return XXH3_64bits (text.data, text.size);
}
