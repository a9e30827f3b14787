//  SPDX-License-Identifier: Apache-2.0
#include "common/text/terminal.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SIZE_SAID_MAX 10000

//  Return the size of a terminal from the environment; 0: not set.
static size_t
s_said (const char *variable)
{
    guint64 number = 0;
    const char *said = getenv (variable);
    return said && g_ascii_string_to_unsigned (said, 10, 1, SIZE_SAID_MAX, &number, NULL) ? number
                                                                                          : 0;
}

//  Return the size from the terminal; zeros if it is not one.
static struct winsize
s_ask (FILE *stream)
{
    struct winsize size = {0};
    int fd = fileno (stream);
    if (!isatty (fd) || ioctl (fd, TIOCGWINSZ, &size) != 0)
        size = (struct winsize){0};
    return size;
}

size_t
terminal_width (FILE *stream)
{
    size_t said = s_said ("COLUMNS");
    return said ? said : s_ask (stream).ws_col;
}

size_t
terminal_height (FILE *stream)
{
    size_t said = s_said ("LINES");
    return said ? said : s_ask (stream).ws_row;
}

void
terminal_wrap (FILE *stream, const char *words, size_t column, size_t width)
{
    size_t at = column;
    while (*words) {
        size_t size = strcspn (words, " ");
        size_t columns = (size_t) g_utf8_strlen (words, (gssize) size);
        if (at > column && width > 0 && at + 1 + columns > width) {
            fprintf (stream, "\n%*s", (int) column, "");
            at = column;
        }
        fprintf (stream, "%s%.*s", at > column ? " " : "", (int) size, words);
        at += columns + (at > column ? 1 : 0);
        words += size;
        words += strspn (words, " ");
    }
    fprintf (stream, "\n");
}
