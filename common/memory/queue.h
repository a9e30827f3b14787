//  Append and remove links of GLib's queues without its calls, because each request changes queues
//  some ten times. The element of a queue contains its link.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_QUEUE_H
#define DOWNLINK_QUEUE_H

#include <glib.h>

//  Append a link, like g_queue_push_tail_link.
static inline void
queue_append (GQueue *self, GList *link)
{
    link->next = NULL;
    link->prev = self->tail;
    if (self->tail)
        self->tail->next = link;
    else
        self->head = link;
    self->tail = link;
    self->length++;
}

//  Remove a link, like g_queue_unlink.
static inline void
queue_remove (GQueue *self, GList *link)
{
#ifdef __clang_analyzer__  //  It takes the removed link for the head still, so hide the removal in a call.
    g_queue_unlink (self, link);
    return;
#endif
    if (link->prev)
        link->prev->next = link->next;
    else
        self->head = link->next;
    if (link->next)
        link->next->prev = link->prev;
    else
        self->tail = link->prev;
    link->next = NULL;
    link->prev = NULL;
    self->length--;
}

#endif
