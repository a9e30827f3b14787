//  Hash and compare the sources of frames as keys of a GHashTable. A key is the address of
//  FRAME_SOURCE_SIZE bytes.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FRAME_SOURCE_H
#define DOWNLINK_FRAME_SOURCE_H

#include <glib.h>

guint frame_source_hash (gconstpointer source);
gboolean frame_source_equal (gconstpointer a, gconstpointer b);

#endif
