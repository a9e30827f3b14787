//  SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/input.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

uint8_t
input_byte (input_t *self)
{
    if (self->size == 0)
        return 0;
    self->size--;
    return *self->data++;
}

text_t
input_line (input_t *self)
{
    const uint8_t *end = self->size > 0 ? memchr (self->data, '\n', self->size) : NULL;
    size_t size = end ? (size_t) (end - self->data) : self->size;
    text_t line = text_of (size > 0 ? (const char *) self->data : "", size);
    self->data += end ? size + 1 : size;
    self->size -= end ? size + 1 : size;
    return line;
}

text_t
input_rest (input_t *self)
{
    text_t rest = text_of (self->size > 0 ? (const char *) self->data : "", self->size);
    self->data += self->size;
    self->size = 0;
    return rest;
}

char *
input_string (text_t text)
{
    return g_strndup (text.data, text.size);
}

const char *
input_file (text_t bytes)
{
    static int fd = -1;
    static char path[48];
    if (fd < 0) {
        fd = memfd_create ("input", MFD_CLOEXEC);
        g_assert (fd >= 0 && fchmod (fd, S_IRUSR | S_IWUSR) == 0);
        g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
    }
    g_assert (ftruncate (fd, 0) == 0);
    g_assert (pwrite (fd, bytes.data, bytes.size, 0) == (ssize_t) bytes.size);
    return path;
}
