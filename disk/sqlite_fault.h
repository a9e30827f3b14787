//  Why a file of SQLite cannot be used, and what to do about it: full, read-only, no permission,
//  too many open files, in use, a broken disk and damage are told apart.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SQLITE_FAULT_H
#define DOWNLINK_SQLITE_FAULT_H

#define SQLITE_FAULT_DAMAGED                                                                       \
    "it is damaged; restore it from a copy, or move it away to go on without it"

//  Return a sentence for a result of SQLite's, with the system's error (errno) that it came from, 0
//  if there is none. Damage is only said of what SQLite takes for damaged. For a result that tells
//  nothing of these, return otherwise.
const char *sqlite_fault (int result, int system_error, const char *otherwise);

//  Return a sentence for an error of the system (errno).
const char *sqlite_fault_of_system (int system_error);

#endif
