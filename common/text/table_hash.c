//  XXH3 without a secret would not help: every peer can compute it and choose keys by it.
//  SPDX-License-Identifier: Apache-2.0
#include "common/text/table_hash.h"

#include <glib.h>
#include <pthread.h>
#include <sys/random.h>
#include <xxhash.h>

#define SECRET_SIZE 192  //  as long as the default secret of XXH3

static struct {
    pthread_once_t once;
    uint8_t bytes[SECRET_SIZE];
} s_secret = {.once = PTHREAD_ONCE_INIT};

static void
s_choose_secret (void)
{
    ssize_t random = getrandom (s_secret.bytes, SECRET_SIZE, 0);
    g_assert (random == SECRET_SIZE);
}

uint64_t
table_hash (text_t key)
{
    pthread_once (&s_secret.once, s_choose_secret);
    return XXH3_64bits_withSecret (key.data, key.size, s_secret.bytes, SECRET_SIZE);
}

uint32_t
table_hash_32 (text_t key)
{
    uint64_t hash = table_hash (key);
    return (uint32_t) (hash ^ hash >> 32);
}
