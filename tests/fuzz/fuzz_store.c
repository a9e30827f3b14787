//  Fuzz the damaged state of a processor: a file of a partition, or, if the first byte is 'i', the
//  identity of the state. The processor refuses it, or loads rockets that can be restored.
//  SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "processor/save/state_files.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch.h"

#define PARTITIONS 2
#define FILE_NAME "partition-0000.sqlite"

static text_pool_t *s_pool;

static store_t *
s_store (void)
{
    static store_t *store;
    state_traits_t traits = {.partitions = PARTITIONS};
    if (store)
        return store;
    g_free (scratch_write ("partitions", text_from (G_STRINGIFY (PARTITIONS) "\n")));
    s_pool = text_pool_new ();
    store = store_sqlite_new (scratch_folder (), &traits);
    g_assert (store);
    return store;
}

//  A rocket that was restored looks as it was stored.
static bool
s_restore (void *context, const rocket_view_t *view)
{
    rocket_view_t again;
    rocket_t *rocket = rocket_restore (view, s_pool);
    (void) context;
    if (!rocket)
        return false;
    rocket_view (rocket, &again);
    g_assert (text_equal (view->id, again.id) && view->speed == again.speed);
    g_assert (view->status == again.status && view->last_number == again.last_number);
    g_assert (view->applied == again.applied && view->seen_count == again.seen_count);
    rocket_destroy (&rocket, s_pool);
    return true;
}

static void
s_partition (text_t bytes)
{
    store_t *store = s_store ();
    uint64_t epoch = 0;
    position_t position;
    scratch_remove (FILE_NAME "-wal");
    g_free (scratch_write (FILE_NAME, bytes));
    if (store->take (store, 0, &epoch) == TAKE_DONE) {
        load_t load = LOAD_MORE;
        (void) store->position (store, 0, &position);
        while (load == LOAD_MORE)
            load = store->load (store, 0, 100, s_restore, NULL);
        g_assert (load == LOAD_DONE || load == LOAD_FAILED);
        g_assert (epoch > 0);
    }
    store->release (store, 0);
}

//  The file is a link to one in memory.
static void
s_identity (text_t bytes)
{
    static char *path;
    state_mark_t mark = {.phase = STATE_UNMARKED};
    const char *target = input_file (bytes);
    char *folder = g_build_filename (scratch_folder (), "state", NULL);
    if (!path) {
        path = g_build_filename (folder, "identity", NULL);
        g_assert (g_mkdir_with_parents (folder, 0700) == 0);
        g_assert (symlink (target, path) == 0);
    }
    take_t taken = state_files_check_mark (folder, &mark);
    g_assert (taken != TAKE_LATER);
    g_free (folder);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    if (size > 0 && data[0] == 'i') {
        (void) input_byte (&input);
        s_identity (input_rest (&input));
    }
    else
        s_partition (input_rest (&input));
    return 0;
}
