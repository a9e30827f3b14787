//  Hash and compare texts as keys of a GHashTable. A key is the address of a text_t.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TEXT_KEY_H
#define DOWNLINK_TEXT_KEY_H

#include <glib.h>

guint text_key_hash (gconstpointer key);
gboolean text_key_equal (gconstpointer a, gconstpointer b);

#endif
