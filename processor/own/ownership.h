//  Which partitions are to be this processor's, and who holds them: the interface. An ownership is an
//  ownership_t at the beginning of a structure of its own; the processor's thread owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_OWNERSHIP_H
#define DOWNLINK_OWNERSHIP_H

#include "processor/own/share_partitions.h"

typedef struct ownership ownership_t;

struct ownership {
    //  Look who is there now. Called again and again, a few times a second.
    void (*look) (ownership_t *self);

    //  True if the partition is to be ours, as of the last look.
    bool (*is_ours) (const ownership_t *self, uint32_t partition);

    //  Take hold of a partition; false if somebody else has hold of it, and then it is to be tried
    //  again soon. What is held stays held until it is let go, or the process dies.
    bool (*hold) (ownership_t *self, uint32_t partition);

    void (*let_go) (ownership_t *self, uint32_t partition);

    //  Be a member no more: from now on nothing is to be ours, and others know.
    void (*leave) (ownership_t *self);

    //  The members as of the last look, ourselves among them if we are one. Borrowed until the next.
    const member_id_t *(*members) (const ownership_t *self, size_t *count);

    //  Where each of these members is reached, in their order. Borrowed until the next look.
    const member_endpoint_t *(*endpoints) (const ownership_t *self);

    void (*destroy) (ownership_t **self_p);
};

//  By locks of files in the state directory, shared by all processors of this host. self is this
//  process's id, made anew at every start; endpoint is told to the others. NULL if the directory cannot be used; the log says why.
ownership_t *own_by_files_new (const char *directory, uint32_t partitions,
    const uint8_t self[PROCESSOR_ID_SIZE], const member_endpoint_t *endpoint);

//  Everything is ours: for a store that nobody shares.
ownership_t *own_alone_new (
    const uint8_t self[PROCESSOR_ID_SIZE], const member_endpoint_t *endpoint);

#endif
