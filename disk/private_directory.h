//  A directory for our data, which no other user of the machine may read or change.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PRIVATE_DIRECTORY_H
#define DOWNLINK_PRIVATE_DIRECTORY_H

#include <stdbool.h>

//  Create the directory with mode 0700, and its parents, unless it exists. Remove the rights of
//  other users from an existing directory of ours. Refuse a directory that other users may write
//  to: its files may be theirs, and they can hold its locks. Accept a directory that root owns and
//  our group may write to, since Kubernetes volumes are such directories. The log names the
//  directory by its purpose ("state directory").
//
//  Refuse a directory with foreign files and no file of ours, such as /etc or a home, so that a
//  wrong flag cannot change it. The names of our files begin with mark; NULL: skip this check.
//
//  Return false if the directory cannot be used; then the log says why.
bool private_directory_make (const char *path, const char *purpose, const char *mark)
    __attribute__ ((warn_unused_result));

//  Remove the rights of other users to one of our files.
void private_directory_tighten_file (const char *path);

#endif
