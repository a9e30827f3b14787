//  A line of the file "peers" of a directory of keys: the name of a key, its rights, and the
//  public key.
//
//    NAME RIGHTS PUBLIC-KEY
//    gateway push,ask H9HyZqo##BSlBHcUQxHakWq0o6mJgU?W/6@edl?q
//
//  Blanks or tabs separate the fields. A line that is empty, or begins with #, holds no key. Pure
//  functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PEER_LINE_H
#define DOWNLINK_PEER_LINE_H

#include "common/network/socket_keys.h"

#define PEER_NAME_MAX 64  //  bytes of a name

//  The rights of the holder of a key; bits. The first two are judged by processors, the others by
//  gateways.
typedef enum {
    PEER_PUSH = 1,         //  send frames to processors; with PEER_ASK, remove rockets
    PEER_ASK = 2,          //  send queries to processors, and hear their events
    PEER_ANNOUNCE = 4,     //  be believed as a processor: own partitions, get frames
    PEER_ACKNOWLEDGE = 8,  //  have its acks believed
} peer_right_t;

typedef struct {
    char name[PEER_NAME_MAX + 1];  //  letters, digits, dots, dashes and underscores
    unsigned rights;               //  of peer_right_t
    uint8_t key[SOCKET_KEY_SIZE];
} peer_line_t;

//  Return true for a line that holds no key.
bool peer_line_is_blank (text_t line);

//  Read a line without its line feed. Return NULL, or a sentence that names the fault. The sentence
//  never shows the line: somebody may have put a secret key there.
const char *peer_line_read (peer_line_t *self, text_t line);

//  Return the line of a key with its line feed; free it with g_free.
char *peer_line_print (const peer_line_t *self);

#endif
