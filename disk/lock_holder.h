//  Find the process that holds the lock (flock) of a file, as far as this process may see it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LOCK_HOLDER_H
#define DOWNLINK_LOCK_HOLDER_H

#define LOCK_HOLDER_SIZE 96

//  Print "pid 123 (command)", or that the holder is invisible from here, for example in another
//  container.
void lock_holder_print (const char *path, char text[LOCK_HOLDER_SIZE]);

#endif
