//  Which process holds the lock (flock) of a file, as far as this process may know.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOCK_HOLDER_H
#define DOWNLINK_LOCK_HOLDER_H

#define LOCK_HOLDER_SIZE 96

//  Print "pid 123 (command)"; or that the holder cannot be seen from here, as in another container.
void lock_holder_print (const char *path, char text[LOCK_HOLDER_SIZE]);

#endif
