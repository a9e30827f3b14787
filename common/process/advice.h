//  Advice about errors of the system: a sentence for the log, which says how to mend the error.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ADVICE_H
#define DOWNLINK_ADVICE_H

#include <glib.h>

//  Return the advice for an address that cannot be listened on. error is errno.
const char *advice_listen (int error);

//  Return the advice for a process that gets no further thread.
const char *advice_thread (void);

//  Return the advice for a directory, or a file in it, that cannot be used. error is errno.
const char *advice_directory (int error);

//  Return the same advice for an error of GLib's file functions.
const char *advice_file (const GError *error);

#endif
