//  A directory of keys (--curve-dir): the files that programs read.
//
//    NAME.key   a secret key, 40 characters; a program reads the one with its own name: gateway,
//               processor or query
//    peers      the public keys that may come (peer_line.h)
//
//  Only the user of the programs may read it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_KEY_DIRECTORY_H
#define DOWNLINK_KEY_DIRECTORY_H

#include "curve/peer_list.h"

#define KEY_DIRECTORY_PEERS "peers"
#define KEY_DIRECTORY_FAULT_SIZE 512

//  Return false if a directory cannot hold keys: it does not exist, or other users may read it.
//  Then fault says so.
bool key_directory_check (const char *path, char fault[KEY_DIRECTORY_FAULT_SIZE]);

//  Read the secret key with this name, and compute its public key. Return false if the key cannot
//  be used; then fault says why, without the content of the file.
bool key_directory_read_secret (const char *path, const char *name, socket_keys_t *keys,
    char fault[KEY_DIRECTORY_FAULT_SIZE]) __attribute__ ((warn_unused_result));

//  Read the list of peers. Return NULL if the list cannot be used; then fault says why.
peer_list_t *key_directory_read_peers (const char *path, char fault[KEY_DIRECTORY_FAULT_SIZE]);

#endif
