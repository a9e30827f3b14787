//  How long to wait at the start for a database or a broker that does not answer.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PATIENCE_H
#define DOWNLINK_PATIENCE_H

#include <stdbool.h>

typedef struct {
    int stop_fd;                  //  stop waiting when it is readable; -1: none
    void (*run) (void *context);  //  called while waiting, several times a second; NULL: nothing
    void *context;
} patience_t;

//  Call run, and wait for some milliseconds. Return false if stop_fd is readable.
bool patience_wait (const patience_t *self, int ms) __attribute__ ((warn_unused_result));

#endif
