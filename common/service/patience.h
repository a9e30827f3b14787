//  How long to wait at the start for something that is away, such as a database.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PATIENCE_H
#define DOWNLINK_PATIENCE_H

#include <stdbool.h>

typedef struct {
    int stop_fd;                  //  readable: wait no longer; -1: none
    void (*run) (void *context);  //  called while waiting, several times a second; NULL: nothing
    void *context;
} patience_t;

//  Run what is to be run, and wait for some milliseconds. Return false if the patience has ended.
bool patience_wait (const patience_t *self, int ms) __attribute__ ((warn_unused_result));

#endif
