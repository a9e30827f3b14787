//  Keep the list of peers of a key directory: read it at the start, and again when its file has
//  changed. A changed file with a fault changes nothing, and the log names the fault, so an
//  operator's mistake locks no peer out.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PEER_KEEPER_H
#define DOWNLINK_PEER_KEEPER_H

#include "curve/key_directory.h"

typedef struct peer_keeper peer_keeper_t;

//  Read the list of a directory. Return NULL if that fails; then fault says why.
peer_keeper_t *peer_keeper_new (const char *directory, char fault[KEY_DIRECTORY_FAULT_SIZE]);

void peer_keeper_destroy (peer_keeper_t **self_p);

//  Read the file again if it has changed, or if is_asked (a SIGHUP came). One thread calls this
//  about once a second.
void peer_keeper_look (peer_keeper_t *self, bool is_asked);

//  Return a number that rises with each new list. Any thread.
unsigned peer_keeper_version (const peer_keeper_t *self);

//  Return the newest list, with a reference for the caller, and its version. Any thread.
peer_list_t *peer_keeper_list (peer_keeper_t *self, unsigned *version);

//  A reader's reference to the newest list, so that the reader needs no lock. One thread owns a
//  view.
typedef struct {
    peer_keeper_t *keeper;  //  borrowed; NULL: links have no keys, and every right is allowed
    peer_list_t *list;
    unsigned version;
} peer_view_t;

void peer_view_init (peer_view_t *self, peer_keeper_t *keeper);
void peer_view_clear (peer_view_t *self);

//  Take over a new list. Return false if there is none.
bool peer_view_refresh (peer_view_t *self);

//  Return true if the key with this name has the right in the newest list.
bool peer_view_allows (peer_view_t *self, const char *name, peer_right_t right);

#endif
