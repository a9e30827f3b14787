//  A directory for data of ours that no other user of the machine is to read or to change.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PRIVATE_DIRECTORY_H
#define DOWNLINK_PRIVATE_DIRECTORY_H

#include <stdbool.h>

//  Make the directory with mode 0700 unless it is there, parents included. Take away what other
//  users may do in one that is there and is ours. Refuse one that others may write to: they could
//  have put anything in it, and could keep its locks. A directory of root's that our group may
//  write to is taken as it is: that is how Kubernetes gives volumes. what names it in the log
//  ("state directory").
//
//  Refuse a directory that holds somebody else's files and none of ours, such as /etc or a home: a
//  wrong flag must not change it. mark is how the names of our files begin; NULL: do not look.
//
//  Return false if the directory cannot be used; then the log says why.
bool private_directory_make (const char *path, const char *what, const char *mark)
    __attribute__ ((warn_unused_result));

//  Take away what other users may do with a file of ours.
void private_file_tighten (const char *path);

#endif
