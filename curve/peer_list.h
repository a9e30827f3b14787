//  The keys that may come, as one file lists them. A list does not change and is shared: the keeper
//  makes a new one when the file has changed.
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

//  Return the number of peers that have a right, and the one at a place among them, counted in a
//  circle; NULL if there is none.
size_t peer_list_count (const peer_list_t *self, peer_right_t right);
const peer_line_t *peer_list_at (const peer_list_t *self, peer_right_t right, size_t place);

//  Return true if the key that has this name here has it in a later list too, and may do all there
//  that it may do here.
bool peer_list_keeps (const peer_list_t *self, const char *name, const peer_list_t *later);

//  Return true if a later list keeps all keys.
bool peer_list_keeps_all (const peer_list_t *self, const peer_list_t *later);

#endif
