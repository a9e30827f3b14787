//  What to do about an error of the system: a sentence for the log, beside the reason.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ADVICE_H
#define DOWNLINK_ADVICE_H

#include <glib.h>

//  For an address that cannot be listened on (errno).
const char *advice_listen (int error);

//  For a directory, or a file in it, that cannot be used (errno).
const char *advice_directory (int error);

//  The same for an error of GLib's file functions.
const char *advice_file (const GError *error);

#endif
