//  Shows every file of the folders named to a fuzz target: the regression test of inputs that once
//  found, for compilers without libFuzzer.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static int
s_run_folder (const char *folder)
{
    GDir *directory = g_dir_open (folder, 0, NULL);
    int count = 0;
    const char *name = NULL;
    while (directory && (name = g_dir_read_name (directory))) {
        char *path = g_build_filename (folder, name, NULL);
        char *bytes = NULL;
        gsize size = 0;
        if (g_file_get_contents (path, &bytes, &size, NULL)) {
            //  A copy of just that size, so that a sanitizer sees any read behind it.
            uint8_t *copy = g_memdup2 (bytes, size);
            LLVMFuzzerTestOneInput (copy, size);
            g_free (copy);
            count++;
        }
        g_free (bytes);
        g_free (path);
    }
    if (directory)
        g_dir_close (directory);
    return count;
}

int
main (int argc, char **argv)
{
    int count = 0;
    for (int index = 1; index < argc; index++)
        count += s_run_folder (argv[index]);
    printf ("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
