//  The list of peers of a directory of keys: read at the start, and again when its file has changed.
//  A file that cannot be read then changes nothing, and the log says why, so a slip of an operator
//  shuts nobody out.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PEER_KEEPER_H
#define DOWNLINK_PEER_KEEPER_H

#include "curve/key_directory.h"

typedef struct peer_keeper peer_keeper_t;

//  Read the list of a directory. Return NULL if that fails; then fault says why.
peer_keeper_t *peer_keeper_new (const char *directory, char fault[KEY_DIRECTORY_FAULT_SIZE]);

void peer_keeper_destroy (peer_keeper_t **self_p);

//  Read the file again if it has changed or if somebody asks for it. One thread calls it about once
//  a second.
void peer_keeper_look (peer_keeper_t *self, bool is_asked);

//  Return a number that rises with each new list. Any thread.
unsigned peer_keeper_version (const peer_keeper_t *self);

//  Return the newest list, with a reference for the caller, and its version. Any thread.
peer_list_t *peer_keeper_list (peer_keeper_t *self, unsigned *version);

//  A reader's own hold on the newest list, so that it asks without a lock. One thread owns it.
typedef struct {
    peer_keeper_t *keeper;  //  borrowed; NULL: links have no keys, and everybody may do everything
    peer_list_t *list;
    unsigned version;
} peer_view_t;

void peer_view_init (peer_view_t *self, peer_keeper_t *keeper);
void peer_view_clear (peer_view_t *self);

//  Take over a new list, if there is one. Return true if there was.
bool peer_view_refresh (peer_view_t *self);

//  Return true if the key of this name has the right by the newest list.
bool peer_view_allows (peer_view_t *self, const char *name, peer_right_t right);

#endif
