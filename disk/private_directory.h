//  A directory for our data, which no other user of the machine may read or change.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PRIVATE_DIRECTORY_H
#define DOWNLINK_PRIVATE_DIRECTORY_H

#include <stdbool.h>

//  Create the directory with mode 0700 and its parents, unless it exists. Remove the rights of other
//  users to an existing directory of ours. Refuse a directory that others may write to: its files
//  may be theirs, and they can hold its locks. Accept a directory of root's that our group may write
//  to, as Kubernetes volumes are. what is its name in the log ("state directory").
//
//  Refuse a directory with files of another owner and none of ours, such as /etc or a home, so that
//  a wrong flag cannot change it. mark is the beginning of the names of our files; NULL: do not look.
//
//  Return false if the directory cannot be used; then the log says why.
bool private_directory_make (const char *path, const char *what, const char *mark)
    __attribute__ ((warn_unused_result));

//  Remove the rights of other users to one of our files.
void private_file_tighten (const char *path);

#endif
