//  SPDX-License-Identifier: Apache-2.0
#include "common/text/text_key.h"

#include "common/text/table_hash.h"

guint
text_key_hash (gconstpointer key)
{
    return table_hash_32 (*(const text_t *) key);
}

gboolean
text_key_equal (gconstpointer a, gconstpointer b)
{
    return text_equal (*(const text_t *) a, *(const text_t *) b);
}
