//  A peer chooses its sources, so the hash has a secret of the process.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/frame_source.h"

#include "common/bytes/frame.h"
#include "common/text/table_hash.h"

guint
frame_source_hash (gconstpointer source)
{
    return table_hash_32 (text_of (source, FRAME_SOURCE_SIZE));
}

gboolean
frame_source_equal (gconstpointer a, gconstpointer b)
{
    return memcmp (a, b, FRAME_SOURCE_SIZE) == 0;
}
