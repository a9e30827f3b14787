//  SPDX-License-Identifier: Apache-2.0
#include "common/text/text_key.h"

#include "common/text/text_hash.h"

guint
text_key_hash (gconstpointer key)
{
    uint64_t hash = text_hash (*(const text_t *) key);
    return (guint) (hash ^ hash >> 32);
}

gboolean
text_key_equal (gconstpointer a, gconstpointer b)
{
    return text_equal (*(const text_t *) a, *(const text_t *) b);
}
