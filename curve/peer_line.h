//  A line of the file "peers" of a directory of keys: the name of a key, its rights, and the
//  public key.
//
//    NAME RIGHTS PUBLIC-KEY
//    gateway push,ask H9HyZqo##BSlBHcUQxHakWq0o6mJgU?W/6@edl?q
//
//  The form is that of common/access/access_line.h. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PEER_LINE_H
#define DOWNLINK_PEER_LINE_H

#include "common/access/access_line.h"
#include "common/network/socket_keys.h"

//  The rights of the holder of a key; bits. Processors judge the first two, gateways the others.
typedef enum {
    PEER_PUSH = 1,         //  send frames to processors; with PEER_ASK, remove rockets
    PEER_ASK = 2,          //  send queries to processors, and hear their events
    PEER_ANNOUNCE = 4,     //  be believed as a processor: own partitions, get frames
    PEER_ACKNOWLEDGE = 8,  //  have its acks believed
} peer_right_t;

typedef struct {
    char name[ACCESS_NAME_MAX + 1];  //  letters, digits, dots, dashes and underscores
    unsigned rights;                 //  of peer_right_t
    uint8_t key[SOCKET_KEY_SIZE];
} peer_line_t;

//  Read a line without its line feed. Return NULL, or a sentence that names the fault. The sentence
//  never shows the line, which may hold a secret key by mistake.
const char *peer_line_read (peer_line_t *self, text_t line);

//  Return the line of a key with its line feed; free it with g_free.
char *peer_line_print (const peer_line_t *self);

#endif
