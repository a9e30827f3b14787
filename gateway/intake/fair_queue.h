//  A queue in which clients alternate: the first item of each client, in the order in which the
//  clients came, then the second item of each. So one client with many items holds up another by one
//  item only. (Round robin; see Nagle, "On packet switches with infinite storage", RFC 970.)
//
//  A client is a number; 0 may be many clients (http_request_client), so each item of 0 counts as a
//  client of its own.
//
//  An item is a pointer that is in the queue at most once; the caller owns it. Every call takes
//  constant time. The worker's thread owns the queue.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FAIR_QUEUE_H
#define DOWNLINK_FAIR_QUEUE_H

#include <stddef.h>
#include <stdint.h>

typedef struct fair_queue fair_queue_t;

//  Make an empty queue.
fair_queue_t *fair_queue_new (void);

//  Destroy the queue, with or without items.
void fair_queue_destroy (fair_queue_t **self_p);

//  Append an item of a client. The first item stays the first.
void fair_queue_push (fair_queue_t *self, void *item, uint64_t client);

//  Return the first item, which stays in the queue; NULL: the queue is empty.
void *fair_queue_first (const fair_queue_t *self);

//  Remove an item, if it is in the queue. If it was the first one, the next client comes first.
void fair_queue_remove (fair_queue_t *self, void *item);

//  Return the number of items.
size_t fair_queue_length (const fair_queue_t *self);

#endif
