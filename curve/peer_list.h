//  The public keys that may connect, as one version of the file lists them. A list never changes:
//  the keeper makes a new list when the file has changed. References are counted.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PEER_LIST_H
#define DOWNLINK_PEER_LIST_H

#include <stdatomic.h>

#include "curve/peer_line.h"

#define PEER_LIST_MAX 256
#define PEER_LIST_MAX_BYTES 65536  //  largest file
#define PEER_LIST_FAULT_SIZE 160

typedef struct {
    atomic_uint references;
    size_t count;
    peer_line_t peers[];
} peer_list_t;

//  Read the text of a file. Return NULL if a line is bad, and write a sentence about it.
peer_list_t *peer_list_read (text_t text, char fault[PEER_LIST_FAULT_SIZE]);

peer_list_t *peer_list_ref (peer_list_t *self);
void peer_list_unref (peer_list_t **self_p);

//  Return the peer with this key, or with this name; NULL if there is none.
const peer_line_t *peer_list_find_key (const peer_list_t *self, const uint8_t key[SOCKET_KEY_SIZE]);
const peer_line_t *peer_list_find_name (const peer_list_t *self, const char *name);

//  Return the number of peers that have a right; and the peer at a place among these, where
//  counting starts again behind the last one; NULL if there is none.
size_t peer_list_count (const peer_list_t *self, peer_right_t right);
const peer_line_t *peer_list_at (const peer_list_t *self, peer_right_t right, size_t place);

//  Return true if a later list has the key with this name too, under the same name, with at least
//  the same rights.
bool peer_list_keeps (const peer_list_t *self, const char *name, const peer_list_t *later);

//  Return true if a later list keeps all keys.
bool peer_list_keeps_all (const peer_list_t *self, const peer_list_t *later);

#endif
