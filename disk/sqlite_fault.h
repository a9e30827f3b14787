//  Explain why a SQLite file cannot be used, with advice. The sentences distinguish a full disk, a
//  read-only file system, missing permission, too many open files, a file in use, a broken disk,
//  and damage.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQLITE_FAULT_H
#define DOWNLINK_SQLITE_FAULT_H

#define SQLITE_FAULT_DAMAGED                                                                       \
    "it is damaged; restore it from a copy, or move it away to go on without it"

//  Return a sentence for a result of SQLite and the system's error behind it (errno; 0: none).
//  Report damage only if SQLite reports it. Return `otherwise` for other results.
const char *sqlite_fault (int result, int system_error, const char *otherwise);

//  Return a sentence for an error of the system (errno).
const char *sqlite_fault_of_system (int system_error);

#endif
